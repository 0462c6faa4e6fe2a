"""Candles: arrays of texts, newest first, the first of them still open."""

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.price_history import PriceClose
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import number_or_none

CANDLES_ENDPOINT = "/v5/market/kline"
START, CLOSE = 0, 4
"""Places in a row (document: v5/market/kline)."""

_rows = msgspec.json.Decoder(list[str])


def parse_candles(result: msgspec.Raw, interval_s: int) -> Page[PriceClose]:
    """Return ``/v5/market/kline`` as the closes of its intervals, in the venue's order; the open one is among them.

    Raises
    ------
    ProtocolError
        If there is no list. A row that is no candle is a failure of the page.
    """

    def close_of(row: list[str]) -> PriceClose:
        if len(row) <= CLOSE or not row[START].isdecimal():
            raise ProtocolError(f"not a candle: {row[:5]}")
        started_s, rest = divmod(int(row[START]), 1000)
        if rest or started_s % interval_s:
            raise ProtocolError(f"a candle of {interval_s} s cannot start at {row[START]}")
        close = number_or_none(row[CLOSE], "close")
        if close is None or close.startswith("-") or not close.strip("0."):
            raise ProtocolError(f"close {row[CLOSE][:20]!r} is no price")
        return PriceClose(started_s + interval_s, close)

    return read_page(open_page(result, CANDLES_ENDPOINT), _rows, close_of, CANDLES_ENDPOINT)

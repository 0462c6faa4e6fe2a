"""Candles of a contract or spot pair, made from what its coins cost at full hours; the last one is still open."""

from decimal import Decimal
from typing import NamedTuple

from marginwatch.sim.instruments import Contract, SpotPair
from marginwatch.sim.money import to_step
from marginwatch.sim.past_prices import HOUR_MS, PastPrices

WICK = 0.001
"""How far high and low lie beyond open and close; what was between two full hours is not known."""


class CandleRow(NamedTuple):
    """One candle; ``volume`` is in the contract's own quantity and as synthetic as its order book."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


def candles(
    past: PastPrices,
    listed: Contract | SpotPair,
    last_price: Decimal,
    now_ms: int,
    every_ms: int,
    window_ms: tuple[int | None, int | None],
    limit: int,
) -> tuple[CandleRow, ...]:
    """Return candles, newest first.

    Parameters
    ----------
    past : PastPrices
        What coins cost.
    listed : Contract or SpotPair
        Not an option.
    last_price : Decimal
        Close of the candle that is still open.
    now_ms, every_ms : int
        The moment and the length of a candle, milliseconds.
    window_ms : tuple of (int or None)
        Earliest and latest start of a candle, milliseconds.
    limit : int
        At most so many: the newest of the window.
    """
    earliest_ms, latest_ms = window_ms
    newest = min(now_ms, now_ms if latest_ms is None else latest_ms) // every_ms
    oldest = newest - limit + 1
    if earliest_ms is not None:
        oldest = max(oldest, -(-earliest_ms // every_ms))
    found: list[CandleRow] = []
    for number in range(newest, oldest - 1, -1):
        start_ms = number * every_ms
        first = _price_at(past, listed, start_ms)
        is_open = start_ms + every_ms > now_ms
        last = float(last_price) if is_open else _price_at(past, listed, start_ms + every_ms)
        if first is None or last is None:
            break
        found.append(_candle(listed, start_ms, first, last))
    return tuple(found)


def _candle(listed: Contract | SpotPair, start_ms: int, first: float, last: float) -> CandleRow:
    tick = listed.tick
    volume = Decimal(100 + start_ms // HOUR_MS * 7919 % 9_900)

    def rounded(value: float) -> Decimal:
        return max(to_step(value, tick), tick)

    return CandleRow(
        start_ms,
        rounded(first),
        rounded(max(first, last) * (1.0 + WICK)),
        rounded(min(first, last) * (1.0 - WICK)),
        rounded(last),
        volume,
    )


def _price_at(past: PastPrices, listed: Contract | SpotPair, at_ms: int) -> float | None:
    """Return the price at the full hour that ``at_ms`` lies in, premiums left out; None before the coin was listed."""
    hour = at_ms // HOUR_MS
    is_contract = isinstance(listed, Contract)
    usd = past.usd_at(listed.coin if is_contract else listed.base, hour)
    quote = past.usd_at(listed.quote, hour)
    if usd is None or quote is None:
        return None
    return usd * (listed.coin_factor if is_contract else 1) / quote

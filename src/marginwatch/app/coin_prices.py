"""What a coin was worth at a moment of the last days: at once from the frame, later from the closes that are kept."""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from marginwatch.model.ids import Asset
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.risk.frame import Frame
from marginwatch.risk.history.closes import HOUR_S

NS = 1_000_000_000
PRESENT_FOR_NS = 3_600 * NS
"""How long ago money may have moved and still be valued at present prices: a reading of a large fleet takes most of an hour."""

CLOSE_WITHIN_S = 7_200
READ_AGAIN_NS = 600 * NS


class KeptCloses(Protocol):
    """Whoever keeps closes."""

    async def closes(self, interval_s: int) -> Mapping[PriceSeries, tuple[PriceClose, ...]]:
        """Return all closes of an interval."""
        ...


class CoinPrices:
    """USD prices of coins.

    Parameters
    ----------
    frame : callable
        Returns the latest frame; None before the first.
    closes : KeptCloses or None
        Hourly closes, for moments that are longer past.
    """

    def __init__(self, frame: Callable[[], Frame | None], closes: KeptCloses | None = None) -> None:
        self._frame = frame
        self._closes = closes
        self._frame_seen: Frame | None = None
        self._now: dict[str, tuple[float, bool]] = {}
        self._past: dict[str, list[tuple[int, float]]] = {}
        self._past_read_ns = 0

    async def usd_at(self, asset: Asset, at_ns: int, now_ns: int) -> float | None:
        """Return what one unit was worth at a moment, USD; None where that is not known.

        Cash is worth at all times what it is worth now. Anything else is valued at its present price for an hour, then at
        the hourly close next to the moment.
        """
        usd, is_cash = self._present().get(str(asset), (None, False))
        if usd is not None and (is_cash or now_ns - at_ns <= PRESENT_FOR_NS):
            return usd
        at_s = at_ns // NS
        closes = (await self._hourly(now_ns)).get(str(asset), [])
        nearest = min(closes, key=lambda one: abs(one[0] - at_s), default=None)
        return nearest[1] if nearest is not None and abs(nearest[0] - at_s) <= CLOSE_WITHIN_S else None

    def _present(self) -> Mapping[str, tuple[float, bool]]:
        frame = self._frame()
        if frame is not None and frame is not self._frame_seen:
            self._frame_seen = frame
            coins, prices = frame.book.coins, frame.prices
            codes: list[int] = prices.coin.tolist()
            worths: list[float] = prices.usd.tolist()
            cash: list[bool] = prices.is_cash.tolist()
            rows = zip(codes, worths, cash, strict=True)
            self._now = {
                str(coins[code]): (usd, is_cash)
                for code, usd, is_cash in rows
                if coins[code] is not None and not math.isnan(usd)
            }
        return self._now

    async def _hourly(self, now_ns: int) -> Mapping[str, list[tuple[int, float]]]:
        if self._closes is not None and now_ns - self._past_read_ns > READ_AGAIN_NS:
            self._past_read_ns = now_ns
            self._past = {}
            for series, closes in (await self._closes.closes(HOUR_S)).items():
                known = self._past.setdefault(str(series.coin), [])
                known += [(one.ended_at_s, float(one.close)) for one in closes]
        return self._past

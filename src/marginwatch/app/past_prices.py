"""The closes that are kept, as returns, read again when there are new ones."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.history.closes import DAY_S, HOUR_S, close_table
from marginwatch.risk.history.kept import series_by_coin
from marginwatch.risk.history.returns import ReturnTable, log_returns

log = structlog.get_logger(__name__)

BEAT_S = 5.0
"""A new close is a minute old before anybody misses it."""

SHARE_OF_TIME = 0.05


class KeptCloses(Protocol):
    """Whoever keeps closes."""

    async def closes(self, interval_s: int) -> Mapping[PriceSeries, tuple[PriceClose, ...]]:
        """Return all closes of an interval."""
        ...


class PastPrices:
    """Holds the returns of all kept closes.

    Parameters
    ----------
    closes : KeptCloses
        Where they are kept.
    version : callable
        Grows with every history that got newer.
    clock : Clock
        Time.

    Attributes
    ----------
    returns : PastReturns
        What is known now.
    """

    def __init__(self, closes: KeptCloses, version: Callable[[], int], clock: Clock) -> None:
        self.returns = PastReturns()
        self._closes = closes
        self._version = version
        self._clock = clock
        self._read: int | None = None

    async def run(self) -> None:
        """Keep them up to date until cancelled; a store that cannot be read leaves what was known."""
        while True:
            began_s = self._clock.monotonic_s()
            try:
                await self.refresh()
            except MarginwatchError as error:
                log.warning("price histories not read", reason=str(error))
            # Hundreds of coins get their new close one by one: reading all of them anew shall not take more than this.
            took_s = self._clock.monotonic_s() - began_s
            await self._clock.sleep(max(BEAT_S, took_s / SHARE_OF_TIME))

    async def refresh(self) -> None:
        """Read them if there are new ones."""
        version = self._version()
        if version != self._read:
            self.returns = PastReturns(await self._table(DAY_S), await self._table(HOUR_S))
            self._read = version

    async def _table(self, interval_s: int) -> ReturnTable | None:
        kept = await self._closes.closes(interval_s)
        if not kept:
            return None
        # In a thread from the texts on: three hundred thousand of them would hold the loop for some tenths of a second.
        return await asyncio.to_thread(lambda: log_returns(close_table(series_by_coin(kept), interval_s)))

"""The closes that are kept, as returns, and what became of past forecasts; read again when there are new closes."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import structlog

from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.model.risk_history import Forecast, ForecastSubject
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.heavy.value_at_risk import CONFIDENCES
from marginwatch.risk.history.closes import DAY_S, HOUR_S, close_table
from marginwatch.risk.history.kept import series_by_coin
from marginwatch.risk.history.returns import ReturnTable, log_returns
from marginwatch.risk.var.backtest import Backtest, backtest
from marginwatch.risk.var.settings import VarMethod

log = structlog.get_logger(__name__)

BEAT_S = 5.0
"""A new close is a minute old before anybody misses it."""

SHARE_OF_TIME = 0.05


class KeptCloses(Protocol):
    """Whoever keeps closes."""

    async def closes(self, interval_s: int) -> Mapping[PriceSeries, tuple[PriceClose, ...]]:
        """Return all closes of an interval."""
        ...


class KeptForecasts(Protocol):
    """Whoever keeps forecasts and what followed them."""

    async def forecasts(self, subject: ForecastSubject) -> tuple[Forecast, ...]:
        """Return the forecasts of one subject, oldest first."""
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
    forecasts : KeptForecasts, optional
        Where forecasts are kept.

    Attributes
    ----------
    returns : PastReturns
        What is known now.
    """

    def __init__(
        self,
        closes: KeptCloses,
        version: Callable[[], int],
        clock: Clock,
        forecasts: KeptForecasts | None = None,
    ) -> None:
        self.returns = PastReturns()
        self._closes = closes
        self._version = version
        self._clock = clock
        self._forecasts = forecasts
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
            self.returns = PastReturns(
                await self._table(DAY_S), await self._table(HOUR_S), await self._backtests()
            )
            self._read = version

    async def _table(self, interval_s: int) -> ReturnTable | None:
        kept = await self._closes.closes(interval_s)
        if not kept:
            return None
        # In a thread from the texts on: three hundred thousand of them would hold the loop for some tenths of a second.
        return await asyncio.to_thread(lambda: log_returns(close_table(series_by_coin(kept), interval_s)))

    async def _backtests(self) -> dict[tuple[str, float], Backtest]:
        if self._forecasts is None:
            return {}
        found: dict[tuple[str, float], Backtest] = {}
        now_s = self._clock.now_ns() // 1_000_000_000
        for method in VarMethod:
            for confidence in CONFIDENCES:
                subject = ForecastSubject("portfolio", "", method, confidence, DAY_S)
                # A day that is not over has no gain yet: it is no day that was left out.
                past = [one for one in await self._forecasts.forecasts(subject) if one.day_s + DAY_S <= now_s]
                var = np.array([one.var_usd for one in past])
                gains = np.array([np.nan if one.gain_usd is None else one.gain_usd for one in past])
                found[method, confidence] = backtest(var, gains, confidence)
        return found

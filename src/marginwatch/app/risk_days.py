"""At each day's end the book is frozen with its forecasts; a day later it is seen what became of it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import structlog

from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.model.risk_history import Forecast, ForecastSubject, FrozenExposure
from marginwatch.risk.history.closes import DAY_S, close_table
from marginwatch.risk.history.kept import series_by_coin
from marginwatch.risk.history.mapping import BENCHMARK
from marginwatch.risk.history.returns import ReturnTable, log_returns
from marginwatch.risk.var.backtest import hypothetical_gains
from marginwatch.risk.var.exposures import Exposures
from marginwatch.risk.var.frozen import forecasts_of, freeze, gains_by_subject, thaw
from marginwatch.risk.var.measure import history_for, measure_with
from marginwatch.risk.var.settings import VarMethod, VarSettings
from marginwatch.store.risk_days import RiskDays

log = structlog.get_logger(__name__)

BEAT_S = 30.0
FREEZE_WITHIN_S = 900
"""A book of a later time is not the one of the day's end: then that day has no forecast."""

CLOSES_WITHIN_S = 600
"""So long a forecast waits for the close of the day that has just ended; then it is made without it."""

CONFIDENCES = (0.95, 0.99)
"""Beside the one that is configured."""


class KeptCloses(Protocol):
    """Whoever keeps closes."""

    async def closes(self, interval_s: int) -> Mapping[PriceSeries, tuple[PriceClose, ...]]:
        """Return all closes of an interval."""
        ...


class RiskDayKeeper:
    """Freezes, forecasts, and compares.

    Parameters
    ----------
    days : RiskDays
        Keeps frozen books and forecasts.
    closes : KeptCloses
        Daily closes.
    clock : Clock
        Time; a day ends at midnight UTC.
    exposures : callable
        Returns what is held now; None while that is not known yet (accounts have not been heard).
    settings : VarSettings, optional
        The method and confidence by which every single account is forecast; everything and desks are by all.
    """

    def __init__(
        self,
        days: RiskDays,
        closes: KeptCloses,
        clock: Clock,
        exposures: Callable[[], Exposures | None],
        settings: VarSettings | None = None,
    ) -> None:
        self._days = days
        self._closes = closes
        self._clock = clock
        self._exposures = exposures
        self._settings = settings or VarSettings()
        self._is_failing = False
        self._held: tuple[int, Exposures] | None = None
        self._done_s: int | None = None
        self._tried: dict[int, int] = {}

    async def run(self) -> None:
        """Keep the days, forever."""
        while True:
            await self.run_once()
            await self._clock.sleep(BEAT_S)

    async def run_once(self) -> None:
        """Freeze the book if a day has just ended, and compare what can be compared; failures are tried again."""
        try:
            await self._freeze_if_due()
            await self._compare()
        except MarginwatchError as error:
            if not self._is_failing:
                log.warning("risk of the day not kept", reason=str(error))
            self._is_failing = True
            return
        if self._is_failing:
            log.info("risk of the day kept again")
        self._is_failing = False

    async def _freeze_if_due(self) -> None:
        now_s = self._clock.now_ns() // 1_000_000_000
        day_s = now_s // DAY_S * DAY_S
        if now_s - day_s > FREEZE_WITHIN_S or self._done_s == day_s or await self._days.last_day() == day_s:
            self._held = None
            return
        # The book is that of the first look; its forecast has a close to wait for that the venue makes only now.
        if self._held is None or self._held[0] != day_s:
            exposures = self._exposures()
            if exposures is None:
                return
            self._held = day_s, exposures
        exposures = self._held[1]
        returns = await self._returns()
        if not _has_all(returns, exposures, day_s) and now_s - day_s < CLOSES_WITHIN_S:
            return
        book, forecasts = await asyncio.to_thread(self._forecast, exposures, returns, day_s)
        await self._days.add_day(day_s, book, forecasts)
        self._held, self._done_s = None, day_s
        log.info("book of the day's end kept", accounts=len(exposures.account_ids), forecasts=len(forecasts))

    def _forecast(
        self, exposures: Exposures, returns: ReturnTable, day_s: int
    ) -> tuple[tuple[FrozenExposure, ...], list[tuple[ForecastSubject, Forecast]]]:
        found: list[tuple[ForecastSubject, Forecast]] = []
        own = self._settings
        try:
            history = history_for(exposures, returns, own)
        except ValueError as error:
            log.info("no forecast for this day", reason=str(error))
            return freeze(exposures), found
        for method in VarMethod:
            for confidence in sorted({*CONFIDENCES, own.confidence}):
                settings = VarSettings(
                    method=method,
                    confidence=confidence,
                    horizon_s=DAY_S,
                    rows_max=own.rows_max,
                    rows_min=own.rows_min,
                )
                is_own = (method, confidence) == (own.method, own.confidence)
                measures = measure_with(exposures, history, settings)
                found += forecasts_of(exposures, measures, day_s, with_accounts=is_own)
        return freeze(exposures), found

    async def _compare(self) -> None:
        now_s = self._clock.now_ns() // 1_000_000_000
        due = [day_s for day_s in await self._days.days_without_gains() if day_s + DAY_S <= now_s]
        if not due:
            return
        returns = await self._returns()
        newest_s = int(returns.times_s[-1]) if returns.times_s.shape[0] else 0
        self._tried = {day_s: tried_s for day_s, tried_s in self._tried.items() if day_s in due}
        for day_s in due:
            # Again only when there are more closes: an unknown return of a dead coin stays unknown.
            n_known = _n_known(returns, day_s + DAY_S)
            if newest_s < day_s + DAY_S or self._tried.get(day_s) == n_known:
                continue
            self._tried[day_s] = n_known
            frozen = thaw(await self._days.frozen_book(day_s))
            row = int((day_s + DAY_S - int(returns.times_s[0])) // DAY_S)
            columns = [returns.column(coin) for coin in frozen.coin_names]
            nan = float("nan")
            moves = [nan if row < 0 or one is None else float(one[row]) for one in columns]
            gains = hypothetical_gains(frozen, np.array(moves, np.float64))
            await self._days.add_gains(day_s, gains_by_subject(frozen, gains))

    async def _returns(self) -> ReturnTable:
        kept, rows_max = await self._closes.closes(DAY_S), self._settings.rows_max + 1
        return await asyncio.to_thread(
            lambda: log_returns(close_table(series_by_coin(kept), DAY_S, rows_max=rows_max))
        )


def _n_known(returns: ReturnTable, end_s: int) -> int:
    """Return how many coins have a return over the day that ends at ``end_s``."""
    return int(np.count_nonzero(~np.isnan(returns.values[returns.times_s == end_s])))


def _has_all(returns: ReturnTable, exposures: Exposures, day_s: int) -> bool:
    """Return whether the day's return of the benchmark is known, and of every coin held that had one the day before."""
    today, before = (returns.values[returns.times_s == at_s] for at_s in (day_s, day_s - DAY_S))
    if not today.shape[0] or BENCHMARK not in returns.names:
        return False
    held = {*exposures.coin_names, BENCHMARK}
    waited = np.array([name in held for name in returns.names], np.bool_)
    if before.shape[0]:
        waited &= ~np.isnan(before[0])
    return not np.isnan(today[0][waited]).any()

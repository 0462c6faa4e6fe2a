"""Heavy measures: reckoned in threads from a frozen sheet, on their own cadence, without holding up the loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np

from marginwatch.clock import Clock
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy_settings import HeavySettings
from marginwatch.engine.heavy_supervision import Attempt, Failing, attempt
from marginwatch.risk.heavy.distance import DistanceFigures, measure_distance
from marginwatch.risk.heavy.moves import PastReturns, moves_of
from marginwatch.risk.heavy.parts import Part
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace

T = TypeVar("T")

REST_S = 0.05
"""Even a machine that is too slow leaves so much between two reckonings."""

GOOD_FOR_INTERVALS = 3.0
"""A part that failed to come so often is not known any more."""


class HeavyWork:
    """Reckons heavy measures and puts them where the engine's frames take them from.

    Parameters
    ----------
    engine : Engine
        Gives sheets, shows who is in danger, and gets the results.
    clock : Clock
        Time.
    settings : HeavySettings, optional
        Intervals.
    past : callable, optional
        Returns what is known of past prices now.

    Attributes
    ----------
    n_done : int
        Reckonings so far.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        settings: HeavySettings | None = None,
        past: Callable[[], PastReturns] = PastReturns,
    ) -> None:
        self.settings = settings or HeavySettings()
        self.n_done = 0
        self._engine = engine
        self._clock = clock
        self._past = past
        self._failing = Failing()
        self._distance_work = Workspace()

    async def run(self) -> None:
        """Reckon until cancelled."""
        # One thread for what may not be late, one for the rest.
        with ThreadPoolExecutor(2, thread_name_prefix="heavy") as pool:
            try:
                await self._distances(pool)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def is_in_danger(self) -> bool:
        """Return whether any account is in danger: by the usage of the last frame or by its last known distance."""
        frame, figures = self._engine.frame, self._engine.heavy.distance.value
        if figures is not None and figures.nearest <= self.settings.danger_distance:
            return True
        if frame is None:
            return False
        usage = frame.accounts.maintenance_margin_usage
        return bool(np.any(np.nan_to_num(usage, nan=0.0) >= self.settings.danger_usage))

    async def _distances(self, pool: ThreadPoolExecutor) -> None:
        while True:
            started_s = self._clock.monotonic_s()
            if self._engine.frame is not None:
                await self.reckon_distance(pool)
            await self._clock.sleep(REST_S)
            while self._clock.monotonic_s() - started_s < self._distance_interval_s():
                await self._clock.sleep(min(REST_S, self.settings.distance_every_s))

    def _distance_interval_s(self) -> float:
        of = self.settings
        return of.distance_every_s if self.is_in_danger() else of.distance_calm_every_s

    async def reckon_all(self) -> None:
        """Reckon every measure once, on the loop, for whoever looks once."""
        await self.reckon_distance()

    async def reckon_distance(self, pool: ThreadPoolExecutor | None = None) -> None:
        """Reckon distances once, in a thread of ``pool`` if one is given, and hand them to the engine."""
        sheet, past = self._engine.sheet(), self._past()

        def measure() -> DistanceFigures:
            return measure_distance(sheet, moves_of(sheet, past.daily), self._distance_work)

        good_for_s = GOOD_FOR_INTERVALS * self.settings.distance_calm_every_s
        part = await self._part("distance", sheet, measure, good_for_s, pool)
        self._engine.heavy = replace(self._engine.heavy, distance=part)

    async def _part(
        self,
        name: str,
        sheet: MarginSheet,
        measure: Callable[[], T],
        good_for_s: float,
        pool: ThreadPoolExecutor | None,
    ) -> Part[T]:
        started_s = self._clock.monotonic_s()
        ended = await _run(measure, pool)
        self._failing.note(name, ended.error)
        self.n_done += 1
        return Part(
            at_ns=sheet.at_ns,
            value=ended.value,
            reason=None if ended.error is None else _words(ended.error),
            good_for_s=good_for_s,
            took_s=self._clock.monotonic_s() - started_s,
        )


async def _run(measure: Callable[[], T], pool: ThreadPoolExecutor | None) -> Attempt[T]:
    if pool is None:
        return attempt(measure)
    return await asyncio.get_running_loop().run_in_executor(pool, attempt, measure)


def _words(error: Exception) -> str:
    return f"it could not be reckoned ({type(error).__name__}: {' '.join(str(error).split())})"

"""Heavy measures: reckoned from a frozen sheet in a process of their own, or in threads, on their own cadence."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from marginwatch.clock import Clock
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy_measures import DISTANCE, SLOW, measures_of
from marginwatch.engine.heavy_process import HeavyProcess
from marginwatch.engine.heavy_settings import HeavySettings
from marginwatch.engine.heavy_supervision import Attempt, Failing, attempt
from marginwatch.model.scenario import Scenario
from marginwatch.risk.heavy.advice import AdviceWish
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.heavy.depth import usd_per_percent
from marginwatch.risk.heavy.inputs import WORDS, HeavyInputs, left_out_of
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.heavy.parts import NotKnownYetError, Part
from marginwatch.risk.heavy.what_if import WhatIfInputs
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.var.settings import VarSettings
from marginwatch.risk.workspace import Workspace

REST_S = 0.05
"""Even a machine that is too slow leaves so much between two reckonings."""

GOOD_FOR_INTERVALS = 3.0
"""A part that failed to come so often is not known any more."""

START_EVERY_S = 2.0
"""Between slow passes while accounts are awaited for the first time."""

BUSY_MAX = 2.0
"""A slow pass is followed by a rest as long as itself: with thousands of accounts it takes longer than its interval."""

NOT_HEARD = WORDS[Inclusion.STARTING]

HERE = frozenset({"calendars"})
"""Reckoned in a thread even where there is a process: a row for each position, and handing them over takes longer."""


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
    scenarios : sequence of Scenario, optional
        The desk's own.
    var_settings : VarSettings, optional
        Which value at risk is shown first.
    wish : AdviceWish, optional
        What advice aims at.
    process : HeavyProcess, optional
        Reckons instead of the threads, as long as it is there; it is ended with :meth:`run`.

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
        *,
        scenarios: Sequence[Scenario] = (),
        var_settings: VarSettings | None = None,
        wish: AdviceWish | None = None,
        process: HeavyProcess | None = None,
    ) -> None:
        self.settings = settings or HeavySettings()
        self.n_done = 0
        self._engine = engine
        self._clock = clock
        self._past = past
        self._scenarios = scenarios
        self._var_settings = var_settings
        self._wish = wish
        self._process = process
        self._failing = Failing()
        self._slow_s = self.settings.slow_every_s
        # One set of buffers a thread.
        self._distance_work, self._slow_work = Workspace(), Workspace()

    async def run(self) -> None:
        """Reckon until cancelled."""
        if self._process is not None:
            self._process.open()
        # One thread for what may not be late, one for the rest.
        pool = ThreadPoolExecutor(2, thread_name_prefix="heavy")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._distances(pool))
                group.create_task(self._slow(pool))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            if self._process is not None:
                self._process.stop()

    def helper(self) -> int | None:
        """Return the number of the process that reckons; None while there is none."""
        return None if self._process is None else self._process.pid

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
                await self._reckon(DISTANCE, self.inputs((DISTANCE,)), pool)
            await self._clock.sleep(REST_S)
            # Danger that comes meanwhile is looked at when it comes.
            while self._clock.monotonic_s() - started_s < self._distance_interval_s():
                await self._clock.sleep(REST_S)

    def _distance_interval_s(self) -> float:
        of, frame = self.settings, self._engine.frame
        is_starting = frame is None or bool((frame.inclusion == Inclusion.STARTING).any())
        return of.distance_every_s if is_starting or self.is_in_danger() else of.distance_calm_every_s

    async def _slow(self, pool: ThreadPoolExecutor) -> None:
        while True:
            started_s = self._clock.monotonic_s()
            is_starting = True
            if self._engine.frame is not None:
                # Once a pass: gathering holds the loop, and all of them then speak of one moment.
                inputs = self.inputs()
                for name in SLOW:
                    await self._reckon(name, inputs, pool)
                is_starting = not inputs.sheet.n_accounts or NOT_HEARD in inputs.left_out.values()
            took_s = self._clock.monotonic_s() - started_s
            # The first complete picture is not waited for longer than reckoning takes anyway.
            every_s = START_EVERY_S if is_starting else self.settings.slow_every_s
            self._slow_s = max(every_s, BUSY_MAX * took_s)
            await self._clock.sleep(max(self._slow_s - took_s, REST_S))

    async def answer(self, asked: Asked) -> None:
        """Reckon what is asked once, on the loop, for whoever looks once."""
        self._var_settings = asked.var_settings or self._var_settings
        self._wish = asked.wish or self._wish
        inputs = self.inputs(asked.parts)
        for name in asked.parts:
            await self._reckon(name, inputs, None)

    def inputs(self, parts: Sequence[str] = (DISTANCE, *SLOW)) -> HeavyInputs:
        """Return everything that these parts are reckoned from, as it is now; must run on the loop."""
        engine = self._engine
        frame = engine.frame or engine.run_frame()
        sheet = engine.sheet()
        legs = engine.book.columns.facts.legs
        # An object for each account, half of the work of gathering: distances, twice a second, do without.
        asked = sheet.account_ids if "calendars" in parts else ()
        entries = filter(None, map(engine.book.entry, asked))
        return HeavyInputs(
            sheet=sheet,
            left_out=left_out_of(frame),
            terms=engine.trade_terms(),
            usd_per_percent=usd_per_percent(engine.book.columns),
            past=self._past(),
            scenarios=self._scenarios,
            adl_rank=legs.adl_rank[: legs.size].copy(),
            funding={one.spec.account_id: one.funding.heard() for one in entries},
            var_settings=self._var_settings,
            wish=self._wish,
        )

    def what_if_inputs(self) -> WhatIfInputs:
        """Return what a question "what if" is reckoned from, as it is now; must run on the loop."""
        frame = self._engine.frame or self._engine.run_frame()
        return WhatIfInputs(frame.sequence, self._engine.sheet(), left_out_of(frame), self._past())

    async def _reckon(self, name: str, inputs: HeavyInputs, pool: ThreadPoolExecutor | None) -> None:
        """Reckon one part and hand it to the engine."""
        started_s = self._clock.monotonic_s()
        ended = await self._attempt(name, inputs, pool)
        self._failing.note(name, ended.error)
        self.n_done += 1
        of = self.settings
        interval_s = of.distance_calm_every_s if name == DISTANCE else max(of.slow_every_s, self._slow_s)
        part: Part[Any] = Part(
            at_ns=inputs.sheet.at_ns,
            value=ended.value,
            reason=None if ended.error is None else _words(ended.error),
            good_for_s=GOOD_FOR_INTERVALS * interval_s,
            took_s=self._clock.monotonic_s() - started_s,
        )
        self._engine.heavy = replace(self._engine.heavy, **{name: part})

    async def _attempt(
        self, name: str, inputs: HeavyInputs, pool: ThreadPoolExecutor | None
    ) -> Attempt[object]:
        kept = self._distance_work if name == DISTANCE else self._slow_work
        # Who asks on the loop has buffers of its own: the threads may be in the midst of theirs.
        work = Workspace() if pool is None else kept
        measure = measures_of(inputs, work, lambda: self._engine.heavy.chances.value)[name]
        if pool is None:
            return attempt(measure)
        loop = asyncio.get_running_loop()
        if self._process is not None and name not in HERE:
            ended = await loop.run_in_executor(pool, self._process.reckon, name, inputs)
            if ended is not None:
                return ended
        return await loop.run_in_executor(pool, attempt, measure)


def _words(error: Exception) -> str:
    message = " ".join(str(error).split())
    if isinstance(error, NotKnownYetError):
        return message
    return f"it could not be reckoned ({type(error).__name__}: {message})"

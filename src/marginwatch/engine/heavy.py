"""Heavy measures: reckoned in threads from a frozen sheet, on their own cadence, without holding up the loop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from marginwatch.clock import Clock
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy_settings import HeavySettings
from marginwatch.engine.heavy_supervision import Attempt, Failing, attempt
from marginwatch.model.scenario import Scenario
from marginwatch.risk.heavy.advice import AdviceWish, measure_advice
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.heavy.cascades import measure_cascades
from marginwatch.risk.heavy.chances import measure_chances
from marginwatch.risk.heavy.depth import usd_per_percent
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.inputs import WORDS, HeavyInputs, left_out_of
from marginwatch.risk.heavy.levels import measure_calendars, measure_levels
from marginwatch.risk.heavy.moves import PastReturns, moves_of
from marginwatch.risk.heavy.parts import NotKnownYetError, Part
from marginwatch.risk.heavy.stress import measure_stress
from marginwatch.risk.heavy.value_at_risk import measure_value_at_risk
from marginwatch.risk.heavy.what_if import WhatIfInputs
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.var.settings import VarSettings
from marginwatch.risk.workspace import Workspace

T = TypeVar("T")

REST_S = 0.05
"""Even a machine that is too slow leaves so much between two reckonings."""

GOOD_FOR_INTERVALS = 3.0
"""A part that failed to come so often is not known any more."""

START_EVERY_S = 2.0
"""Between slow passes while accounts are awaited for the first time."""

BUSY_MAX = 2.0
"""A slow pass is followed by a rest as long as itself: with thousands of accounts it takes longer than its interval."""

NOT_HEARD = WORDS[Inclusion.STARTING]

SLOW = ("chances", "levels", "calendars", "stress", "cascades", "value_at_risk", "advice")


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
    ) -> None:
        self.settings = settings or HeavySettings()
        self.n_done = 0
        self._engine = engine
        self._clock = clock
        self._past = past
        self._scenarios = scenarios
        self._var_settings = var_settings
        self._wish = wish
        self._failing = Failing()
        self._slow_s = self.settings.slow_every_s
        # One set of buffers a thread.
        self._distance_work, self._slow_work = Workspace(), Workspace()

    async def run(self) -> None:
        """Reckon until cancelled."""
        # One thread for what may not be late, one for the rest.
        pool = ThreadPoolExecutor(2, thread_name_prefix="heavy")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._distances(pool))
                group.create_task(self._slow(pool))
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
                await self._reckon("distance", self.inputs(), pool)
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
        inputs = self.inputs()
        for name in asked.parts:
            await self._reckon(name, inputs, None)

    def inputs(self) -> HeavyInputs:
        """Return everything that a reckoning needs, as it is now; must run on the loop."""
        engine = self._engine
        frame = engine.frame or engine.run_frame()
        sheet = engine.sheet()
        legs = engine.book.columns.facts.legs
        entries = filter(None, map(engine.book.entry, sheet.account_ids))
        return HeavyInputs(
            sheet=sheet,
            left_out=left_out_of(frame),
            terms=engine.trade_terms(),
            usd_per_percent=usd_per_percent(engine.book.columns),
            past=self._past(),
            scenarios=self._scenarios,
            adl_rank=legs.adl_rank[: legs.size].copy(),
            funding={one.spec.account_id: one.funding.heard() for one in entries},
        )

    def what_if_inputs(self) -> WhatIfInputs:
        """Return what a question "what if" is reckoned from, as it is now; must run on the loop."""
        frame = self._engine.frame or self._engine.run_frame()
        return WhatIfInputs(frame.sequence, self._engine.sheet(), left_out_of(frame), self._past())

    async def _reckon(self, name: str, inputs: HeavyInputs, pool: ThreadPoolExecutor | None) -> None:
        """Reckon one part and hand it to the engine."""
        started_s = self._clock.monotonic_s()
        measure = self._measures(inputs)[name]
        ended = await _run(measure, pool)
        self._failing.note(name, ended.error)
        self.n_done += 1
        of = self.settings
        interval_s = of.distance_calm_every_s if name == "distance" else max(of.slow_every_s, self._slow_s)
        part: Part[Any] = Part(
            at_ns=inputs.sheet.at_ns,
            value=ended.value,
            reason=None if ended.error is None else _words(ended.error),
            good_for_s=GOOD_FOR_INTERVALS * interval_s,
            took_s=self._clock.monotonic_s() - started_s,
        )
        self._engine.heavy = replace(self._engine.heavy, **{name: part})

    def _measures(self, of: HeavyInputs) -> Mapping[str, Callable[[], object]]:
        work, past = self._slow_work, of.past

        def distance() -> object:
            sheet = of.own_sheet()
            return measure_distance(sheet, moves_of(sheet, past.daily), self._distance_work)

        def chances() -> object:
            sheet = of.own_sheet()
            return measure_chances(sheet, moves_of(sheet, past.daily), past, work)

        def levels() -> object:
            sheet, known = of.own_sheet(), self._engine.heavy.chances.value
            return measure_levels(sheet, moves_of(sheet, past.daily), past, known, of.left_out, work)

        def calendars() -> object:
            return measure_calendars(of.own_sheet(), of.adl_rank, of.funding)

        def stress() -> object:
            sheet = of.own_sheet()
            return measure_stress(sheet, moves_of(sheet, past.daily), of.scenarios, work, of.left_out)

        def cascades() -> object:
            sheet = of.counted_sheet()
            return measure_cascades(sheet, moves_of(sheet, past.daily), of.usd_per_percent, work)

        def value_at_risk() -> object:
            return measure_value_at_risk(of.own_sheet(), past, of.left_out, self._var_settings)

        def advice() -> object:
            sheet = of.own_sheet()
            return measure_advice(sheet, moves_of(sheet, past.daily), past, of.terms, of.left_out, self._wish)

        found = (distance, chances, levels, calendars, stress, cascades, value_at_risk, advice)
        return {one.__name__: one for one in found}


async def _run(measure: Callable[[], T], pool: ThreadPoolExecutor | None) -> Attempt[T]:
    if pool is None:
        return attempt(measure)
    return await asyncio.get_running_loop().run_in_executor(pool, attempt, measure)


def _words(error: Exception) -> str:
    message = " ".join(str(error).split())
    if isinstance(error, NotKnownYetError):
        return message
    return f"it could not be reckoned ({type(error).__name__}: {message})"

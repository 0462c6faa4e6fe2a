"""Ladders of bounds: read from their tables, and held against what a measure can reach."""

import itertools
import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from marginwatch.config.table import nearest
from marginwatch.model.severity import Severity
from marginwatch.rules.column import Measure
from marginwatch.rules.definition import Step
from marginwatch.rules.table import RuleTable, StepTable

Side: TypeAlias = Literal["above", "below"]
Problem: TypeAlias = tuple[str, str]
"""Key, and what is wrong there with its fix."""

CLEAR = {"above": "clear_below", "below": "clear_above"}
"""Key of the place to clear at by the side of the bound."""


class Bounds(NamedTuple):
    """What the figure that is judged can reach, infinities included."""

    lowest: float
    highest: float

    @classmethod
    def of(cls, measure: Measure, *, is_change: bool, is_relative: bool) -> "Bounds":
        """Return the reach of a measure, or of its change: a difference, or a ratio less 1."""
        if not is_change:
            return cls(measure.lowest, measure.highest)
        if is_relative:
            return cls(-1.0 if measure.lowest >= 0.0 else -math.inf, math.inf)
        span = measure.highest - measure.lowest
        return cls(-span, span)

    def magnitude(self) -> "Bounds":
        """Return the reach of the absolute value."""
        least = 0.0 if self.lowest <= 0.0 <= self.highest else min(abs(self.lowest), abs(self.highest))
        return Bounds(least, max(abs(self.lowest), abs(self.highest)))


def read_steps(table: RuleTable) -> tuple[Side, tuple[Step, ...], list[Problem]]:
    """Return the side and the steps of a rule, none with what is wrong."""
    problems: list[Problem] = []
    rungs = list(_rungs(table, problems))
    if problems:
        return "above", (), problems
    side: Side = "above" if rungs[0].above is not None else "below"
    steps: list[Step] = []
    for rung in rungs:
        if (rung.above is None) != (side == "below"):
            problems.append(("steps", "steps: all of them must be above, or all below"))
            continue
        if (step := _step(rung, side, "steps" if table.steps else None, problems)) is not None:
            steps.append(step)
    if not problems:
        problems += _check_ladder(side, steps)
    return side, () if problems else tuple(steps), problems


def _rungs(table: RuleTable, problems: list[Problem]) -> Iterator[StepTable]:
    if not table.steps:
        if (table.above is None) == (table.below is None):
            said = "both above and below" if table.above is not None else "neither above, below nor steps"
            problems.append(("above", f"has {said}; give one of above and below, or steps"))
            return
        yield StepTable(
            severity=table.severity,
            above=table.above,
            below=table.below,
            clear_below=table.clear_below,
            clear_above=table.clear_above,
        )
        return
    beside = [
        key for key in ("above", "below", "clear_below", "clear_above") if getattr(table, key) is not None
    ]
    problems += [(key, f"{key} stands beside steps; it belongs into one of them") for key in beside]
    for number, values in enumerate(table.steps, 1):
        rung = _rung(number, values, problems)
        if rung is not None:
            yield rung


def _rung(number: int, values: dict[str, Any], problems: list[Problem]) -> StepTable | None:
    known = list(StepTable.__struct_fields__)
    for key in values:
        if key not in known:
            problems.append(("steps", f"steps: step {number} has no key {key!r}; {nearest(key, known)}"))
            return None
    try:
        rung = msgspec.convert(values, StepTable)
    except msgspec.ValidationError as error:
        problem = str(error).replace(" - at `$.", " in `").replace("Object missing", "lacks")
        problems.append(("steps", f"steps: step {number}: {problem}"))
        return None
    if (rung.above is None) == (rung.below is None):
        problems.append(("steps", f"steps: step {number} needs one of above and below"))
        return None
    return rung


def _step(rung: StepTable, side: Side, place: str | None, problems: list[Problem]) -> Step | None:
    bound = rung.above if side == "above" else rung.below
    wanted, other = (CLEAR[side], CLEAR["below" if side == "above" else "above"])
    if getattr(rung, other) is not None:
        problems.append((place or other, f"{other} does not go with {side}; write {wanted}"))
        return None
    own_clear = rung.clear_below if side == "above" else rung.clear_above
    clear = bound if own_clear is None else own_clear
    if bound is None or clear is None or not (math.isfinite(bound) and math.isfinite(clear)):
        problems.append((place or side, f"{side} and {wanted} must be finite numbers"))
        return None
    if (clear > bound) if side == "above" else (clear < bound):
        beyond = "above" if side == "above" else "below"
        problem = (
            f"{wanted} = {clear:g} is {beyond} the bound of {bound:g}: it would clear while it is crossed"
        )
        problems.append((place or wanted, f"{problem}; put it on the other side"))
        return None
    return Step(severity=Severity.of_word(rung.severity), bound=bound, clear=clear)


def _check_ladder(side: Side, steps: list[Step]) -> Iterator[Problem]:
    for mild, worse in itertools.pairwise(steps):
        is_rising = worse.bound > mild.bound if side == "above" else worse.bound < mild.bound
        way = "rise" if side == "above" else "fall"
        if not is_rising:
            yield (
                "steps",
                f"steps: {worse.bound:g} follows {mild.bound:g}; bounds must {way} from step to step",
            )
        if worse.severity <= mild.severity:
            said = f"{worse.severity.word} follows {mild.severity.word}"
            yield "steps", f"steps: {said}; severities must rise from step to step"
        if (worse.clear < mild.clear) if side == "above" else (worse.clear > mild.clear):
            said = f"{worse.clear:g} follows {mild.clear:g}"
            yield "steps", f"steps: {CLEAR[side]} {said}; a worse step must not be left after a milder one"


def check_reach(measure: Measure, side: Side, steps: tuple[Step, ...], reach: Bounds) -> Iterator[Problem]:
    """Yield what a measure cannot do: cross a bound, be within it, come back to where it clears."""
    name, low, high = measure.name, reach.lowest, reach.highest
    for step in steps:
        bound, clear = step.bound, step.clear
        if side == "above":
            if bound >= high:
                yield (
                    side,
                    f"above = {bound:g} can never be crossed: {name} is at most {high:g}{_hint(measure, bound)}",
                )
            elif bound < low:
                yield side, f"above = {bound:g} is always crossed: {name} is at least {low:g}"
            elif clear < low:
                yield "clear_below", f"clear_below = {clear:g} is never reached: {name} is at least {low:g}"
        elif bound <= low:
            yield side, f"below = {bound:g} can never be crossed: {name} is at least {low:g}"
        elif bound > high:
            yield (
                side,
                f"below = {bound:g} is always crossed: {name} is at most {high:g}{_hint(measure, bound)}",
            )
        elif clear > high:
            yield "clear_above", f"clear_above = {clear:g} is never reached: {name} is at most {high:g}"


def _hint(measure: Measure, bound: float) -> str:
    if measure.unit == "fraction" and bound > 1.0:
        return f"; it is a fraction: {bound:g} % is {bound / 100.0:g}"
    return ""

"""One heavy measure with its moment, or the reason why there is none; and all of them together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from marginwatch.risk.heavy.advice import AdviceFigures
    from marginwatch.risk.heavy.cascades import CascadeFigures
    from marginwatch.risk.heavy.chances import ChanceFigures
    from marginwatch.risk.heavy.distance import DistanceFigures
    from marginwatch.risk.heavy.levels import CalendarFigures, LevelFigures
    from marginwatch.risk.heavy.stress import StressFigures
    from marginwatch.risk.heavy.value_at_risk import VarFigures

T = TypeVar("T")

NOT_YET = "not reckoned yet"


class NotKnownYetError(Exception):
    """A measure needs something that is not there yet, as its message says; no failure."""


class Held(NamedTuple, Generic[T]):
    """What a part holds at some moment: a value, or the reason why there is none; and its age in seconds, None if never."""

    value: T | None
    reason: str | None
    age_s: float | None


@dataclass(slots=True, frozen=True, eq=False)
class Part(Generic[T]):
    """One measure.

    Parameters
    ----------
    at_ns : int
        The moment of the sheet it was reckoned from, UTC nanoseconds; 0 for never.
    value : object or None
        The measure; None if it failed or never ran.
    reason : str or None
        Why there is no value.
    good_for_s : float
        Age in seconds from which the value is too old to be shown as known.
    took_s : float
        What it took to reckon.
    """

    at_ns: int = 0
    value: T | None = None
    reason: str | None = NOT_YET
    good_for_s: float = 60.0
    took_s: float = 0.0

    def held_at(self, now_ns: int) -> Held[T]:
        """Return what is held at ``now_ns``: a value that has become too old is none."""
        if not self.at_ns:
            return Held(None, self.reason or NOT_YET, None)
        age_s = max(0.0, (now_ns - self.at_ns) / 1e9)
        if self.value is None:
            return Held(None, self.reason, age_s)
        if age_s > self.good_for_s:
            return Held(None, f"last reckoned {age_s:.0f} s ago, good for {self.good_for_s:.0f} s", age_s)
        return Held(self.value, None, age_s)


@dataclass(slots=True, frozen=True, eq=False)
class Heavy:
    """The latest of every heavy measure; each part has a moment of its own.

    Parameters
    ----------
    distance : Part of DistanceFigures
        Distances to liquidation, ladders.
    chances : Part of ChanceFigures
        Probabilities of liquidation.
    stress : Part of StressFigures
        Scenarios and worst cases.
    cascades : Part of CascadeFigures
        Deaths that cause deaths.
    value_at_risk : Part of VarFigures
        Value at risk and expected shortfall.
    levels : Part of LevelFigures
        Levels of risk.
    calendars : Part of CalendarFigures
        Funding, deleveraging queue, expiries.
    advice : Part of AdviceFigures
        Transfers and hedges.
    """

    distance: "Part[DistanceFigures]" = Part()
    chances: "Part[ChanceFigures]" = Part()
    stress: "Part[StressFigures]" = Part()
    cascades: "Part[CascadeFigures]" = Part()
    value_at_risk: "Part[VarFigures]" = Part()
    levels: "Part[LevelFigures]" = Part()
    calendars: "Part[CalendarFigures]" = Part()
    advice: "Part[AdviceFigures]" = Part()

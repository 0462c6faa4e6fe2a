"""What evaluation asks of a measure: one column of numbers over the subjects of a scope at one moment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.alert import Scope, Subject, Unit
from marginwatch.risk.answers import AnswerArray
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.rules.facts import Facts
from marginwatch.rules.members import Members


class Column(NamedTuple):
    """A measure of every subject of a scope.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        NaN where there is no number.
    answers : ndarray of shape (n,), uint8
        :class:`marginwatch.risk.answers.Answer` of each.
    reason : callable
        Returns for a row why its number is missing.
    at_ns : int
        When it was measured: a heavy measure is older than its frame.
    is_doubtful : ndarray of shape (n,), bool, or None
        Numbers made from data that are not fresh, of an account whose private data stopped for instance, at live marks.
        Out of bounds they count as any number; within bounds they say nothing, as if missing. None if there are none.
    doubt : callable or None
        Returns for a row why its number is doubtful.
    """

    values: FloatArray
    answers: AnswerArray
    reason: Callable[[int], str]
    at_ns: int
    is_doubtful: BoolArray | None = None
    doubt: Callable[[int], str] | None = None


@dataclass(slots=True, frozen=True)
class Moment:
    """What measures are read from: a frame, or a lane result of a few accounts; the facts beside it, and who belongs to what."""

    result: Frame | LaneResult
    facts: Facts
    members: Members

    @property
    def at_ns(self) -> int:
        """When, UTC nanoseconds."""
        return self.result.at_ns


class Subjects(Protocol):
    """The subjects of a scope at one moment, by row.

    ``identities`` tells of each row whose it is: the same number as long as the row stands for the same subject, another
    once it was given to another, 0 for a row that stands for nobody. Rows are the book's own in scopes that have some.
    """

    @property
    def identities(self) -> CodeArray:
        """Shape (n,), int64."""
        ...

    def subject(self, row: int) -> Subject:
        """Return who a row is."""
        ...

    def labels(self, row: int) -> dict[str, str]:
        """Return the labels of :class:`marginwatch.model.alert.Alert` that come from the subject."""
        ...

    def context(self, row: int) -> dict[str, str]:
        """Return further figures for messages, as texts with their units."""
        ...

    def data_age_s(self, row: int) -> float | None:
        """Return the age of the oldest data behind the row, seconds."""
        ...


class Source(Protocol):
    """Where evaluation takes columns from: a frame, a lane result, a recorded or written series."""

    @property
    def at_ns(self) -> int:
        """When, UTC nanoseconds."""
        ...

    def rows(self, scope: Scope) -> CodeArray | None:
        """Return the rows of a scope that it speaks of, in the order of its columns; None for all of them.

        A lane result speaks of a few accounts and of nothing else: an empty array for every other scope.
        """
        ...

    def column(self, measure: "Measure") -> Column | None:
        """Return a measure of the rows above; None if this source does not have it, which changes nothing."""
        ...

    def subjects(self, scope: Scope) -> Subjects:
        """Return the subjects of a scope, all of them."""
        ...

    def is_judged(self, scope: Scope) -> BoolArray | None:
        """Return which rows may be judged, None for all: not an account that was never heard, nor a total of such.

        Of the others nothing changes, and their timers rest.
        """
        ...


ReadColumn: TypeAlias = Callable[[Moment], Column]


@dataclass(slots=True, frozen=True)
class Measure:
    """One measure that rules may name.

    Parameters
    ----------
    name : str
        ``scope.name``.
    scope : Scope
        Whose.
    unit : Unit
        Of values and bounds.
    lowest, highest : float
        What it can reach, infinities included; a bound that nothing can cross is refused.
    description : str
        One sentence: what it is, of what it is a share, which side is bad.
    read : callable
        Returns the column at a moment.
    in_lane : bool
        Whether a lane result has it.
    is_of_whole : bool
        It is a share of everything: nothing can be said of anybody's before all accounts were heard.
    """

    name: str
    scope: Scope
    unit: Unit
    lowest: float
    highest: float
    description: str
    read: ReadColumn
    in_lane: bool = False
    is_of_whole: bool = False

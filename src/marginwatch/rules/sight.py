"""What a view sees at one moment: values, what they are worth, and why there are none."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.rules.column import Column


@dataclass(slots=True)
class Sight:
    """The column of a view, whatever was made of a measure's.

    Parameters
    ----------
    values, answers : ndarray of shape (n,)
        As in :class:`marginwatch.rules.column.Column`.
    is_doubtful : ndarray of shape (n,), bool, or None
        Likewise.
    is_quiet : ndarray of shape (n,), bool, or None
        Missing, or doubtful, for a reason of the rule's own, which nobody needs to be told: a window not yet filled.
    reason, doubt : callable
        Returns why a number is missing, or doubtful.
    at_ns : int
        When it was measured.
    rows : ndarray of int64 or None
        Whose they are; None for all rows of the scope.
    """

    values: FloatArray
    answers: AnswerArray
    is_doubtful: BoolArray | None
    is_quiet: BoolArray | None
    reason: Callable[[int], str]
    doubt: Callable[[int], str]
    at_ns: int
    rows: CodeArray | None

    @classmethod
    def of(cls, column: Column, rows: CodeArray | None) -> "Sight":
        """Return what a measure's own column shows."""
        doubtful = column.is_doubtful
        if doubtful is not None and not doubtful.any():
            doubtful = None
        return cls(
            column.values,
            column.answers,
            doubtful,
            None,
            column.reason,
            column.doubt or column.reason,
            column.at_ns,
            rows,
        )

    def with_floor(self, name: str, side: Column, least: float) -> "Sight":
        """Return what is seen where another measure is at least so large.

        Where that is known to be less, a number is as good as within bounds. Where it is missing, nobody hears of it for
        the first time, and nobody is told that it is over.
        """
        with np.errstate(invalid="ignore"):
            is_reached = (side.answers == Answer.NUMBER) & (side.values >= least)
        if is_reached.all():
            return self
        side_unknown = side.answers == Answer.MISSING
        if side.is_doubtful is not None:
            side_unknown = side_unknown | (side.is_doubtful & ~is_reached)
        unsure = side_unknown if self.is_doubtful is None else side_unknown | self.is_doubtful
        number, lost = self.answers == Answer.NUMBER, self.answers == Answer.MISSING
        answers = self.answers.copy()
        answers[number & ~is_reached & ~unsure] = Answer.NONE_IN_RANGE
        hidden = number & ~is_reached & unsure
        answers[hidden] = Answer.MISSING
        quiet = (lost | hidden) & ~is_reached
        own_reason, side_reason = self.reason, side.doubt or side.reason

        def reason(at: int) -> str:
            if not side_unknown[at]:
                return self.doubt(at) if hidden[at] else own_reason(at)
            told = side.reason if side.answers[at] == Answer.MISSING else side_reason
            return f"{name}: {told(at)}"

        return Sight(
            self.values,
            answers,
            self.is_doubtful,
            quiet if self.is_quiet is None else quiet | self.is_quiet,
            reason,
            self.doubt,
            min(self.at_ns, side.at_ns),
            self.rows,
        )

    def doubt_more(self, why: str) -> None:
        """Count all numbers as doubtful that are not yet, quietly, for one reason."""
        own, own_doubt = self.is_doubtful, self.doubt
        more = self.answers == Answer.NUMBER
        if own is not None:
            more &= ~own
        self.is_doubtful = more if own is None else more | own
        self.is_quiet = more if self.is_quiet is None else more | self.is_quiet
        self.doubt = lambda at: why if more[at] else own_doubt(at)

    def without(self, lost: BoolArray, why: str) -> None:
        """Count some numbers as missing, quietly, for one reason."""
        hidden = lost & (self.answers == Answer.NUMBER)
        if not hidden.any():
            return
        self.answers = np.where(hidden, np.uint8(Answer.MISSING), self.answers)
        self.is_quiet = hidden if self.is_quiet is None else hidden | self.is_quiet
        own_reason = self.reason
        self.reason = lambda at: why if hidden[at] else own_reason(at)

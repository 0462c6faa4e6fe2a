"""A rule at work: its ladder, whom it concerns, and which rows it holds."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.rules.column import Measure
from marginwatch.rules.definition import Rule
from marginwatch.rules.ladder import Ladder

SECOND_NS = 1_000_000_000


class Watch:
    """One rule and its state by row.

    Parameters
    ----------
    rule : Rule
        The rule.
    measure : Measure
        What it judges.

    Attributes
    ----------
    ladder : Ladder
        Its bounds.
    for_ns, keep_ns : int
        Its two times, nanoseconds.
    concerns : ndarray of bool, or None
        The rows whose labels meet its matchers; None without matchers.
    is_held, is_out : ndarray of bool
        The rows that are pending or firing; those of them that are out of bounds.
    """

    def __init__(self, rule: Rule, measure: Measure) -> None:
        self.rule = rule
        self.measure = measure
        self.ladder = Ladder.of(rule)
        self.for_ns = round(rule.for_s * SECOND_NS)
        self.keep_ns = round(rule.keep_firing_for_s * SECOND_NS)
        self.concerns: BoolArray | None = np.zeros(0, np.bool_) if rule.only else None
        self.is_held: BoolArray = np.zeros(0, np.bool_)
        self.is_out: BoolArray = np.zeros(0, np.bool_)

    def widen(self, size: int) -> None:
        """Make room for so many rows."""
        more = size - len(self.is_held)
        self.is_held = np.pad(self.is_held, (0, more))
        self.is_out = np.pad(self.is_out, (0, more))
        if self.concerns is not None:
            self.concerns = np.pad(self.concerns, (0, more))

    def meet(self, row: int, labels: dict[str, str]) -> None:
        """Note whether a row is concerned."""
        if self.concerns is not None:
            self.concerns[row] = all(matcher.matches(labels) for matcher in self.rule.only)

    def forget(self, rows: CodeArray) -> None:
        """Concern nobody in rows that were given to others."""
        if self.concerns is not None:
            self.concerns[rows] = False

    def is_concerned(self, row: int) -> bool:
        """Return whether a row is concerned."""
        return self.concerns is None or bool(self.concerns[row])

    def take(self, row: int, rung: int) -> None:
        """Note that a row is held."""
        self.is_held[row] = True
        self.is_out[row] = rung > 0

    def release(self, row: int) -> None:
        """Note that a row is at rest again."""
        self.is_held[row] = self.is_out[row] = False

"""A frame or a lane result as rules read it."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.model.alert import Scope
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.rules.column import Column, Measure, Moment, Subjects
from marginwatch.rules.facts import Facts
from marginwatch.rules.measures.facts import FACT_NAMES, has_fact
from marginwatch.rules.subjects.book import SubjectBook

NOBODY: CodeArray = np.zeros(0, np.int64)


class FrameSource:
    """What one evaluation takes its columns from.

    Parameters
    ----------
    result : Frame or LaneResult
        Measured just now; read before the next but one frame overwrites it.
    facts : Facts
        What no frame holds.
    subjects : SubjectBook
        The same for the life of the rules.
    """

    def __init__(self, result: Frame | LaneResult, facts: Facts, subjects: SubjectBook) -> None:
        subjects.see(result)
        self._result = result
        self._facts = facts
        self._book = subjects
        self._moment = Moment(result, facts, subjects.members)

    @property
    def at_ns(self) -> int:
        """When, UTC nanoseconds."""
        return self._result.at_ns

    def rows(self, scope: Scope) -> CodeArray | None:
        """Return the accounts of a lane, nobody of its other scopes; None for a frame, which speaks of everybody."""
        if not isinstance(self._result, LaneResult):
            return None
        if scope != "account":
            return NOBODY
        return np.array([entry.row for entry in self._result.entries], np.int64)

    def column(self, measure: Measure) -> Column | None:
        """Return a measure; None if a lane does not have it, nobody told the fact that it is, or the whole is not heard."""
        if isinstance(self._result, LaneResult) and not measure.in_lane:
            return None
        if measure.name in FACT_NAMES and not has_fact(self._facts, measure.name):
            return None
        if measure.is_of_whole and self._book.members.starting_accounts(self._result) is not None:
            return None
        return measure.read(self._moment)

    def subjects(self, scope: Scope) -> Subjects:
        """Return the subjects of a scope."""
        return self._book.of(scope, self._result, self._facts)

    def is_judged(self, scope: Scope) -> BoolArray | None:
        """Return which rows may be judged, by row of the scope; None for all.

        Not accounts that were never heard completely, nor their positions, nor totals that such an account is part of.
        """
        frame = self._book.members.frame
        if scope == "account":
            return self._judged_accounts(frame)
        if frame is None or scope in ("service", "channel"):
            return None
        if scope == "position":
            starting = self._book.members.starting_accounts(frame)
            return None if starting is None else ~starting[frame.book.account]
        if scope == "asset":
            is_whole = self._book.members.starting_accounts(frame) is None
            n: int = frame.assets.long_usd.shape[0]
            return None if is_whole else np.zeros(n, np.bool_)
        n_starting = self._book.members.n_starting(scope, frame)
        return None if n_starting is None else n_starting == 0

    def _judged_accounts(self, frame: Frame | None) -> BoolArray | None:
        members, result = self._book.members, self._result
        if not isinstance(result, LaneResult):
            starting = members.starting_accounts(result)
            return None if starting is None else ~starting
        size = self._book.of("account", result, self._facts).identities.shape[0]
        judged = np.zeros(size, np.bool_)
        if frame is None:
            # A lane that comes before all frames knows neither prices nor names: what was taken over would go unknown.
            return judged
        known = frame.inclusion != Inclusion.STARTING
        judged[: known.shape[0]] = known
        for entry, included in zip(result.entries, result.inclusion.tolist(), strict=True):
            judged[entry.row] = included != Inclusion.STARTING
        return judged

"""The subjects of every scope, kept from one moment to the next."""

from collections.abc import Sequence

import numpy as np

from marginwatch.book.names import Names
from marginwatch.book.table import CodeArray
from marginwatch.model.account import AccountSpec
from marginwatch.model.alert import Scope
from marginwatch.model.ids import AccountId
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.rules.column import Subjects
from marginwatch.rules.facts import Facts
from marginwatch.rules.measures.facts import SERVICE, channels
from marginwatch.rules.members import Members
from marginwatch.rules.subjects.accounts import AccountSubjects
from marginwatch.rules.subjects.assets import AssetSubjects
from marginwatch.rules.subjects.groups import GroupSubjects
from marginwatch.rules.subjects.positions import PositionSubjects
from marginwatch.rules.subjects.single import NamedSubjects


class SubjectBook:
    """Remembers whose each row is; one for the life of the rules.

    Attributes
    ----------
    members : Members
        Who belongs to what in the latest frame.
    """

    def __init__(self) -> None:
        self.members = Members()
        self._ids: Names[AccountId] = Names()
        self._identities: CodeArray = np.zeros(0, np.int64)
        self._specs: list[AccountSpec | None] = []
        self._version = -2

    def see(self, result: Frame | LaneResult) -> None:
        """Take over the accounts of a result."""
        self.members.see(result)
        if isinstance(result, LaneResult):
            self._see_lane(result)
        elif result.book.groups_version != self._version:
            self._version = result.book.groups_version
            self._take(result.book.specs)

    def _take(self, specs: Sequence[AccountSpec | None]) -> None:
        self._specs = list(specs)
        codes = [0 if spec is None else self._ids.code(spec.account_id) for spec in specs]
        self._identities = np.array(codes, np.int64)

    def _see_lane(self, lane: LaneResult) -> None:
        """Learn of accounts that came since the last frame."""
        size = max((entry.row + 1 for entry in lane.entries), default=0)
        if size <= len(self._specs) and all(self._specs[entry.row] is entry.spec for entry in lane.entries):
            return
        specs = self._specs + [None] * (size - len(self._specs))
        for entry in lane.entries:
            specs[entry.row] = entry.spec
        self._take(specs)

    def of(self, scope: Scope, result: Frame | LaneResult, facts: Facts) -> Subjects:
        """Return the subjects of a scope; before the first frame there are none but accounts."""
        frame = self.members.frame
        if scope == "account":
            lane = result if isinstance(result, LaneResult) else None
            return AccountSubjects(self._identities, self._specs, frame, lane)
        if scope == "service":
            return NamedSubjects("service", (SERVICE,), (SERVICE,))
        if scope == "channel":
            known = channels(facts)
            return NamedSubjects("channel", self.members.names("channel", known), known)
        if frame is None:
            return NamedSubjects(scope, (), ())
        if scope == "position":
            return PositionSubjects(frame)
        return AssetSubjects(frame) if scope == "asset" else GroupSubjects(scope, frame, self.members)

"""Who belongs to what, and whose data are not fresh: what measures and subjects look up, kept from one moment to the next."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias, TypeVar, cast

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.risk.group_measures import GroupMeasures, measure_groups, summable
from marginwatch.risk.measures.exposure import counted
from marginwatch.risk.measures.freshness import Inclusion

T = TypeVar("T")

GroupScope: TypeAlias = Literal["portfolio", "venue", "desk", "tag"]

PORTFOLIO = "all"
"""Name of the one portfolio."""

DOUBTED = np.zeros(len(Inclusion), np.bool_)
DOUBTED[[Inclusion.STALE, Inclusion.LOST, Inclusion.STOPPED]] = True
"""By :class:`Inclusion`: numbers of such accounts are made from data that are not fresh."""

AWAITED = np.zeros(len(Inclusion), np.bool_)
AWAITED[[Inclusion.STALE, Inclusion.LOST]] = True
"""By :class:`Inclusion`: totals are partial while such an account is missing; a stopped one is missing for good."""

RECKONED = AWAITED.copy()
RECKONED[Inclusion.INCLUDED] = True
"""By :class:`Inclusion`: what such accounts hold is known, of some from before they were not heard any more."""


class Members:
    """Accounts and groups of the latest frame, with what was worked out of them once.

    Attributes
    ----------
    frame : Frame or None
        The latest; None before the first.
    account_rows : dict of AccountId to int
        Row of each account in the book.
    tag_accounts, tags : ndarray of shape (n_members,), int64
        Row of an account and code of one of its tags.
    """

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self.account_rows: dict[AccountId, int] = {}
        self.tag_accounts: CodeArray = np.zeros(0, np.int64)
        self.tags: CodeArray = np.zeros(0, np.int64)
        self._version = -2
        self._named: dict[str, dict[str, None]] = {}
        self._memo: dict[str, tuple[tuple[object, ...], object]] = {}
        self._blanks: dict[tuple[int, int], tuple[FloatArray, AnswerArray]] = {}

    def see(self, result: Frame | LaneResult) -> None:
        """Take over a new frame; a lane result tells nothing that is kept."""
        if isinstance(result, LaneResult) or result is self.frame:
            return
        self.frame = result
        if result.book.groups_version != self._version:
            self._version = result.book.groups_version
            self._count(result)

    def _count(self, frame: Frame) -> None:
        specs = [(row, spec) for row, spec in enumerate(frame.book.specs) if spec is not None]
        self.account_rows = {spec.account_id: row for row, spec in specs}
        codes = {name: code for code, name in enumerate(frame.tag_names)}
        pairs = [(row, codes[tag]) for row, spec in specs for tag in dict.fromkeys(spec.tags)]
        table = np.array(pairs, np.int64).reshape(-1, 2)
        self.tag_accounts, self.tags = table[:, 0].copy(), table[:, 1].copy()

    def names(self, scope: str, known: Iterable[str]) -> list[str]:
        """Return all names ever known in a scope without a table, in the order of their rows."""
        named = self._named.setdefault(scope, {})
        named.update(dict.fromkeys(known))
        return list(named)

    def once(self, name: str, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what ``make`` made last under a name, or make it anew if any part of the key is another object or number."""
        known = self._memo.get(name)
        if known is not None and _is_same(known[0], key):
            return cast("T", known[1])
        made = make()
        self._memo[name] = (key, made)
        return made

    def blank(self, size: int, answer: Answer) -> tuple[FloatArray, AnswerArray]:
        """Return columns without any number, all with one answer; to be read only."""
        known = self._blanks.get((0, answer))
        if known is None or known[0].shape[0] < size:
            room = max(64, size * 5 // 4)
            known = self._blanks[0, answer] = (np.full(room, np.nan), np.full(room, answer, np.uint8))
        return known[0][:size], known[1][:size]

    def doubted(self, result: Frame | LaneResult) -> BoolArray | None:
        """Return which accounts of a result are not heard as they should be, by its columns; None if all are."""
        return self.once("doubted", (result,), lambda: _any(DOUBTED[result.inclusion]))

    def doubted_positions(self, frame: Frame) -> BoolArray | None:
        """Return which positions belong to such accounts, by row; None if none do."""
        accounts = self.doubted(frame)
        if accounts is None:
            return None
        return self.once("doubted positions", (frame,), lambda: _any(accounts.take(frame.book.account)))

    def groups(self, scope: GroupScope, frame: Frame) -> GroupMeasures:
        """Return the sums that rules judge: of the accounts that count and of those that are awaited, at live marks.

        The totals that people see leave out whoever is stale or lost. By these a hedge would come undone because one of
        its legs is not heard, and a crash would be seen by nobody while the venue's private side stands still.
        """
        if self.n_awaited(scope, frame) is None:
            return groups_of(scope, frame)
        block = self.once("summable", (frame,), lambda: summable(frame.accounts))
        rows, codes = self.members(scope, frame)
        size, counts = len(names_of(scope, frame)), RECKONED[frame.inclusion]
        return self.once(
            f"groups {scope}", (frame,), lambda: measure_groups(block, rows, codes, size, counts)
        )

    def starting_accounts(self, result: Frame | LaneResult) -> BoolArray | None:
        """Return which accounts were never heard completely; None if all were."""
        return self.once("starting", (result,), lambda: _any(result.inclusion == Inclusion.STARTING))

    def members(self, scope: GroupScope, frame: Frame) -> tuple[CodeArray, CodeArray]:
        """Return pairs of an account's row and the code of its group."""
        if scope == "tag":
            return self.tag_accounts, self.tags
        everyone = np.flatnonzero(frame.inclusion != Inclusion.NONE)
        if scope == "portfolio":
            return everyone, np.ones(everyone.shape[0], np.int64)
        codes = frame.book.account_desk if scope == "desk" else frame.book.account_venue
        return everyone, codes[everyone]

    def n_of(self, scope: GroupScope, frame: Frame, kinds: BoolArray) -> CodeArray:
        """Return how many accounts of each group are of some kinds of inclusion (by code), shape (n_groups,)."""
        size = len(names_of(scope, frame))
        rows, groups = self.members(scope, frame)
        return counted(groups[kinds[frame.inclusion[rows]]], size).astype(np.int64)

    def n_awaited(self, scope: GroupScope, frame: Frame) -> CodeArray | None:
        """Return how many accounts of each group are stale or lost; None if nobody is."""
        if not self.once("awaited", (frame,), lambda: bool(AWAITED[frame.inclusion].any())):
            return None
        return self.once(f"awaited {scope}", (frame,), lambda: self.n_of(scope, frame, AWAITED))

    def n_starting(self, scope: GroupScope, frame: Frame) -> CodeArray | None:
        """Return how many accounts of each group were never heard; None if all were."""
        if self.starting_accounts(frame) is None:
            return None
        kinds = np.arange(len(Inclusion)) == Inclusion.STARTING
        return self.once(f"starting {scope}", (frame,), lambda: self.n_of(scope, frame, kinds))


def groups_of(scope: GroupScope, frame: Frame) -> GroupMeasures:
    """Return the sums of a frame by a kind of group."""
    return {"portfolio": frame.portfolio, "venue": frame.venues, "desk": frame.desks, "tag": frame.tags}[
        scope
    ]


def names_of(scope: GroupScope, frame: Frame) -> list[Any]:
    """Return the names of the groups of a kind by code, None for *none*."""
    if scope == "portfolio":
        return [None, PORTFOLIO]
    return {"venue": frame.venue_names, "desk": frame.desk_names, "tag": frame.tag_names}[scope]


def _any(mask: BoolArray) -> BoolArray | None:
    return mask if mask.any() else None


def _is_same(known: tuple[object, ...], key: tuple[object, ...]) -> bool:
    if len(known) != len(key):
        return False
    return all(
        a is b or (isinstance(a, int) and isinstance(b, int) and a == b)
        for a, b in zip(known, key, strict=True)
    )

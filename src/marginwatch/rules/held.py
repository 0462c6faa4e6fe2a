"""Alerts that are pending or firing: an object each, and the numbers that evaluation compares as columns beside them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.alert import Alert

if TYPE_CHECKING:
    from marginwatch.rules.watch import Watch

NEVER_NS = (1 << 63) - 1


@dataclass(slots=True, eq=False)
class Held:
    """One alert that is not at rest.

    Parameters
    ----------
    watch : Watch
        The rule at work.
    row, identity : int
        Whose.
    alert : Alert
        As last told.
    rung : int
        Where the value is on the ladder now, 0 within bounds.
    level : int
        The rung of the alert, which follows ``rung`` at once upwards and in time downwards.
    is_firing : bool
        Or pending.
    due_ns : int
        When time alone changes it, as long as it is not paused.
    paused_from_ns : int
        Its timers rest since; 0 if they do not.
    is_unknown, is_resting : bool
        Its data are missing; it is not judged.
    below_since_ns, below_peak : int
        Since when the value is below the alert's level, and the highest rung it had since; 0 if it is not.
    clear_since_ns : int
        Since when it is within bounds; 0 if it is not.
    slot : int
        Its place in the columns.
    settle_ns : int
        Taken over from before a restart: how long it stands as it was, from when it may first be judged, without a number.
    """

    watch: "Watch"
    row: int
    identity: int
    alert: Alert
    rung: int
    level: int
    is_firing: bool
    due_ns: int = NEVER_NS
    paused_from_ns: int = 0
    is_unknown: bool = False
    is_resting: bool = False
    below_since_ns: int = 0
    below_peak: int = 0
    clear_since_ns: int = 0
    slot: int = -1
    settle_ns: int = 0

    def set_back(self, by_ns: int) -> None:
        """Take a step of the clock off every timer; when it fired and began stays as it was told."""
        if self.due_ns != NEVER_NS:
            self.due_ns -= by_ns
        for name in ("paused_from_ns", "below_since_ns", "clear_since_ns"):
            if (at_ns := getattr(self, name)) > 0:
                setattr(self, name, at_ns - by_ns)


class HeldTable:
    """The columns of what one view holds, without gaps; :meth:`write` after each change of an entry."""

    up: FloatArray
    down: FloatArray
    out: FloatArray
    value: FloatArray
    row: CodeArray
    identity: CodeArray
    due_ns: CodeArray
    value_at_ns: CodeArray
    settle_ns: CodeArray
    settled_ns: CodeArray
    severity: CodeArray
    severity_above: CodeArray
    is_unknown: BoolArray
    is_resting: BoolArray

    def __init__(self) -> None:
        self.entries: list[Held] = []
        self.per_row: CodeArray = np.zeros(0, np.int64)
        self._capacity = 0
        self._n_restored = 0
        self._grow(8)

    def __len__(self) -> int:
        return len(self.entries)

    def _grow(self, capacity: int) -> None:
        for names, dtype in ((FLOATS, np.float64), (CODES, np.int64), (FLAGS, np.bool_)):
            for name in names:
                wider = np.zeros(capacity, dtype)
                if self._capacity:
                    wider[: self._capacity] = getattr(self, name)
                setattr(self, name, wider)
        self._capacity = capacity

    def widen(self, size: int) -> None:
        """Make room for so many rows in ``per_row``, which counts what each row has here."""
        self.per_row = np.pad(self.per_row, (0, size - len(self.per_row)))

    def add(self, held: Held, value: float, value_at_ns: int) -> None:
        """Take one in, with its value as last known (NaN: none)."""
        if len(self.entries) == self._capacity:
            self._grow(2 * self._capacity)
        held.slot = len(self.entries)
        self.entries.append(held)
        self.value[held.slot] = value
        self.value_at_ns[held.slot] = value_at_ns
        self.settle_ns[held.slot], self.settled_ns[held.slot] = held.settle_ns, 0
        self._n_restored += held.settle_ns > 0
        self.write(held)
        self.per_row[held.row] += 1
        held.watch.take(held.row, held.rung)

    def drop(self, held: Held) -> None:
        """Let one go; the last takes its place."""
        last = self.entries.pop()
        if last is not held:
            for name in (*FLOATS, *CODES, *FLAGS):
                column = getattr(self, name)
                column[held.slot] = column[last.slot]
            last.slot = held.slot
            self.entries[held.slot] = last
        held.slot = -1
        self._n_restored -= held.settle_ns > 0
        self.per_row[held.row] -= 1
        held.watch.release(held.row)

    def settling(self, at: slice | CodeArray, is_lost: BoolArray, now_ns: int) -> BoolArray | None:
        """Return which of some entries still stand as they were kept, though their number is not there; None if none do.

        Parameters
        ----------
        at : slice or ndarray of int64
            Which are spoken of.
        is_lost : ndarray of bool
            Those that may be judged and have no number: their time begins to run.
        now_ns : int
            Now.
        """
        if not self._n_restored:
            return None
        patience = self.settle_ns[at]
        waits = is_lost & self.is_resting[at] & ~self.is_unknown[at] & (patience > 0)
        until_ns = self.settled_ns[at]
        begun = np.where(waits & (until_ns == 0), now_ns + patience, until_ns)
        self.settled_ns[at] = begun
        return waits & (now_ns < begun)

    def set_back(self, by_ns: int) -> None:
        """Take a step of the clock off what is still waited for."""
        self.settled_ns[self.settled_ns > 0] -= by_ns

    def last_known(self, held: Held) -> Alert:
        """Return the alert of an entry with the last value that it had."""
        value = float(self.value[held.slot])
        return replace(
            held.alert,
            value=None if math.isnan(value) else value,
            value_at_ns=int(self.value_at_ns[held.slot]),
        )

    def is_in(self, identities: CodeArray, held: Held) -> bool:
        """Return whether an entry was judged in a source with these subjects."""
        is_there = held.row < len(identities) and identities[held.row] == held.identity
        return bool(is_there) and not (held.is_unknown or held.is_resting)

    def seen(self, identities: CodeArray) -> Iterator[tuple[Held, float | None, int, bool]]:
        """Give each entry with its last value and when that was, and whether it was judged in a source with these subjects.

        As :meth:`last_known` and :meth:`is_in` say of one: of thousands at once, so that asking for all stays cheap.
        """
        count = len(self.entries)
        row, value = self.row[:count], self.value[:count]
        is_known = row < len(identities)
        is_there = np.zeros(count, np.bool_)
        is_there[is_known] = identities[row[is_known]] == self.identity[:count][is_known]
        is_there &= ~(self.is_unknown[:count] | self.is_resting[:count])
        values: list[float | None] = value.tolist()
        for place in np.flatnonzero(np.isnan(value)).tolist():
            values[place] = None
        yield from zip(
            self.entries, values, self.value_at_ns[:count].tolist(), is_there.tolist(), strict=True
        )

    def write(self, held: Held) -> None:
        """Bring the columns up to date with an entry."""
        at, ladder = held.slot, held.watch.ladder
        self.up[at] = ladder.up(held.rung)
        self.down[at] = ladder.down(held.rung)
        self.out[at] = ladder.out(held.rung)
        self.row[at] = held.row
        self.identity[at] = held.identity
        self.due_ns[at] = NEVER_NS if held.paused_from_ns else held.due_ns
        self.severity[at] = held.alert.severity
        self.severity_above[at] = ladder.severity_above(held.rung)
        self.is_unknown[at] = held.is_unknown
        self.is_resting[at] = held.is_resting
        held.watch.is_out[held.row] = held.rung > 0


FLOATS = ("up", "down", "out", "value")
CODES = (
    "row",
    "identity",
    "due_ns",
    "value_at_ns",
    "settle_ns",
    "settled_ns",
    "severity",
    "severity_above",
)
FLAGS = ("is_unknown", "is_resting")

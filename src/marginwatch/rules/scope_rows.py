"""The rows of a scope: whose each is, since when, and who was looked at by name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.model.alert import Scope

NOBODY = -1


class ScopeRows:
    """Whose rows were when they were last looked at.

    Parameters
    ----------
    scope : Scope
        Which scope.

    Attributes
    ----------
    identities : ndarray of shape (size,), int64
        As last taken over; a row whose identity changed waits here until nothing of the old one is left.
    since_ns : ndarray of shape (size,), int64
        When each was.
    is_looked : ndarray of shape (size,), bool
        Whether its labels were read, where somebody needs them.
    owner : ndarray of shape (size,), int64
        To whom missing data of the row are told, −1 if nobody asked yet.
    rows : ndarray of int64 or None
        What the present source speaks of.
    is_judged : ndarray of shape (size,), bool
        The rows that may be judged now: alive, taken over, looked at, heard of.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope: Scope = scope
        self.size = 0
        self.identities: CodeArray = np.zeros(0, np.int64)
        self.since_ns: CodeArray = np.zeros(0, np.int64)
        self.is_looked: BoolArray = np.zeros(0, np.bool_)
        self.owner: CodeArray = np.zeros(0, np.int64)
        self.rows: CodeArray | None = None
        self.is_judged: BoolArray = np.zeros(0, np.bool_)
        self.are_names_needed = False
        self._position: CodeArray = np.zeros(0, np.int64)
        self._alive: BoolArray = np.zeros(0, np.bool_)
        self._has_unlooked = self._is_stale = True

    def widen(self, size: int) -> None:
        """Make room for so many rows."""
        more = size - self.size
        self.identities = np.pad(self.identities, (0, more))
        self.since_ns = np.pad(self.since_ns, (0, more))
        self.is_looked = np.pad(self.is_looked, (0, more))
        self.owner = np.pad(self.owner, (0, more), constant_values=NOBODY)
        self._position = np.pad(self._position, (0, more), constant_values=NOBODY)
        self._has_unlooked = self._is_stale = True
        self.size = size

    def changed(self, now: CodeArray, rows: CodeArray | None) -> CodeArray:
        """Return the rows, of those spoken of, that are somebody else's now; rows beyond ``now`` are nobody's."""
        if rows is None:
            if len(now) == self.size and np.array_equal(now, self.identities):
                return np.zeros(0, np.int64)
            return np.flatnonzero(self._full(now) != self.identities)
        # A lane speaks of living rows only.
        return rows[now[rows] != self.identities[rows]]

    def _full(self, column: NDArray[Any]) -> NDArray[Any]:
        """Return a column as long as the rows ever were: tables of names may become shorter, their columns be longer."""
        if len(column) >= self.size:
            return column[: self.size]
        return np.pad(column, (0, self.size - len(column)))

    def take_over(self, rows: CodeArray, now: CodeArray, now_ns: int) -> None:
        """Give rows to whom they belong now."""
        self.identities[rows] = self._full(now)[rows]
        self.since_ns[rows] = now_ns
        self.is_looked[rows] = False
        self.owner[rows] = NOBODY
        self._has_unlooked = self._is_stale = True

    def unlooked(self, rows: CodeArray | None, most: int) -> CodeArray:
        """Return rows whose labels nobody read yet though somebody needs them, at most so many."""
        if not (self.are_names_needed and self._has_unlooked):
            return np.zeros(0, np.int64)
        if rows is not None:
            return rows[(self.identities[rows] != 0) & ~self.is_looked[rows]][:most]
        found = np.flatnonzero((self.identities != 0) & ~self.is_looked)
        self._has_unlooked = len(found) > 0
        return found[:most]

    def looked(self, rows: CodeArray) -> None:
        """Note that the labels of rows were read."""
        self.is_looked[rows] = True
        self._is_stale = True

    @property
    def is_all_looked(self) -> bool:
        """Whether no living row is left whose name was not read."""
        return not ((self.identities != 0) & ~self.is_looked).any()

    def settle(self, judged: BoolArray | None, waiting: CodeArray) -> None:
        """Find out which rows may be judged now: not those ``waiting`` to be taken over."""
        if self._is_stale:
            self._alive = self.identities != 0
            if self.are_names_needed:
                self._alive &= self.is_looked
            self._is_stale = False
        self.is_judged = self._alive
        if judged is not None:
            self.is_judged = self._alive & self._full(judged)
        if len(waiting):
            self.is_judged = self.is_judged.copy()
            self.is_judged[waiting] = False

    def need_names(self) -> None:
        """Read all labels, from now on: somebody needs them."""
        self.are_names_needed = self._has_unlooked = self._is_stale = True

    def positions(self, wanted: CodeArray) -> CodeArray:
        """Return where in the columns of the present source rows are, −1 for those it does not speak of."""
        if self.rows is None:
            return wanted
        self._position[self.rows] = np.arange(len(self.rows))
        found = self._position[wanted]
        self._position[self.rows] = NOBODY
        return found

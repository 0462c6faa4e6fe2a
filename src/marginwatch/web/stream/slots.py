"""Which slot of a table each row of the book has, as long as its owner stays the same."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray

NOBODY: CodeArray = np.zeros(0, np.int64)


class Moved(NamedTuple):
    """Slots given back, and slots given out; a slot that changed its owner is in both."""

    gone: CodeArray
    new: CodeArray


class Slots:
    """Slots of one table.

    Attributes
    ----------
    rows : ndarray of shape (size,), int64
        Row of the book in each slot; 0, which is no row, in a slot that is free.
    """

    def __init__(self) -> None:
        self.rows: CodeArray = NOBODY
        self._owners: CodeArray = NOBODY
        self._wanted: CodeArray = NOBODY
        self._wanted_owners: CodeArray = NOBODY

    @property
    def size(self) -> int:
        """The number of slots, free ones included."""
        return self.rows.shape[0]

    def update(self, wanted: CodeArray, owners: CodeArray) -> Moved:
        """Give slots to the rows that are wanted now and take them from all others. Cost: linear in both, no loop.

        Parameters
        ----------
        wanted : ndarray of shape (n,), int64
            Rows of the book, each once, none of them 0.
        owners : ndarray of shape (n,), int64
            Who each of them is: a number never given twice.
        """
        if np.array_equal(wanted, self._wanted) and np.array_equal(owners, self._wanted_owners):
            return Moved(NOBODY, NOBODY)
        self._wanted, self._wanted_owners = wanted, owners
        n_book = int(max(wanted.max(initial=0), self.rows.max(initial=0))) + 1
        owner_of: CodeArray = np.full(n_book, -1)
        owner_of[wanted] = owners
        is_gone = (self.rows > 0) & (owner_of[self.rows] != self._owners)
        gone = np.flatnonzero(is_gone)
        self.rows[gone] = 0
        has_slot = np.zeros(n_book, np.bool_)
        has_slot[self.rows] = True
        arriving = wanted[~has_slot[wanted]]
        new = self._free(arriving.shape[0])
        self.rows[new], self._owners[new] = arriving, owner_of[arriving]
        return Moved(gone, new)

    def _free(self, count: int) -> CodeArray:
        """Return free slots, the first ones, and new ones where they do not suffice."""
        free = np.flatnonzero(self.rows == 0)
        if (lacking := count - free.shape[0]) > 0:
            self.rows = np.concatenate((self.rows, np.zeros(lacking, np.int64)))
            self._owners = np.concatenate((self._owners, np.zeros(lacking, np.int64)))
            free = np.flatnonzero(self.rows == 0)
        return free[:count]

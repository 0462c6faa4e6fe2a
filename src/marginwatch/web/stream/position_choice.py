"""Which positions a topic shows: those of the names asked for, and of too many the largest."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.model.instrument import Instrument
from marginwatch.risk.frame import Frame
from marginwatch.web.stream.filters import Filter, account_mask

ROWS_MAX = 10_000
CHOOSE_EVERY_NS = 1_000_000_000


class PositionChoice:
    """Open positions of one topic.

    Parameters
    ----------
    wanted : Filter
        Names asked for.
    rows_max : int
        Of more positions the largest by USD delta are shown, those without a price first.

    Attributes
    ----------
    version : int
        Changes whenever names, groups or contracts do: whatever is kept of them is to be read again.
    """

    def __init__(self, wanted: Filter, rows_max: int = ROWS_MAX) -> None:
        self.version = 0
        self._wanted = wanted
        self._rows_max = rows_max
        self._groups_version = -1
        self._instruments: list[Instrument | None] = []
        self._is_account: BoolArray = np.zeros(0, np.bool_)
        self._is_contract: BoolArray | None = None
        self._chosen: CodeArray = np.zeros(0, np.int64)
        self._chosen_at_ns = 0

    def rows(self, frame: Frame) -> tuple[CodeArray, int]:
        """Return the rows of the book to show, and how many more there are."""
        book = frame.book
        self._notice_names(frame)
        is_open = book.quantity != 0.0
        is_open &= self._is_account.take(book.account)
        if self._is_contract is not None:
            is_open &= self._is_contract.take(book.instrument)
        rows = np.flatnonzero(is_open)
        if rows.shape[0] <= self._rows_max:
            self._chosen_at_ns = 0
            return rows, 0
        if not 0 <= frame.at_ns - self._chosen_at_ns < CHOOSE_EVERY_NS:
            self._chosen, self._chosen_at_ns = self._largest(frame, rows), frame.at_ns
        shown = self._chosen[is_open.take(self._chosen)]
        return shown, rows.shape[0] - shown.shape[0]

    def _largest(self, frame: Frame, rows: CodeArray) -> CodeArray:
        size = np.nan_to_num(np.abs(frame.rows.exposure_usd.take(rows)), nan=np.inf)
        return np.sort(rows[np.argpartition(-size, self._rows_max)[: self._rows_max]])

    def _notice_names(self, frame: Frame) -> None:
        book = frame.book
        is_new = book.groups_version != self._groups_version
        if is_new or self._is_account.shape[0] != len(book.specs):
            self._groups_version = book.groups_version
            self._is_account = account_mask(book.specs, self._wanted)
            self.version += 1
        # Equal texts are equal, whichever struct they stand in; that the structs are the same is found out first.
        if book.instruments != self._instruments:
            self._instruments = list(book.instruments)
            self.version += 1
            if self._wanted.asset is not None:
                self._is_contract = np.array(
                    [one is not None and self._wanted.has_asset(one) for one in book.instruments], np.bool_
                )

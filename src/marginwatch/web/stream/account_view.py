"""The accounts of one topic, picked out of those of all topics."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.risk.frame import Frame
from marginwatch.web.stream.account_source import COLUMNS, AccountSource, AccountTexts
from marginwatch.web.stream.filters import Filter, account_mask
from marginwatch.web.stream.slots import Slots
from marginwatch.web.stream.tables import Look


class AccountView:
    """The accounts of one topic.

    Parameters
    ----------
    source : AccountSource
        All accounts; it looks at each frame once, whoever asks.
    wanted : Filter
        Names asked for.
    """

    columns = COLUMNS

    def __init__(self, source: AccountSource, wanted: Filter) -> None:
        self._source = source
        self._wanted = wanted
        self._groups_version = -1
        self._is_wanted: BoolArray = np.zeros(0, np.bool_)
        self._slots = Slots()
        self._texts: list[AccountTexts | None] = []
        self._versions: CodeArray = np.zeros(0, np.int64)

    @property
    def source(self) -> object:
        """What several views look with: while one looks in a thread, the others wait."""
        return self._source

    def is_slow(self, frame: Frame) -> bool:
        """Return whether :meth:`prepare` may take long."""
        return self._source.is_slow(frame)

    def prepare(self, frame: Frame) -> int:
        """Begin to look; return of how many rows the texts are still to be made."""
        return self._source.prepare(frame)

    def look(self, frame: Frame) -> Look:
        """Return the accounts in a frame."""
        source, book = self._source, frame.book
        source.look(frame)
        if book.groups_version != self._groups_version or self._is_wanted.shape[0] != len(book.specs):
            self._groups_version = book.groups_version
            self._is_wanted = account_mask(book.specs, self._wanted)
        wanted = np.flatnonzero(self._is_wanted & source.is_there[: len(book.specs)])
        moved = self._slots.update(wanted, source.owner[wanted])
        rows = self._slots.rows
        lacking = rows.shape[0] - len(self._texts)
        self._texts.extend([None] * lacking)
        self._versions = np.concatenate((self._versions, np.zeros(lacking, np.int64)))
        for slot in moved.gone.tolist():
            self._texts[slot] = None
        self._versions[moved.new] = -1
        is_free = rows == 0
        versions = source.text_version[rows]
        renewed = np.flatnonzero((versions != self._versions) & ~is_free)
        self._versions = versions
        for slot in renewed.tolist():
            self._texts[slot] = source.texts[int(rows[slot])]
        values = source.values.take(rows, axis=1)
        values[:, is_free] = np.nan
        return Look(
            values=values,
            texts=self._texts,
            gone=moved.gone,
            renewed=renewed,
            n_rows=wanted.shape[0],
            n_left_out=0,
        )

"""A table as its subscribers have it: what changed since the last message, and all of it for whoever lost the thread."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.frame import Frame
from marginwatch.web.stream.wire import BlockHead, RowChanges, TableHead, changed, encode, whole

WHOLE_TAKES_S = 0.003
SHARE_OF_TIME = 0.05
"""If writing down all of a table takes longer, then so much of the time is spent on it at most."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A table at one moment.

    Parameters
    ----------
    values : ndarray of shape (n_columns, size), float64
        Contiguous, NaN in slots without a row. Read until the look after the next.
    texts : list of Struct or None
        Of the row in each slot; the same list every time.
    gone, renewed : ndarray of int64
        Slots given back since the last look; slots whose texts are others.
    n_rows, n_left_out : int
        As in :class:`marginwatch.web.stream.wire.TableHead`.
    """

    values: FloatArray
    texts: Sequence[msgspec.Struct | None]
    gone: CodeArray
    renewed: CodeArray
    n_rows: int
    n_left_out: int


class TableView(Protocol):
    """What looks at frames for one topic."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of the numbers."""
        ...

    def look(self, frame: Frame) -> Look:
        """Return the table in a frame."""
        ...


class TableFeed:
    """One table with its sequence.

    Parameters
    ----------
    topic : str
        As it is subscribed to.
    view : TableView
        What looks at frames.
    asked : mapping of str to str
        The names that it is filtered by.
    monotonic_s : callable
        Seconds that never go back.

    Attributes
    ----------
    sequence : int
        Of the last message; 0 before the first.
    seen : int
        Sequence of the last frame looked at; 0 before the first.
    """

    def __init__(
        self,
        topic: str,
        view: TableView,
        asked: Mapping[str, str] | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.topic = topic
        self.asked = asked or {}
        self.sequence = 0
        self.seen = 0
        self._now_s = monotonic_s
        self._whole_next_at_s = float("-inf")
        self._view = view
        self._last: Look | None = None
        self._at_ns = 0
        self._change: bytes = b""
        self._whole: tuple[int, bytes] = (0, b"")

    def hear(self, frame: Frame) -> bool:
        """Look at a frame; return whether there is a message to send."""
        now, before = self._view.look(frame), self._last
        self.seen = frame.sequence
        self._last, self._at_ns = now, frame.at_ns
        if before is None:
            self.sequence = 1
            return True
        blocks = changed(self._view.columns, _grown(before.values, now.values.shape[1]), now.values)
        renewed: list[int] = now.renewed.tolist()
        if not blocks and not renewed and not now.gone.shape[0] and _counts(before) == _counts(now):
            return False
        rows = RowChanges(_rows(now.texts, renewed), now.gone.tolist())
        self.sequence += 1
        head = self._head(now, self.sequence - 1, rows, [block.head() for block in blocks])
        self._change = encode(head, blocks)
        return True

    @property
    def size(self) -> int:
        """The number of slots."""
        return 0 if self._last is None else self._last.values.shape[1]

    def is_ready(self, has: int | None) -> bool:
        """Return whether :meth:`message` may be asked for now.

        All of a long table takes so long to write down that it is done for some frames only, however often it is wanted.
        """
        if self._last is None or self._is_short(has) or self._whole[0] == self.sequence:
            return True
        return self._now_s() >= self._whole_next_at_s

    def _is_short(self, has: int | None) -> bool:
        return has == self.sequence or (has is not None and has == self.sequence - 1 and self.sequence > 1)

    def message(self, has: int | None) -> bytes | None:
        """Return what brings a client up to date that has sequence ``has``, None for nothing; None if it is."""
        if self._last is None or has == self.sequence:
            return None
        if self._is_short(has):
            return self._change
        if self._whole[0] != self.sequence:
            began_s = time.thread_time()
            self._whole = (self.sequence, self._encoded_whole(self._last))
            took_s = time.thread_time() - began_s
            if took_s > WHOLE_TAKES_S:
                self._whole_next_at_s = self._now_s() + took_s / SHARE_OF_TIME
        return self._whole[1]

    def _encoded_whole(self, now: Look) -> bytes:
        held = [slot for slot, texts in enumerate(now.texts) if texts is not None]
        blocks = whole(self._view.columns, now.values)
        rows = RowChanges(_rows(now.texts, held), ())
        return encode(self._head(now, None, rows, [block.head() for block in blocks]), blocks)

    def _head(self, now: Look, base: int | None, rows: RowChanges, blocks: Sequence[BlockHead]) -> TableHead:
        return TableHead(
            topic=self.topic,
            sequence=self.sequence,
            base=base,
            at_ns=self._at_ns,
            size=now.values.shape[1],
            n_rows=now.n_rows,
            n_left_out=now.n_left_out,
            rows=rows,
            blocks=blocks,
        )


def _counts(look: Look) -> tuple[int, int]:
    return look.n_rows, look.n_left_out


def _rows(texts: Sequence[msgspec.Struct | None], slots: Sequence[int]) -> list[tuple[int, msgspec.Struct]]:
    return [(slot, found) for slot in slots if (found := texts[slot]) is not None]


def _grown(values: FloatArray, size: int) -> FloatArray:
    """Return the numbers before with as many slots as now."""
    if values.shape[1] == size:
        return values
    grown = np.full((values.shape[0], size), np.nan)
    grown[:, : values.shape[1]] = values
    return grown

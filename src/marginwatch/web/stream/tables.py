"""A table as its subscribers have it: what changed since the last message, and all of it for whoever lost the thread."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.frame import Frame
from marginwatch.web.stream.wire import Block, RowChanges, TableHead, changed, encode, whole

WHOLE_TAKES_S = 0.003
SHARE_OF_TIME = 0.05
"""If writing down all of a table takes longer, then so much of the time is spent on it at most."""

FEW_ROWS = 250
"""So many texts are made, or written down, in some five to ten milliseconds on the loop; more of them in a thread."""

WHOLE_GOOD_S = 2.0
SHARE_BESIDE = 0.25
"""What a thread wrote down is sent to whoever comes within so many seconds, with all that has changed since right behind it;
and so much of the time is spent on writing tables down at most."""

BASES_MAX = 4
"""Moments of a long table from which a client can be brought up to date at once."""


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

    @property
    def source(self) -> object:
        """What it looks with: one of several views that share it looks at a time."""
        ...

    def is_slow(self, frame: Frame) -> bool:
        """Return whether :meth:`prepare` may take long."""
        ...

    def prepare(self, frame: Frame) -> int:
        """Begin to look; return of how many rows the texts are still to be made, of this very frame or a copy of it."""
        ...

    def look(self, frame: Frame) -> Look:
        """Return the table in a frame."""
        ...


class Base(msgspec.Struct, kw_only=True):
    """A long table as some clients have it, and which rows have changed since.

    Parameters
    ----------
    head : TableHead
        What a message with all of it says before rows and blocks.
    values : ndarray of shape (n_columns, size), float64
        Its own.
    texts : list of Struct or None
        Its own.
    gone, renewed : set of int
        Slots given back since; slots whose texts are others.
    """

    head: TableHead
    values: FloatArray
    texts: list[msgspec.Struct | None]
    gone: set[int]
    renewed: set[int]

    def message(self, columns: Sequence[str]) -> bytes:
        """Return all of it as a message; changes nothing and may run in a thread."""
        held = [slot for slot, texts in enumerate(self.texts) if texts is not None]
        return _message(self.head, _rows(self.texts, held), (), whole(columns, self.values))


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
    told : int
        Sequence that a client has with the last message asked for.
    is_busy : bool
        A thread looks at a frame for it: until that is done nothing may be asked of it.
    is_wanted : bool
        All of it is asked for, and too much to be written down on the loop.
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
        self.told = 0
        self.is_busy = False
        self.is_wanted = False
        self._now_s = monotonic_s
        self._whole_next_at_s = float("-inf")
        self._view = view
        self._last: Look | None = None
        self._at_ns = 0
        self._change: bytes = b""
        self._whole: tuple[int, bytes] = (0, b"")
        self._bases: dict[int, Base] = {}
        self._writing = 0

    @property
    def source(self) -> object:
        """What it looks with, as in :class:`TableView`."""
        return self._view.source

    def takes_long(self, frame: Frame) -> bool:
        """Return whether looking at a frame is for a thread; if not, it has begun."""
        return self._view.is_slow(frame) or self._view.prepare(frame) > FEW_ROWS

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
        gone: list[int] = now.gone.tolist()
        self.sequence += 1
        head = self._head(now, self.sequence - 1)
        self._change = _message(head, _rows(now.texts, renewed), gone, blocks)
        for base in self._bases.values():
            base.gone.update(gone)
            base.renewed.update(renewed)
        return True

    @property
    def size(self) -> int:
        """The number of slots."""
        return 0 if self._last is None else self._last.values.shape[1]

    def is_ready(self, has: int | None) -> bool:
        """Return whether :meth:`message` may be asked for now.

        All of a long table takes so long to write down that it is done for some frames only, however often it is wanted.
        """
        if self.is_busy:
            return False
        if self._last is None or self._is_short(has) or self._whole[0] == self.sequence or has in self._bases:
            return True
        if not self._is_long():
            return self._now_s() >= self._whole_next_at_s
        is_ready = self._whole[0] in self._bases and self._now_s() < self._whole_next_at_s
        self.is_wanted |= not is_ready
        return is_ready

    def _is_short(self, has: int | None) -> bool:
        return has == self.sequence or (has is not None and has == self.sequence - 1 and self.sequence > 1)

    def _is_long(self) -> bool:
        return self._last is not None and self._last.n_rows > FEW_ROWS

    def message(self, has: int | None) -> bytes | None:
        """Return what brings a client nearer that has sequence ``has``, None for nothing; None if it is up to date.

        With it the client has the sequence :attr:`told`, which may be less than the last one: then it is owed more.
        """
        self.told = self.sequence
        if self._last is None or has == self.sequence:
            return None
        if self._is_short(has):
            return self._change
        if (base := self._bases.get(has or 0)) is not None:
            return self._since(base, self._last)
        if self._is_long() and self._whole[0] in self._bases:
            self.told = self._whole[0]
        elif self._whole[0] != self.sequence:
            began_s = time.thread_time()
            self._whole = (self.sequence, self._base(self._last).message(self._view.columns))
            took_s = time.thread_time() - began_s
            if took_s > WHOLE_TAKES_S:
                self._whole_next_at_s = self._now_s() + took_s / SHARE_OF_TIME
        return self._whole[1]

    def _since(self, base: Base, now: Look) -> bytes:
        """Return everything that has changed since some moment, in one message."""
        blocks = changed(self._view.columns, _grown(base.values, now.values.shape[1]), now.values)
        n_then = len(base.texts)
        gone = [slot for slot in sorted(base.gone) if slot < n_then and base.texts[slot] is not None]
        rows = _rows(now.texts, sorted(base.renewed))
        # Who needs this once may read slowly, and need it again.
        self._keep(self._base(now))
        return _message(self._head(now, base.head.sequence), rows, gone, blocks)

    def begin_whole(self) -> Base | None:
        """Return what a thread is to write down, or None if that is not wanted, or not yet."""
        if not self.is_wanted or self.is_busy or self._last is None or self._now_s() < self._whole_next_at_s:
            return None
        self.is_wanted = False
        # Nobody begins another one meanwhile.
        self._whole_next_at_s = float("inf")
        base = self._base(self._last)
        self._writing = base.head.sequence
        self._keep(base)
        return base

    def write_whole(self, base: Base) -> tuple[int, bytes]:
        """Return a moment of the table as a message with its sequence; for a thread."""
        return base.head.sequence, base.message(self._view.columns)

    def end_whole(self, written: tuple[int, bytes]) -> None:
        """Take over what a thread has written down, for whoever comes soon."""
        self._whole = written
        self._whole_next_at_s = self._now_s() + WHOLE_GOOD_S

    def _base(self, now: Look) -> Base:
        values, texts = now.values.copy(), list(now.texts)
        return Base(head=self._head(now, None), values=values, texts=texts, gone=set(), renewed=set())

    def _keep(self, base: Base) -> None:
        """Keep a moment, and of those before the last ones; what was written down stays of use as long as its moment."""
        self._bases[base.head.sequence] = base
        for sequence in sorted(self._bases)[:-BASES_MAX]:
            if sequence not in (self._whole[0], self._writing):
                del self._bases[sequence]

    def _head(self, now: Look, base: int | None) -> TableHead:
        return TableHead(
            topic=self.topic,
            sequence=self.sequence,
            base=base,
            at_ns=self._at_ns,
            size=now.values.shape[1],
            n_rows=now.n_rows,
            n_left_out=now.n_left_out,
            rows=RowChanges((), ()),
            blocks=(),
        )


def _message(
    head: TableHead,
    rows: Sequence[tuple[int, msgspec.Struct]],
    gone: Sequence[int],
    blocks: Sequence[Block],
) -> bytes:
    head = msgspec.structs.replace(
        head, rows=RowChanges(rows, gone), blocks=[block.head() for block in blocks]
    )
    return encode(head, blocks)


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

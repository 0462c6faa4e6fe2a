"""One message about a table as bytes: a header of JSON, then blocks of numbers; see ``docs/stream.md``."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.web.large_replies import ROWS_AT_ONCE, encoded

ALIGNMENT = 8
"""Blocks begin at multiples of so many bytes, so that readers may look at them in place."""

NUMBERS = np.dtype("<f8")
SLOTS = np.dtype("<u4")

SPECIAL: dict[Answer, float] = {
    Answer.MISSING: float("nan"),
    Answer.NONE_IN_RANGE: float("inf"),
    Answer.NOT_APPLICABLE: float("-inf"),
}
"""What stands for an answer that is no number."""

DENSE_FROM = 0.6
"""Share of a column's slots from which on sending all of them takes fewer bytes, or so few more that it is worth it."""

BlockKind = Literal["dense", "sparse"]


class BlockHead(msgspec.Struct, frozen=True):
    """What one block holds; the blocks follow in this order.

    Parameters
    ----------
    column : str
        Which column it is of.
    kind : {'dense', 'sparse'}
        Numbers of all slots in their order; or slots, and their numbers.
    count : int
        How many numbers.
    """

    column: str
    kind: BlockKind
    count: int


class RowChanges(msgspec.Struct, frozen=True):
    """What became of rows: those that are new or whose texts changed, as slot and texts; slots given back."""

    set: Sequence[tuple[int, msgspec.Struct]]
    gone: Sequence[int]


class TableHead(msgspec.Struct, frozen=True, kw_only=True):
    """The header.

    Parameters
    ----------
    topic : str
        As it was subscribed to.
    sequence : int
        Of this topic, rising by 1.
    base : int or None
        The sequence to which this message is to be applied; None: it replaces everything.
    at_ns : int
        The moment of the numbers, UTC nanoseconds.
    size : int
        Number of slots, those without a row included; it never falls but in a message that replaces everything.
    n_rows, n_left_out : int
        Rows in the table; rows that would be but for the limit of rows.
    rows : RowChanges
        First those gone, then those set.
    blocks : sequence of BlockHead
        What follows.
    """

    topic: str
    sequence: int
    base: int | None
    at_ns: int
    size: int
    n_rows: int
    n_left_out: int
    rows: RowChanges
    blocks: Sequence[BlockHead]


class Block(NamedTuple):
    """Numbers of one column: of all slots, or of ``slots``."""

    column: str
    values: FloatArray
    slots: "np.ndarray[tuple[int], np.dtype[np.uint32]] | None" = None

    def head(self) -> BlockHead:
        """Return what the header says of it."""
        return BlockHead(self.column, "dense" if self.slots is None else "sparse", self.values.shape[0])


_encoder = msgspec.json.Encoder()


def encode(head: TableHead, blocks: Sequence[Block]) -> bytes:
    """Return a message. Cost: each number is copied once.

    Parameters
    ----------
    head : TableHead
        Its ``blocks`` must be the heads of ``blocks``.
    blocks : sequence of Block
        Contiguous arrays.
    """
    # Thousands of texts some at a time: encoding holds the interpreter.
    text = _encoder.encode(head) if len(head.rows.set) <= ROWS_AT_ONCE else encoded(head)
    text += b" " * (-(4 + len(text)) % ALIGNMENT)
    parts: list[bytes | memoryview] = [len(text).to_bytes(4, "little"), text]
    for block in blocks:
        if block.slots is not None:
            slots = block.slots.astype(SLOTS, copy=False)
            parts.append(slots.data)
            if slots.shape[0] % 2:
                parts.append(b"\0\0\0\0")
        parts.append(block.values.astype(NUMBERS, copy=False).data)
    return b"".join(parts)


def whole(columns: Sequence[str], values: FloatArray) -> list[Block]:
    """Return all numbers of a table; ``values`` has shape (n_columns, size)."""
    return [Block(name, row) for name, row in zip(columns, values, strict=True)]


def changed(columns: Sequence[str], before: FloatArray, after: FloatArray) -> list[Block]:
    """Return the numbers that are others than before, bit by bit.

    Parameters
    ----------
    columns : sequence of str
        Names of the rows of both arrays.
    before, after : ndarray of shape (n_columns, size), float64
        Contiguous. Slots that are new have NaN before.
    """
    is_changed = before.view(np.int64) != after.view(np.int64)
    counts: list[int] = np.count_nonzero(is_changed, axis=1).tolist()
    size, blocks = after.shape[1], list[Block]()
    for place, count in enumerate(counts):
        if count >= size * DENSE_FROM and count:
            blocks.append(Block(columns[place], after[place]))
        elif count:
            slots = np.flatnonzero(is_changed[place])
            blocks.append(Block(columns[place], after[place].take(slots), slots.astype(SLOTS)))
    return blocks

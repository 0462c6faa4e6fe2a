"""What another program would write from ``docs/stream.md`` alone: a decoder of binary messages, and a copy of a table.

It shares nothing with the encoder.
"""

import json
import struct
from typing import Any


class OutOfStepError(Exception):
    """A change that does not follow upon what the copy has: ask for all of it."""


def decode(message: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, Any]]]:
    """Return the header and, for each column, its kind and its numbers (dense: list; sparse: dict by slot)."""
    (length,) = struct.unpack_from("<I", message, 0)
    head = json.loads(message[4 : 4 + length])
    place, blocks = 4 + length, {}
    for block in head["blocks"]:
        assert place % 8 == 0, f"{block['column']} begins at {place}"
        count = block["count"]
        if block["kind"] == "dense":
            blocks[block["column"]] = ("dense", list(struct.unpack_from(f"<{count}d", message, place)))
            place += 8 * count
        else:
            slots = struct.unpack_from(f"<{count}I", message, place)
            place += -(-4 * count // 8) * 8
            numbers = struct.unpack_from(f"<{count}d", message, place)
            blocks[block["column"]] = ("sparse", dict(zip(slots, numbers, strict=True)))
            place += 8 * count
    assert place == len(message), f"{len(message) - place} bytes are left over"
    return head, blocks


class Replica:
    """A copy of one table."""

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.at_ns = 0
        self.size = 0
        self.n_rows = 0
        self.n_left_out = 0
        self.texts: dict[int, dict[str, Any]] = {}
        self.columns: dict[str, list[float]] = {}

    def apply(self, message: bytes) -> None:
        """Take over a message."""
        head, blocks = decode(message)
        if head["base"] is None:
            self.texts, self.columns, self.size = {}, {}, 0
        elif head["base"] != self.sequence:
            raise OutOfStepError(f"has {self.sequence}, change is of {head['base']}")
        assert head["size"] >= self.size
        for column in self.columns.values():
            column.extend([float("nan")] * (head["size"] - self.size))
        self.size, self.sequence, self.at_ns = head["size"], head["sequence"], head["at_ns"]
        self.n_rows, self.n_left_out = head["n_rows"], head["n_left_out"]
        for slot in head["rows"]["gone"]:
            del self.texts[slot]
        for slot, texts in head["rows"]["set"]:
            self.texts[slot] = texts
        for name, (kind, numbers) in blocks.items():
            if kind == "dense":
                assert len(numbers) == self.size
                self.columns[name] = numbers
            else:
                for slot, number in numbers.items():
                    self.columns[name][slot] = number

    def rows(self) -> dict[int, dict[str, Any]]:
        """Return each row, its texts and its numbers together, by slot."""
        return {
            slot: texts | {name: column[slot] for name, column in self.columns.items()}
            for slot, texts in self.texts.items()
        }

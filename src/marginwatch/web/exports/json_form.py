"""Rows as one JSON object, as the read routes have them."""

from collections.abc import Sequence

import msgspec


class JsonParts:
    """One file: an object with ``rows``.

    Parameters
    ----------
    table : str
        Which rows.
    sequence : int or None
        Of the frame when it was asked for.
    taken_at_ns : int
        When, UTC nanoseconds.
    """

    def __init__(self, table: str, sequence: int | None, taken_at_ns: int) -> None:
        self._facts = {"table": table, "sequence": sequence, "taken_at_ns": taken_at_ns}
        self._has_rows = False

    def head(self) -> bytes:
        """Return what stands before the rows."""
        return msgspec.json.encode(self._facts)[:-1] + b',"rows":['

    def part(self, rows: Sequence[msgspec.Struct]) -> bytes:
        """Return some rows, with a comma before them unless they are the first."""
        body = msgspec.json.encode(rows)[1:-1]
        if self._has_rows and body:
            body = b"," + body
        self._has_rows = self._has_rows or bool(body)
        return body

    def tail(self) -> bytes:
        """Return the end of the object."""
        return b"]}\n"

"""Rows as CSV that a spreadsheet may open: no text in it is ever a formula."""

import re
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from marginwatch.web.exports.shapes import Column, plain

FORMULA = re.compile(r"[\s\x00-\x1f\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]")
"""How a text begins that some spreadsheet reads as a formula, wide forms of the signs among them."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")


class CsvParts:
    """One file; RFC 4180.

    Missing is an empty cell. Texts are quoted all of them, so that a semicolon or a tab begins no cell either, and get an
    apostrophe before them where a spreadsheet would take them for a formula; a plain number does not. Lists are joined by
    blanks, nested things are JSON, times UTC nanoseconds.

    Parameters
    ----------
    columns : sequence of Column
        Of all rows.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [(one.name, one.kind) for one in columns]

    def head(self) -> bytes:
        """Return the line of the columns' names."""
        return (",".join(name for name, _ in self._columns) + "\r\n").encode()

    def part(self, rows: Sequence[msgspec.Struct]) -> bytes:
        """Return a line for each row."""
        return "".join(
            ",".join([_cell(getattr(row, name), kind) for name, kind in self._columns]) + "\r\n"
            for row in rows
        ).encode("utf-8", "replace")

    def tail(self) -> bytes:
        """Return nothing: the last line ends the file."""
        return b""


def _cell(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "flag":
        return "true" if value else "false"
    if kind in ("number", "count", "moment"):
        return repr(value)
    if kind == "texts":
        return _quoted(" ".join(cast("Sequence[str]", value)))
    if kind == "object":
        return _quoted(msgspec.json.encode(value).decode()) if value else ""
    return _quoted(plain(value))


def _quoted(text: str) -> str:
    if FORMULA.match(text) and not NUMBER.match(text):
        text = f"'{text}"
    return f'"{text.replace(chr(34), chr(34) * 2)}"'

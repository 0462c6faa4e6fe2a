"""A table as bytes, piece by piece: rows are made and encoded some at a time, so that the loop is never held for long."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

import msgspec

from marginwatch.web.exports.csv_form import CsvParts
from marginwatch.web.exports.json_form import JsonParts
from marginwatch.web.exports.parquet_form import ParquetParts
from marginwatch.web.exports.shapes import columns_of
from marginwatch.web.exports.tables import Chunks

Form = Literal["csv", "json", "parquet"]
NS = 1_000_000_000

MEDIA: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


GROUP = 5_000
"""Rows of a group of a Parquet file: small ones would be read slowly."""


class Export(msgspec.Struct, frozen=True):
    """What a file says of itself.

    Parameters
    ----------
    table, form : str
        Which rows, in which form.
    shape : type
        Struct of the rows.
    sequence : int or None
        Of the frame they are of; None of what was stored.
    taken_at_ns : int
        When, UTC nanoseconds.
    """

    table: str
    form: Form
    shape: type[msgspec.Struct]
    sequence: int | None
    taken_at_ns: int

    @property
    def file_name(self) -> str:
        """What the file is called: table and UTC time."""
        at = dt.datetime.fromtimestamp(self.taken_at_ns // NS, dt.UTC)
        return f"marginwatch-{self.table}-{at:%Y%m%dT%H%M%SZ}.{self.form}"


class Parts(Protocol):
    """One file in some form, piece by piece; what it does is for a thread."""

    def head(self) -> bytes:
        """Return what stands before the rows."""
        ...

    def part(self, rows: Sequence[msgspec.Struct]) -> bytes:
        """Return some rows."""
        ...

    def tail(self) -> bytes:
        """Return what stands after them."""
        ...


def _parts(export: Export) -> Parts:
    columns = columns_of(export.shape)
    if export.form == "csv":
        return CsvParts(columns)
    if export.form == "json":
        return JsonParts(export.table, export.sequence, export.taken_at_ns)
    return ParquetParts(columns, {"table": export.table, "taken_at_ns": str(export.taken_at_ns)})


async def gathered(chunks: Chunks, size: int) -> Chunks:
    """Yield the rows of several chunks together, at least ``size`` but for the last."""
    rows: list[msgspec.Struct] = []
    async for some in chunks:
        rows += some
        if len(rows) >= size:
            yield rows
            rows = []
    if rows:
        yield rows


async def file_of(export: Export, chunks: Chunks) -> AsyncIterator[bytes]:
    """Yield the file."""
    parts = await asyncio.to_thread(_parts, export)
    if head := parts.head():
        yield head
    if export.form == "parquet":
        async for rows in gathered(chunks, GROUP):
            yield await asyncio.to_thread(parts.part, rows)
    else:
        async for rows in chunks:
            yield parts.part(rows)
    if tail := await asyncio.to_thread(parts.tail):
        yield tail

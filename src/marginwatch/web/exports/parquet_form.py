"""Rows as Parquet, by pyarrow where it is installed: typed columns, missing is null."""

import importlib
import io
from collections.abc import Sequence
from typing import Any

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.web.exports.shapes import Column, plain

REMEDY = "Parquet needs pyarrow: pip install 'marginwatch[parquet]', or take .csv or .json"


class NoParquetError(ConfigError):
    """pyarrow is not installed here."""


def require_parquet() -> None:
    """Raise if files cannot be written, before any row is made.

    Raises
    ------
    NoParquetError
        With the remedy.
    """
    _library("pyarrow")


def _library(name: str) -> Any:
    try:
        # It takes 100 ms and 60 MiB, and most never ask for it.
        return importlib.import_module(name)
    except ImportError:
        raise NoParquetError(REMEDY) from None


class ParquetParts:
    """One file, given away group by group; every call is for a thread.

    Parameters
    ----------
    columns : sequence of Column
        Of all rows.
    facts : dict of str to str
        Kept in the file beside them.
    """

    def __init__(self, columns: Sequence[Column], facts: dict[str, str]) -> None:
        arrow, parquet = _library("pyarrow"), _library("pyarrow.parquet")
        kinds: dict[str, Any] = {
            "text": arrow.string(),
            "texts": arrow.list_(arrow.string()),
            "number": arrow.float64(),
            "count": arrow.int64(),
            "flag": arrow.bool_(),
            "moment": arrow.timestamp("ns", tz="UTC"),
            "object": arrow.string(),
        }
        self._arrow = arrow
        self._columns = columns
        self._schema = arrow.schema([(one.name, kinds[one.kind]) for one in columns], metadata=facts)
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")

    def head(self) -> bytes:
        """Return the beginning of the file."""
        return self._sink.taken()

    def part(self, rows: Sequence[msgspec.Struct]) -> bytes:
        """Return the bytes that some rows make: a group of their own."""
        arrays = [
            self._arrow.array(
                [_value(getattr(row, one.name), one.kind) for row in rows], type=self._schema.types[place]
            )
            for place, one in enumerate(self._columns)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        return self._sink.taken()

    def tail(self) -> bytes:
        """Return the end of the file; nothing may come after it."""
        self._writer.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """What the writer takes for a file: it keeps what was not taken yet, and how much there was in all."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._position += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        """Return what was written since the last time, and forget it."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


def _value(value: Any, kind: str) -> Any:
    if value is None or kind in ("number", "count", "flag", "moment"):
        return value
    if kind == "texts":
        return list(value)
    if kind == "object":
        return msgspec.json.encode(value).decode() if value else None
    return plain(value)

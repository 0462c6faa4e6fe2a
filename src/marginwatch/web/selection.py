"""Filters and order of rows, the same for the API and for the commands."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, TypeVar, cast

import msgspec

from marginwatch.errors import ConfigError

Row = TypeVar("Row", bound=msgspec.Struct)

NAMES = ("account_id", "scenario", "scope", "dimension", "name", "instrument_id", "position_side")
"""Fields of all kinds of rows that tell one from the others, whatever the market does."""


def select(rows: Sequence[Row], **wanted: str | None) -> list[Row]:
    """Return the rows whose fields have the wanted values; None wants anything.

    A field that holds several values (tags) matches if one of them does. Letter case does not matter.

    Raises
    ------
    ConfigError
        If the rows have no such field.
    """
    conditions = {name: value.casefold() for name, value in wanted.items() if value is not None}
    for name in conditions:
        if rows and not hasattr(rows[0], name):
            raise ConfigError(f"these rows have no {name!r} to filter by")
    return [
        row for row in rows if all(_matches(getattr(row, name), value) for name, value in conditions.items())
    ]


def _matches(actual: object, wanted: str) -> bool:
    if isinstance(actual, str):
        return actual.casefold() == wanted
    if isinstance(actual, tuple):
        return any(str(one).casefold() == wanted for one in cast("tuple[object, ...]", actual))
    return False


def ordered(rows: Sequence[Row], by: str | None, shape: type[msgspec.Struct] | None = None) -> list[Row]:
    """Return the rows ordered by a field, ``-field`` for largest first; missing values come last either way.

    Rows alike in it are in the order of their names: of two frames, pages of one order must fit together.

    Raises
    ------
    ConfigError
        If the rows have no such field; without rows and ``shape``, the struct of the rows, nothing is judged.
    """
    shape = shape or (type(rows[0]) if rows else None)
    if by is None or shape is None:
        return list(rows)
    name = by.removeprefix("-")
    if name not in (known := [field.name for field in msgspec.structs.fields(shape)]):
        raise ConfigError(f"cannot sort by {name!r}; there are: {', '.join(known)}")

    def value(row: Row) -> Any:
        held: object = getattr(row, name)
        if isinstance(held, tuple):
            return " ".join(str(part) for part in cast("tuple[object, ...]", held))
        return str(cast("object", held)) if isinstance(held, dict) else held

    names = [one for one in NAMES if one in known]
    present = sorted((row for row in rows if value(row) is not None), key=value, reverse=by.startswith("-"))
    # Group by group: to sort all rows by all names would hold the interpreter for as long again.
    found = [row for _, alike in groupby(present, value) for row in _by_names(list(alike), names)]
    return found + _by_names([row for row in rows if value(row) is None], names)


def _by_names(rows: list[Row], names: Sequence[str]) -> list[Row]:
    if len(rows) < 2:
        return rows
    return sorted(rows, key=lambda row: "\0".join([str(getattr(row, name)) for name in names]))

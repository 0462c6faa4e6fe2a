"""Reads the JSON of a book file; every complaint names the row and the field."""

import math
import re
from pathlib import Path
from typing import Any, cast

import msgspec

from marginwatch.bookfile.rows import PASSED_OVER, SHAPES, BookFile, BookRow
from marginwatch.errors import ConfigError

FILE_BYTES_MAX = 1024 * 1024 * 1024
COMPLAINTS_MAX = 20
FORMAT = "marginwatch book 1"


def read_book_file(path: Path | str) -> BookFile:
    """Return the rows of a file.

    Parameters
    ----------
    path : Path or str
        A JSON object with lists of rows.

    Raises
    ------
    ConfigError
        If it cannot be read, or one line for each row that is wrong: file, row, field, remedy.
    """
    try:
        with Path(path).open("rb") as opened:
            body = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(body) > FILE_BYTES_MAX:
        raise ConfigError(f"{path}: longer than 1 GiB; this is not a book")
    return parse_book(body, str(path))


def parse_book(body: bytes, name: str) -> BookFile:
    """Return the rows of a book file's bytes; ``name`` stands in complaints. Raises as :func:`read_book_file`."""
    try:
        given: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigError(f"{name}: not JSON: {error}") from None
    if not isinstance(given, dict):
        raise ConfigError(f"{name}: must be one JSON object with lists such as positions and marks")
    return _Reader(name).book(cast("dict[str, Any]", given))


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.complaints: list[str] = []

    def book(self, given: dict[str, Any]) -> BookFile:
        lists: dict[str, list[Any]] = {}
        taken_at_ns: object = given.pop("taken_at_ns", None)
        if taken_at_ns is not None and (not isinstance(taken_at_ns, int) or taken_at_ns <= 0):
            self.refuse("taken_at_ns: must be UTC nanoseconds")
            taken_at_ns = None
        is_exported = "format" in given
        self._check_format(given.pop("format", FORMAT))
        if "account" in given and "accounts" not in given:
            one: object = given.pop("account")
            given["accounts"] = one if isinstance(one, list) else [] if one is None else [one]
        for key, rows in given.items():
            if key in SHAPES:
                lists[key] = self.rows(key, rows)
            elif key not in PASSED_OVER:
                self.refuse(f"{key!r} is no part of a book; there are: {', '.join(SHAPES)}, taken_at_ns")
        if self.complaints:
            more = len(self.complaints) - COMPLAINTS_MAX
            rest = [f"{self.name}: and {more} more"] if more > 0 else []
            raise ConfigError("\n".join(self.complaints[:COMPLAINTS_MAX] + rest))
        return BookFile(taken_at_ns=taken_at_ns, is_exported=is_exported, **lists)

    def _check_format(self, given: object) -> None:
        if given != FORMAT:
            self.refuse(f"format {given!r} is unknown; this version reads {FORMAT!r}")

    def rows(self, key: str, given: object) -> list[BookRow]:
        if not isinstance(given, list):
            self.refuse(f"{key}: must be a list of rows")
            return []
        found: list[BookRow] = []
        for number, row in enumerate(cast("list[object]", given)):
            place = f"{key}[{number}]"
            try:
                found.append(_with_texts(msgspec.convert(row, SHAPES[key]), place))
            except msgspec.ValidationError as error:
                self.refuse(_words(place, str(error)))
            except ValueError as error:
                self.refuse(str(error))
        return found

    def refuse(self, message: str) -> None:
        self.complaints.append(f"{self.name}: {message}")


def _words(place: str, message: str) -> str:
    """Return a complaint of the decoder with the place in our words."""
    problem, _, path = message.partition(" - at `$")
    field = path.rstrip("`")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", problem):
        return f"{place}{field}: lacks {missing[1]!r}"
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", problem):
        return f"{place}{field}: there is no field {unknown[1]!r}"
    return f"{place}{field}: {problem[:1].lower()}{problem[1:]}"


NO_NUMBERS = frozenset(
    {
        *(
            "venue",
            "account_id",
            "venue_symbol",
            "category",
            "instrument_kind",
            "settle_asset",
            "position_side",
        ),
        *("margin_mode", "status", "asset", "exchange", "owner", "desk", "account_type", "base_asset"),
        *("quote_asset", "underlying_asset", "option_kind", "order_id", "side", "coin", "coin"),
    }
)


COUNTS = frozenset({"tier", "adl_rank", "sequence", "funding_interval_s", "interval_s", "last_s"})
"""Whole numbers, and no decimal texts."""


def _with_texts(row: BookRow, place: str) -> BookRow:
    """Return the row with every number as a decimal text; ValueError if a text is none."""
    for name in row.__struct_fields__:
        value: object = getattr(row, name)
        if name in NO_NUMBERS or name.endswith("_ns") or isinstance(value, bool):
            continue
        if isinstance(value, str):
            _check_number(value, f"{place}.{name}")
        elif isinstance(value, int | float) and name not in COUNTS:
            setattr(row, name, _text(value, f"{place}.{name}"))
    return row


def _check_number(text: str, place: str) -> None:
    try:
        if math.isfinite(float(text)):
            return
    except ValueError:
        pass
    raise ValueError(
        f"{place}: {text[:40]!r} is not a decimal number; leave it out or write null if it is not known"
    )


def _text(value: float, place: str) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{place}: {value!r} is not a decimal number")
    return format(value, "f") if isinstance(value, int) else decimal_text(value)


def decimal_text(value: float) -> str:
    """Return a float as the shortest decimal text that reads back the same, without an exponent."""
    text = repr(float(value))
    if "e" not in text:
        return text.removesuffix(".0")
    from decimal import Decimal  # noqa: PLC0415  # needed for few numbers only

    return format(Decimal(text), "f")

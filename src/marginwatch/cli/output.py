"""One way to show rows: a table for people, JSON or CSV for programs; missing is ``—``, never 0."""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, cast

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.terminal.texts import printable

REASONS = "reasons"
"""The column of why others are empty."""

GAP = 3
"""Cells between two columns."""

HIDDEN = "Not shown for want of width (--json and --csv have all)"


class Form(Enum):
    """How rows leave the program."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Column(msgspec.Struct, frozen=True):
    """One column of a table for people.

    Parameters
    ----------
    title : str
        Head.
    text : callable
        Row → its text; ``—`` where there is no number.
    is_number : bool
        Aligned to the right.
    rank : int
        Who leaves first where the terminal is too narrow: the highest; 0 stays. A cut number would be a wrong one.
    """

    title: str
    text: Callable[[Any], str]
    is_number: bool = True
    rank: int = 0


def form_of(is_json: bool, is_csv: bool) -> Form:
    """Return the form that the options ask for.

    Raises
    ------
    ConfigError
        If both are asked for: whoever reads one form cannot use the other.
    """
    if is_json and is_csv:
        raise ConfigError("--json and --csv exclude each other; leave out one of the two")
    if is_json:
        return Form.JSON
    return Form.CSV if is_csv else Form.TABLE


def write_json(reply: msgspec.Struct) -> None:
    """Write one JSON object on one line to stdout."""
    sys.stdout.write(msgspec.json.encode(reply).decode() + "\n")


def write_csv(shape: type[msgspec.Struct], rows: Sequence[msgspec.Struct]) -> None:
    """Write a head and one line a row to stdout; missing is an empty field, lists are joined by blanks.

    Texts that a spreadsheet would take for a formula are quoted with an apostrophe: names come from people.
    """
    names = [field.encode_name for field in msgspec.structs.fields(shape)]
    # Last, for whoever opens the file looks for the name of a row first; sorting keeps the order of the others.
    names.sort(key=REASONS.__eq__)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        plain: dict[str, object] = msgspec.to_builtins(row)
        writer.writerow([_cell(plain.get(name)) for name in names])
    sys.stdout.write(buffer.getvalue())


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(str(part) for part in cast("Sequence[object]", value))
    if isinstance(value, dict):
        return msgspec.json.encode(cast("dict[str, object]", value)).decode()
    if isinstance(value, str) and (
        value[:1] in ("=", "+", "@", "\t", "\r") or (value[:1] == "-" and not _is_number(value))
    ):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def write_table(
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    notes: Sequence[str] = (),
    *,
    is_dense: bool = False,
) -> None:
    """Write a table for people to stdout, with notes under it.

    Parameters
    ----------
    title : str
        Above the table.
    columns : sequence of Column
        From left to right.
    rows : sequence
        Whatever the columns read.
    notes : sequence of str
        What the numbers do not include, a line each.
    is_dense : bool, default=False
        One blank between columns instead of three, for tables of many.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Without a terminal there is no width to fit into: programs that read the table want whole cells.
    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 250)
    texts = [[printable(column.text(row)) for column in columns] for row in rows]
    gap = 1 if is_dense else GAP
    shown = fitting(columns, texts, console.width, gap)
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    if is_dense:
        table.padding = 0
    for place in shown:
        justify = "right" if columns[place].is_number else "left"
        table.add_column(columns[place].title, justify=justify, no_wrap=True, overflow="ellipsis")
    for cells in texts:
        # As Text, for a name with square brackets is no markup.
        table.add_row(*(Text(cells[place]) for place in shown))
    console.print(table)
    hidden = [column.title for place, column in enumerate(columns) if place not in shown]
    for note in [*([f"{HIDDEN}: {', '.join(hidden)}"] if hidden else []), *notes]:
        console.print(Text(printable(note)), soft_wrap=True)


def fitting(columns: Sequence[Column], texts: Sequence[Sequence[str]], width: int, gap: int) -> list[int]:
    """Return the places of the columns that fit into ``width`` cells whole, dropping the highest rank first.

    Parameters
    ----------
    columns : sequence of Column
        From left to right.
    texts : sequence of sequences of str
        The cells, row by row.
    width, gap : int
        Of the terminal; cells that each column takes beside its text.
    """
    from rich.cells import cell_len

    needs = [
        max([cell_len(column.title), *(cell_len(cells[place]) for cells in texts)])
        for place, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    while sum(needs[place] + gap for place in shown) > width:
        droppable = [place for place in shown if columns[place].rank]
        if not droppable:
            break
        shown.remove(max(droppable, key=lambda place: columns[place].rank))
    return shown

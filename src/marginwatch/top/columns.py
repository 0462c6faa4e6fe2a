"""A column of a live table: its head, its width, how a row fills it, and how rows stand by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.text import Text

from marginwatch.terminal.texts import printable

TEXT_CHARACTERS_MAX = 200
GAP = 1


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """One column.

    Parameters
    ----------
    title : str
        Head.
    width : int
        Cells; fixed, so that nothing jumps while figures change. 0 takes what is left.
    cell : callable
        Row → its text.
    justify : {'left', 'right'}
        Side of the cell.
    from_width : int
        Width of the table from which it is shown.
    value : callable or None
        Row → what rows are ordered by, None for missing; without it nothing is ordered by this column.
    """

    title: str
    width: int
    cell: Callable[[Any], Text]
    justify: Literal["left", "right"] = "right"
    from_width: int = 0
    value: Callable[[Any], float | str | None] | None = None


def shown_text(text: str | None, style: str = "") -> Text:
    """Return a text of somebody else: control and direction marks written out, no markup, cut where it is endless."""
    if not text:
        return Text("—", style="bright_black")
    return Text(printable(text[:TEXT_CHARACTERS_MAX]), style=style)


def placed(columns: Sequence[LiveColumn], width: int) -> list[tuple[LiveColumn, int]]:
    """Return the columns that a table of ``width`` cells shows, with their widths; who takes the rest gets at least 8."""
    shown = [one for one in columns if width >= one.from_width]
    taken = sum(one.width + GAP for one in shown)
    return [(one, one.width or max(8, width - taken)) for one in shown]


def in_order(rows: Sequence[Any], column: LiveColumn | None, *, is_reversed: bool) -> list[Any]:
    """Return rows by a column, numbers the largest first, texts from A; missing last whichever way.

    Parameters
    ----------
    rows : sequence
        As they came; None for ``column`` keeps that order.
    column : LiveColumn or None
        With a ``value``.
    is_reversed : bool
        The other way round.
    """
    if column is None or column.value is None:
        return list(reversed(rows)) if is_reversed else list(rows)
    value = column.value
    known = [(found, row) for row in rows if (found := value(row)) is not None]
    is_text = any(isinstance(found, str) for found, _ in known)
    known.sort(key=lambda pair: pair[0], reverse=is_reversed is is_text)  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownLambdaType]  # one column holds one kind
    return [row for _, row in known] + [row for row in rows if value(row) is None]

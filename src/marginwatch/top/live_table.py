"""A table whose rows change under the cursor: only what is seen is drawn, and the cursor stays on its row."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from marginwatch.top.columns import GAP, LiveColumn, placed
from marginwatch.top.look import CURSOR, GREY, HEAD, painted

HEAD_LINES = 1


class LiveTable(ScrollView, can_focus=True):
    """Rows under a head, with a cursor.

    Parameters
    ----------
    columns : sequence of LiveColumn
        From left to right.
    key : callable
        Row → what stays the same of it.
    nothing : str
        Shown where there is no row.
    aged : callable or None
        Row and seconds → the row so much later.
    id : str
        Of the widget.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another row, or the row under it has changed."""

    class Chosen(Message):
        """Enter was pressed on a row."""

        def __init__(self, table: "LiveTable", row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

    def __init__(
        self,
        columns: Sequence[LiveColumn],
        key: Callable[[Any], str],
        *,
        nothing: str = "nothing",
        aged: Callable[[Any, float], Any] | None = None,
        id: str,  # noqa: A002  # the name that the framework gives it
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._key = key
        self._nothing = nothing
        self._aged = aged
        self._age_s = 0.0
        self._cursor = 0
        self._is_grey = False
        self.sorted_by: str | None = None
        self.rows: Sequence[Any] = ()

    @property
    def focused_row(self) -> Any | None:
        """The row under the cursor, as old as it is now; None where there is none."""
        return self._now(self.rows[self._cursor]) if self._cursor < len(self.rows) else None

    def grow_older(self, age_s: float, *, is_grey: bool) -> None:
        """Draw again what is seen, ``age_s`` seconds after the rows came: ages go on without news."""
        self._age_s, self._is_grey = age_s, is_grey
        self.refresh()

    def _now(self, row: Any) -> Any:
        return row if self._aged is None else self._aged(row, self._age_s)

    def show(self, rows: Sequence[Any], *, is_grey: bool, nothing: str | None = None) -> None:
        """Show these rows, the cursor on the same one as before wherever it stands now.

        Parameters
        ----------
        rows : sequence
            In their order.
        is_grey : bool
            None of them is of now.
        nothing : str or None
            What to say if there is none.
        """
        old = self.focused_row
        self.rows, self._is_grey = rows, is_grey
        self._nothing = nothing or self._nothing
        if old is not None:
            name = self._key(old)
            place = next((n for n, row in enumerate(rows) if self._key(row) == name), None)
            self._cursor = min(self._cursor, max(0, len(rows) - 1)) if place is None else place
        self.virtual_size = Size(self.size.width, len(rows) + HEAD_LINES)
        self._follow()
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._cursor = max(0, min(len(self.rows) - 1, self._cursor + by))
        self._follow()
        self.refresh()
        self.post_message(self.Moved())

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        self.action_move(by * max(1, self.size.height - HEAD_LINES - 1))

    def action_choose(self) -> None:
        """Tell that the row under the cursor was chosen."""
        if (row := self.focused_row) is not None:
            self.post_message(self.Chosen(self, row))

    def _follow(self) -> None:
        """Scroll no further than it takes to see the cursor."""
        height = max(1, self.size.height - HEAD_LINES)
        top = round(self.scroll_offset.y)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False)

    def on_focus(self) -> None:
        """Tell whose reasons are asked for now."""
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.size.width, len(self.rows) + HEAD_LINES)
        self._follow()

    def render_line(self, y: int) -> Strip:
        """Return line ``y`` of what is seen: the head stays."""
        width = self.size.width
        if y < HEAD_LINES:
            cells = [self._head(column) for column, _ in placed(self._columns, width)]
            return self._strip(cells, HEAD)
        place = round(self.scroll_offset.y) + y - HEAD_LINES
        if place >= len(self.rows):
            text = Text(self._nothing if place == 0 else "", style=GREY)
            return self._line(text, Style.null())
        row = self._now(self.rows[place])
        cells = [column.cell(row) for column, _ in placed(self._columns, width)]
        if self._is_grey:
            cells = [Text(cell.plain, style=GREY) for cell in cells]
        is_here = place == self._cursor and self.has_focus
        return self._strip(cells, CURSOR if is_here else Style.null())

    def _head(self, column: LiveColumn) -> Text:
        mark = "▾" if column.title == self.sorted_by else ""
        return Text(f"{column.title}{mark}")

    def _strip(self, cells: Sequence[Text], style: Style) -> Strip:
        line = Text(no_wrap=True)
        for cell, (column, width) in zip(cells, placed(self._columns, self.size.width), strict=True):
            fitted = cell.copy()
            fitted.truncate(width, overflow="ellipsis")
            fitted.align(column.justify, width)
            line.append_text(fitted)
            line.append(" " * GAP)
        return self._line(line, style)

    def _line(self, text: Text, style: Style) -> Strip:
        base = self.rich_style + style
        return Strip(painted(text, base)).adjust_cell_length(self.size.width, base)

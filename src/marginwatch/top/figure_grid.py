"""Figures side by side, one of them under the cursor."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from marginwatch.top.figures import Figure
from marginwatch.top.look import CURSOR, LABEL, greyed, painted

LABEL_CELLS = 14
CELL_WIDTH_MIN = 39


class FigureGrid(Widget, can_focus=True):
    """As many columns as fit; arrows move the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(0,-1)", show=False),
        Binding("down,j", "move(0,1)", show=False),
        Binding("left,h", "move(-1,0)", show=False),
        Binding("right,l", "move(1,0)", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another figure, or the figure under it has changed."""

    def __init__(self, n_figures: int, id: str) -> None:  # noqa: A002  # the name that the framework gives it
        super().__init__(id=id)
        self._n = n_figures
        self._cursor = 0
        self._is_grey = False
        self.figures: Sequence[Figure] = ()

    @property
    def focused_figure(self) -> Figure | None:
        """The figure under the cursor."""
        return self.figures[self._cursor] if self._cursor < len(self.figures) else None

    def show(self, figures: Sequence[Figure], *, is_grey: bool) -> None:
        """Show these figures, in grey where they are not of now."""
        self.figures, self._is_grey = figures, is_grey
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, right: int, down: int) -> None:
        """Move the cursor."""
        place = self._cursor + right + down * self._n_columns(self.size.width)
        if 0 <= place < len(self.figures):
            self._cursor = place
            self.refresh()
            self.post_message(self.Moved())

    def on_focus(self) -> None:
        """Tell whose reason is asked for now."""
        self.post_message(self.Moved())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines that all figures take: known before any has come, so that nothing jumps."""
        del container, viewport
        return -(-self._n // self._n_columns(width))

    def _n_columns(self, width: int) -> int:
        return max(1, min(4, width // CELL_WIDTH_MIN))

    def render_line(self, y: int) -> Strip:
        """Return one line of figures."""
        n = self._n_columns(self.size.width)
        width = self.size.width // n
        segments: list[Segment] = []
        for place in range(y * n, min((y + 1) * n, len(self.figures))):
            figure = self.figures[place]
            line = Text(f"{figure.label[: LABEL_CELLS - 1]:<{LABEL_CELLS}}", style=LABEL, no_wrap=True)
            line.append_text(greyed(figure.text, is_grey=self._is_grey))
            line.truncate(width - 1, overflow="ellipsis")
            line.align("left", width)
            is_here = place == self._cursor and self.has_focus
            style = self.rich_style + (CURSOR if is_here else Style.null())
            segments += painted(line, style)
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def grow_older(self, *, is_grey: bool) -> None:
        """Draw again, in grey where the figures are not of now any more."""
        if is_grey is not self._is_grey:
            self._is_grey = is_grey
            self.refresh()

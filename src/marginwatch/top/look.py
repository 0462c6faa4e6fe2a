"""Styles, and the sheet that lays out the screens: dark, calm, one line for everything that can be one."""

import os
from collections.abc import Iterable

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

PEN = Console()
"""Names styles where texts become cells; nothing is printed on it."""

IS_COLORED = not os.environ.get("NO_COLOR")
"""Without colors what is loud is turned over, what is not of now is dim."""

GREY = "grey46" if IS_COLORED else "dim"
HEAD = Style.parse("grey58")
CURSOR = Style.parse("on grey27" if IS_COLORED else "underline")
LABEL = "grey58"
CALM_BANNER, LOUD_BANNER = "grey58", "bold white on red" if IS_COLORED else "bold reverse"

SHEET = """
Screen { background: #101418; color: #d0d4d8; }
#head, #banner, #keys { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
#status { height: 2; }
#keys { color: #8a8f94; }
#views { height: 1fr; }
OverviewView, AccountsView, AlertsView { height: 1fr; }
FigureGrid { height: auto; }
LiveTable { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; background: #101418; }
#lists { height: 1fr; layout: vertical; margin: 1 0 0 0; }
#left-out { height: 2; }
#lists.-wide { layout: horizontal; }
#lists.-wide LiveTable { width: 1fr; }
.filter { height: 1; border: none; padding: 0; background: #1c2228; display: none; }
.filter.-open { display: block; }
.filter:focus { border: none; }
.summary { height: 1; text-wrap: nowrap; text-overflow: ellipsis; color: #8a8f94; }
#account-head { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
ModalScreen { align: center middle; background: #000000 60%; }
.dialog { width: 76; max-width: 96%; height: auto; max-height: 90%; background: #1c2228; padding: 1 2; }
.dialog Static { height: auto; }
.dialog Input { height: 1; border: none; padding: 0 1; margin: 0 0 1 0; background: #101418; }
.dialog Input:focus { border: none; background: #2a3138; }
.dialog .words { height: auto; max-height: 100%; }
.dialog .complaint { color: #ff8700; text-style: bold; height: auto; }
.scrolling { height: auto; max-height: 100%; }
"""
"""Colors besides are in the texts: they depend on the figures."""


def greyed(text: Text, *, is_grey: bool) -> Text:
    """Return the text, in grey alone where what it says is not of now."""
    return Text(text.plain, style=GREY) if is_grey else text


def painted(text: Text, base: Style) -> list[Segment]:
    """Return the cells of one line over a base style."""
    cells = Segment.apply_style((one for one in text.render(PEN) if one.text not in ("", "\n")), base)
    return list(cells if IS_COLORED else _turned_over(cells))


def _turned_over(cells: Iterable[Segment]) -> Iterable[Segment]:
    """Yield cells; what would stand on red is turned over, for without colors it would be as calm as the rest."""
    for text, style, control in cells:
        is_loud = style is not None and style.bgcolor is not None and style.bgcolor.name == "red"
        yield Segment(
            text, Style.combine([style, Style(reverse=True)]) if style and is_loud else style, control
        )

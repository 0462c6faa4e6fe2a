import io
from collections.abc import Callable

import pytest
from rich.console import Console
from rich.text import Text

from marginwatch.collect.statuses import Progress
from marginwatch.demo.changes import ChangeLog
from marginwatch.demo.picture import picture
from marginwatch.demo.tables import WIDE
from marginwatch.risk.frame import Frame

PROGRESS = Progress(
    n_accounts=4,
    n_heard=2,
    n_streaming=2,
    n_stopped=1,
    n_waiting_for_socket=0,
    poll_s=5.0,
    reconcile_s=60.0,
)


def drawn(frame: Frame, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, highlight=False)
    console.print(picture(frame, ChangeLog(), PROGRESS, width=width, height=height, note=Text("the note")))
    text = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    return text.splitlines()


@pytest.mark.parametrize(("width", "height"), [(200, 60), (WIDE, 40), (WIDE - 1, 40), (100, 36), (80, 30)])
def test_it_fits_the_terminal(measure_desk: Callable[[], Frame], width: int, height: int) -> None:
    lines = drawn(measure_desk(), width, height)
    assert max(len(line) for line in lines) <= width
    assert len(lines) <= height
    assert any("the note" in line for line in lines)


@pytest.mark.parametrize("width", [80, 96, WIDE])
def test_no_number_is_cut(measure_desk: Callable[[], Frame], width: int) -> None:
    lines = drawn(measure_desk(), width, 40)
    start = next(place for place, line in enumerate(lines) if line.startswith("ACCOUNTS"))
    end = next(place for place, line in enumerate(lines) if line.startswith("EXPOSURE"))
    assert not [line for line in lines[start:end] if "…" in line]


def test_it_says_what_is_not_included_and_why(measure_desk: Callable[[], Frame]) -> None:
    text = "\n".join(drawn(measure_desk(), 160, 50))
    assert "not included" in text
    assert "and 1 more" in text
    assert "heard 2/4" in text


def test_an_account_not_heard_shows_dashes_and_no_zero(measure_desk: Callable[[], Frame]) -> None:
    line = next(line for line in drawn(measure_desk(), 160, 50) if line.strip().startswith("cold"))
    assert "—" in line
    assert "starting" in line
    assert "0.0%" not in line


def test_the_most_endangered_account_is_named_first(measure_desk: Callable[[], Frame]) -> None:
    lines = drawn(measure_desk(), 160, 50)
    assert any("most endangered mm-main" in line and "50.0%" in line for line in lines)

"""Rules may be wrong, frames go on."""

from typing import cast

import pytest

from marginwatch.app.alerting.supervised_judging import SupervisedJudging
from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.risk.frame import Frame, FramePress, LaneResult


@pytest.fixture
def frame() -> Frame:
    clock = ManualClock()
    return FramePress(PositionBook(clock)).frame(clock.now_ns())


def test_a_defect_is_told_once_and_is_over_with_a_frame_that_went_through(
    frame: Frame, capsys: pytest.CaptureFixture[str]
) -> None:
    lane = cast("LaneResult", object())
    wrong = True

    def judge(_: Frame | LaneResult) -> None:
        if wrong:
            raise ZeroDivisionError("of a rule")

    judging = SupervisedJudging(judge)
    assert judging.problem == ""
    for _ in range(3):
        judging(frame)
    assert judging.problem == "ZeroDivisionError: of a rule"
    assert capsys.readouterr().out.count("rules cannot be evaluated") == 1
    wrong = False
    judging(lane)
    assert judging.problem == "ZeroDivisionError: of a rule"
    judging(frame)
    assert judging.problem == ""
    assert "evaluated again" in capsys.readouterr().out

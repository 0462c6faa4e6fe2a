"""Rules may be wrong, frames go on."""

from typing import cast

import pytest
from structlog.testing import capture_logs

from marginwatch.app.alerting.supervised_judging import SupervisedJudging
from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.risk.frame import Frame, FramePress, LaneResult


@pytest.fixture
def frame() -> Frame:
    clock = ManualClock()
    return FramePress(PositionBook(clock)).frame(clock.now_ns())


def test_a_defect_is_told_once_and_is_over_with_a_frame_that_went_through(frame: Frame) -> None:
    lane = cast("LaneResult", object())
    wrong = True

    def judge(_: Frame | LaneResult) -> None:
        if wrong:
            raise ZeroDivisionError("of a rule")

    judging = SupervisedJudging(judge)
    assert judging.problem == ""
    with capture_logs() as logged:
        for _ in range(3):
            judging(frame)
        assert judging.problem == "ZeroDivisionError: of a rule"
        wrong = False
        judging(lane)
        assert judging.problem == "ZeroDivisionError: of a rule"
        judging(frame)
    assert judging.problem == ""
    assert [entry["log_level"] for entry in logged] == ["error", "info"]

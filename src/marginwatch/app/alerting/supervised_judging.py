"""Rules may be wrong, frames go on: a defect is logged when it begins and when it is over, and shown meanwhile."""

from collections.abc import Callable

import structlog

from marginwatch.risk.frame import Frame, LaneResult

log = structlog.get_logger(__name__)


class SupervisedJudging:
    """Calls the rules and survives their defects.

    Parameters
    ----------
    judge : callable
        Judges a frame or a lane.

    Attributes
    ----------
    problem : str
        What the rules last died of; ``""`` while they work.
    """

    def __init__(self, judge: Callable[[Frame | LaneResult], None]) -> None:
        self._judge = judge
        self.problem = ""

    def __call__(self, result: Frame | LaneResult) -> None:
        """Judge a result; never raises."""
        try:
            self._judge(result)
        except Exception as error:
            if not self.problem:
                log.exception("rules cannot be evaluated: nobody is warned of anything until they can be")
            self.problem = f"{type(error).__name__}: {error}"
            return
        # A lane judges some rules of some accounts only: all is well when a frame went through.
        if self.problem and isinstance(result, Frame):
            self.problem = ""
            log.info("rules are evaluated again")

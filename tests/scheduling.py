"""Which tests may run at the same time, where there are several processes.

Every file is a unit, so that what its tests share is made once. What watches a whole exchange in real time is one unit:
its tests wait most of the time and must not wait for one another's sockets.
"""

from xdist.scheduler import LoadFileScheduling

IN_REAL_TIME = ("tests/integration/", "tests/simulation/")
CALCULATED = ("tests/simulation/test_seeds.py", "tests/simulation/test_virtual_time.py")
"""These have a time of their own and only reckon."""


class RealTimeTogether(LoadFileScheduling):
    """Files as they come, and everything that runs in real time one after another in one process."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(IN_REAL_TIME) and not nodeid.startswith(CALCULATED):
            return "in real time"
        return super()._split_scope(nodeid)

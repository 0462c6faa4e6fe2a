"""How marginwatch itself is: memory, disk, and how late its loop runs."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil

from marginwatch.clock import Clock

LATE_FOR_S = 0.2
"""The loop's lateness is measured over naps so long."""

LAST_NAPS = 25
"""The worst of so many naps is told: five seconds."""


class SelfReport(msgspec.Struct, frozen=True, kw_only=True):
    """The state of this process and machine.

    Parameters
    ----------
    memory_share : float
        What this process and the one that reckons for it hold of what they may hold, fraction: of the machine's memory,
        or of its control group's limit where that is less.
    disk_free_share : float or None
        What is free of the disk with the data folder, fraction; None where it cannot be read.
    disk_free_bytes : int or None
        The same in bytes.
    loop_lag_s : float
        The latest that the loop came to a nap's end within the last five seconds, seconds ≥ 0.
    """

    memory_share: float
    disk_free_share: float | None
    disk_free_bytes: int | None
    loop_lag_s: float


class SelfWatch:
    """Watches this process.

    Parameters
    ----------
    data_dir : Path
        The folder whose disk matters.
    clock : Clock
        Time.
    helper : callable, optional
        Returns the number of the process that reckons for this one; None while there is none.
    """

    def __init__(self, data_dir: Path, clock: Clock, helper: Callable[[], int | None] = lambda: None) -> None:
        self._helper = helper
        self._data_dir = data_dir
        self._clock = clock
        self._process = psutil.Process(os.getpid())
        self._memory_limit = min(psutil.virtual_memory().total, _group_limit())
        self._lags = [0.0] * LAST_NAPS
        self._n_naps = 0

    async def run(self) -> None:
        """Measure the loop's lateness until cancelled."""
        while True:
            before_s = self._clock.monotonic_s()
            await self._clock.sleep(LATE_FOR_S)
            self._n_naps += 1
            self._lags[self._n_naps % LAST_NAPS] = max(0.0, self._clock.monotonic_s() - before_s - LATE_FOR_S)

    def report(self) -> SelfReport:
        """Return how it is now."""
        share = free = None
        try:
            disk = psutil.disk_usage(str(self._data_dir))
        except OSError:
            pass
        else:
            # As percent used counts it: what only the system's owner may fill is not free to us.
            share, free = disk.free / max(1, disk.used + disk.free), disk.free
        return SelfReport(
            memory_share=self._held() / self._memory_limit,
            disk_free_share=share,
            disk_free_bytes=free,
            loop_lag_s=max(self._lags),
        )

    def _held(self) -> int:
        held, number = self._process.memory_info().rss, self._helper()
        if number is not None:
            # It may be gone just now.
            with contextlib.suppress(psutil.Error):
                held += psutil.Process(number).memory_info().rss
        return held


def _group_limit() -> int:
    """Return the memory limit of the control group; a very large number where there is none."""
    for place in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(place).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            return int(text)
    return 2**62

"""How marginwatch itself is."""

import asyncio
import os
import time
from pathlib import Path

from marginwatch.app.alerting.self_watch import LATE_FOR_S, SelfWatch
from marginwatch.clock import SystemClock


def test_memory_and_disk_are_those_of_this_process_and_folder(tmp_path: Path) -> None:
    report = SelfWatch(tmp_path, SystemClock()).report()
    held = int(Path(f"/proc/{os.getpid()}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert held / machine * 0.5 <= report.memory_share < 1.0
    assert report.disk_free_bytes is not None
    assert 0 < report.disk_free_bytes < os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize
    assert report.disk_free_share is not None
    assert 0.0 < report.disk_free_share <= 1.0


def test_a_folder_that_is_not_there_has_no_disk() -> None:
    report = SelfWatch(Path("/nowhere/at/all"), SystemClock()).report()
    assert (report.disk_free_share, report.disk_free_bytes) == (None, None)


async def test_a_loop_that_is_held_up_is_late(tmp_path: Path) -> None:
    watch = SelfWatch(tmp_path, SystemClock())
    running = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    # Wherever in its nap it is held up, the nap ends within its length.
    time.sleep(LATE_FOR_S + 0.4)  # noqa: ASYNC251  # holding up the loop is what is tested
    while not watch._n_naps:
        await asyncio.sleep(0.001)
    assert watch.report().loop_lag_s >= 0.4
    running.cancel()


def test_what_the_process_that_reckons_holds_counts_as_ours(tmp_path):
    alone = SelfWatch(tmp_path, SystemClock()).report().memory_share
    # Somebody as large as ourselves, and somebody who is gone.
    together = SelfWatch(tmp_path, SystemClock(), os.getpid).report().memory_share
    assert together > 1.5 * alone
    assert SelfWatch(tmp_path, SystemClock(), lambda: 2**22 + 1).report().memory_share < 1.5 * alone

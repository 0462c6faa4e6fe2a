"""What happens is written down without making the loop wait: a bounded queue in front of the store's one writer."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import TypeVar

import structlog

from marginwatch.clock import Clock
from marginwatch.errors import ConnectivityError
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.snapshots import Break
from marginwatch.store.store import Store

QUEUE_MAX = 10_000
"""Kept of each kind while the file cannot be written; beyond it the oldest goes, and the loss is counted and logged."""

RETRY_S = 5.0

_T = TypeVar("_T")

log = structlog.get_logger(__name__)


class Recorder:
    """Takes breaks, quarantined payloads and notices synchronously; one task commits them together.

    Parameters
    ----------
    store : Store
        Where they go.
    clock : Clock
        Time.
    queue_max : int, default=10_000
        Bound of each queue.
    """

    def __init__(self, store: Store, clock: Clock, *, queue_max: int = QUEUE_MAX) -> None:
        self._store = store
        self._clock = clock
        self._breaks: deque[Break] = deque(maxlen=queue_max)
        self._payloads: deque[Quarantined] = deque(maxlen=queue_max)
        self._notices: deque[tuple[int, Notice]] = deque(maxlen=queue_max)
        self._wakeup = asyncio.Event()
        self._is_failing = False
        self.lost = 0

    def add_breaks(self, breaks: Iterable[Break]) -> None:
        """Queue reconciliation breaks."""
        for found in breaks:
            self._put(self._breaks, found)

    def add_quarantined(self, payload: Quarantined) -> None:
        """Queue a payload that did not decode."""
        self._put(self._payloads, payload)

    def add_notice(self, notice: Notice) -> None:
        """Queue a notice, stamped now."""
        self._put(self._notices, (self._clock.now_ns(), notice))

    async def run(self) -> None:
        """Commit what is queued until cancelled; a file that cannot be written is tried again, and said once."""
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            if not await self._try_flush():
                await self._clock.sleep(RETRY_S)
                self._wakeup.set()

    async def flush(self) -> None:
        """Commit what is queued now; for a clean stop.

        Raises
        ------
        ConnectivityError
            If the file cannot be written.
        """
        breaks, payloads, notices = tuple(self._breaks), tuple(self._payloads), tuple(self._notices)
        if not (breaks or payloads or notices):
            return
        async with self._store.transaction() as unit:
            await unit.add_breaks(breaks)
            await unit.add_quarantined(payloads)
            for at_ns, notice in notices:
                await unit.add_notices([notice], at_ns)
        _drop(self._breaks, breaks)
        _drop(self._payloads, payloads)
        _drop(self._notices, notices)

    async def _try_flush(self) -> bool:
        try:
            await self.flush()
        except ConnectivityError as error:
            if not self._is_failing:
                log.warning("cannot write the database; kept in memory until it can be", reason=str(error))
            self._is_failing = True
            return False
        if self._is_failing:
            log.info("the database can be written again", lost=self.lost)
        self._is_failing = False
        return True

    def _put(self, queue: deque[_T], item: _T) -> None:
        if len(queue) == queue.maxlen:
            self.lost += 1
        queue.append(item)
        self._wakeup.set()


def _drop(queue: deque[_T], written: tuple[_T, ...]) -> None:
    """Take what was written off the front, unless an overflow has already pushed it out."""
    for item in written:
        if queue and queue[0] is item:
            queue.popleft()

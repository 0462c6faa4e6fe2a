"""Time as an argument: the system clock for the service, a manual clock for tests and the simulator."""

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """What everything that needs time is given."""

    def now_ns(self) -> int:
        """Return UTC nanoseconds since the epoch."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never go back, for intervals."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock."""
        ...


class SystemClock:
    """The machine's own time."""

    def now_ns(self) -> int:
        """Return UTC nanoseconds since the epoch."""
        return time.time_ns()

    def monotonic_s(self) -> float:
        """Return the monotonic clock in seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)


class ManualClock:
    """Time that moves only when told to.

    Parameters
    ----------
    start_ns : int, default=1_700_000_000_000_000_000
        UTC nanoseconds at the start.
    """

    def __init__(self, start_ns: int = 1_700_000_000_000_000_000) -> None:
        self._start_ns = start_ns
        self._elapsed_ns = 0
        self._order = itertools.count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_ns(self) -> int:
        """Return UTC nanoseconds of the manual time."""
        return self._start_ns + self._elapsed_ns

    def monotonic_s(self) -> float:
        """Return manual seconds since the start."""
        return self._elapsed_ns / 1e9

    async def sleep(self, seconds: float) -> None:
        """Wait until :meth:`advance` has passed ``seconds``."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_ns + int(seconds * 1e9), next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move time on by ``seconds``, waking sleepers in the order of their times.

        Between two wake-ups the loop runs until nothing is ready, so what a sleeper starts sees its own moment.
        """
        target_ns = self._elapsed_ns + int(seconds * 1e9)
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= target_ns:
            wake_ns, _, future = heapq.heappop(self._sleepers)
            self._elapsed_ns = max(self._elapsed_ns, wake_ns)
            if not future.done():
                future.set_result(None)
            await self._settle()
        self._elapsed_ns = target_ns
        await self._settle()

    @staticmethod
    async def _settle(rounds: int = 20) -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)

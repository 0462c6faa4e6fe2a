"""One shared task for every deadline of every session: ten thousand sleeping tasks would cost more than the work."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import TypeVar

from marginwatch.clock import Clock

TICK_S = 0.1
"""How late a deadline may be noticed."""

T = TypeVar("T")


class Timer:
    """A deadline that may be called off."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Call it off; harmless if it has passed."""
        self.callback = None


class Timers:
    """Deadlines on a clock, fired by :meth:`run`.

    Parameters
    ----------
    clock : Clock
        Time.
    tick_s : float, default=0.1
        How late a deadline may be noticed, seconds.
    """

    def __init__(self, clock: Clock, tick_s: float = TICK_S) -> None:
        self._clock = clock
        self._tick_s = tick_s
        self._order = itertools.count()
        self._due: list[tuple[float, int, Timer]] = []

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` once, ``seconds`` from now or at most a tick later."""
        timer = Timer(callback)
        heapq.heappush(self._due, (self._clock.monotonic_s() + seconds, next(self._order), timer))
        return timer

    async def bounded(self, future: asyncio.Future[T], seconds: float) -> T | None:
        """Return the result of ``future``, or None if it has none within ``seconds``."""

        def give_up() -> None:
            if not future.done():
                future.cancel()

        timer = self.call_later(seconds, give_up)
        try:
            return await future
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return None
        finally:
            timer.cancel()

    async def run(self) -> None:
        """Fire deadlines as they pass, forever."""
        while True:
            await self._clock.sleep(self._tick_s)
            self.fire_due()

    def fire_due(self) -> None:
        """Fire what is due now; a callback that raises leaves the rest for the next call.

        What the callbacks themselves ask for is left to the next call, even if it is due at once: a callback that
        asks for itself again must not stop the loop.
        """
        now, newest = self._clock.monotonic_s(), next(self._order)
        while self._due and self._due[0][0] <= now and self._due[0][1] < newest:
            callback = heapq.heappop(self._due)[2].callback
            if callback is not None:
                callback()

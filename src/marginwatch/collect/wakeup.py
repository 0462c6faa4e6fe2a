"""Wait until told or until a deadline, without a task: what a session does most of its life."""

import asyncio

from marginwatch.collect.timers import Timers


class Wakeup:
    """A bell for one waiter; a ring while nobody waits is kept for the next wait.

    Parameters
    ----------
    timers : Timers
        Fires the deadlines.
    """

    __slots__ = ("_has_rung", "_timers", "_waiter")

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._has_rung = False
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """End the wait, or the next one."""
        self._has_rung = True
        self._release()

    def _release(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most ``seconds``; return whether it rang."""
        if not self._has_rung:
            self._waiter = asyncio.get_running_loop().create_future()
            timer = self._timers.call_later(seconds, self._release)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        has_rung, self._has_rung = self._has_rung, False
        return has_rung

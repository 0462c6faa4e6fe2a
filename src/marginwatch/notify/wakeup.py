"""Waiting for a moment, or for somebody who says that there is something to do."""

import asyncio

from marginwatch.clock import Clock


class Wakeup:
    """Rests until a time has passed or :meth:`wake` is called, whichever comes first.

    Parameters
    ----------
    clock : Clock
        Time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()

    def wake(self) -> None:
        """End the rest that goes on, or else the next one."""
        self._event.set()

    async def rest(self, seconds: float) -> bool:
        """Return after ``seconds`` or when woken, and whether it was the latter."""
        if not self._event.is_set():
            sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
            waking = asyncio.ensure_future(self._event.wait())
            try:
                await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleeping.cancel()
                waking.cancel()
        is_woken = self._event.is_set()
        self._event.clear()
        return is_woken

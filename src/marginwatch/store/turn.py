"""Whose turn it is to write: one after the other, and what is urgent before all that waits."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator


class Turn:
    """A lock with two queues. Whoever holds it is not disturbed."""

    def __init__(self) -> None:
        self._is_taken = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @contextlib.asynccontextmanager
    async def taken(self, *, is_urgent: bool = False) -> AsyncGenerator[None]:
        """Hold it for the length of a block; within each queue the first to come is the first served."""
        if self._is_taken:
            await self._wait(self._urgent if is_urgent else self._others)
        self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        mine = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                # It was passed to us at the moment at which we were told to stop waiting.
                self._pass_on()
            elif mine in queue:
                queue.remove(mine)
            raise

    def _pass_on(self) -> None:
        """Hand it to the next who still waits; it stays taken in between, so that nobody can come first."""
        for queue in (self._urgent, self._others):
            while queue:
                if not (waiting := queue.popleft()).done():
                    waiting.set_result(None)
                    return
        self._is_taken = False

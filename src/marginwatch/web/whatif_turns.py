"""Whose question is reckoned now: one of each caller, the newest, and few in all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

AT_ONCE_MAX = 1
"""More threads that reckon would only slow down each other, and the heavy measures beside them."""

CALLERS_MAX = 16
"""Who may wait at once; a dashboard asks while a slider is moved, so that these are people, not requests."""


class SupersededError(Exception):
    """The same caller has asked something newer; nobody waits for this answer."""


class BusyError(Exception):
    """Too many callers wait already."""


class Turns:
    """Lets questions through one after the other.

    Parameters
    ----------
    at_once : int
        How many are worked on at the same time.
    callers_max : int
        How many callers may wait or be worked for.
    """

    def __init__(self, at_once: int = AT_ONCE_MAX, callers_max: int = CALLERS_MAX) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._callers_max = callers_max
        self._newest: dict[str, asyncio.Future[None]] = {}

    async def take(self, caller: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work when it is its turn, and return what it returned.

        Raises
        ------
        SupersededError
            As soon as the same caller comes with other work. What runs then runs to its end, for a thread cannot be
            stopped, and its slot stays taken until then; what only waited is never begun.
        BusyError
            If too many callers wait.
        """
        before = self._newest.pop(caller, None)
        if before is not None and not before.done():
            before.set_result(None)
        if len(self._newest) >= self._callers_max:
            raise BusyError
        superseded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._newest[caller] = superseded
        task = asyncio.ensure_future(self._in_turn(superseded, work))
        try:
            await asyncio.wait((task, superseded), return_when=asyncio.FIRST_COMPLETED)
            if superseded.done():
                raise SupersededError
            return task.result()
        finally:
            # Whoever hung up is not worked for either.
            if not superseded.done():
                superseded.set_result(None)
            if self._newest.get(caller) is superseded:
                del self._newest[caller]
            # Nobody else hears of what became of it.
            task.add_done_callback(_heard)

    async def _in_turn(self, superseded: asyncio.Future[None], work: Callable[[], Awaitable[T]]) -> T:
        async with self._slots:
            if superseded.done():
                raise SupersededError
            return await work()


def _heard(task: asyncio.Future[T]) -> None:
    if not task.cancelled():
        task.exception()

"""Calls in a while, in the time of the exchange's clock: the event loop's where that is the system's, else the clock's."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from marginwatch.clock import Clock, SystemClock


class Cancellable(Protocol):
    """A call that has not happened yet."""

    def cancel(self) -> object:
        """Let it not happen."""
        ...


def call_later(clock: Clock, delay_s: float, do: Callable[..., object], *arguments: Any) -> Cancellable:
    """Call ``do`` after ``delay_s`` seconds of the clock, unless cancelled before.

    A timer of the loop costs a tenth of a task, and real exchanges hold thousands of them; a manual clock knows
    sleepers only.
    """
    loop = asyncio.get_running_loop()
    if isinstance(clock, SystemClock):
        return loop.call_later(delay_s, do, *arguments)
    return loop.create_task(_wait(clock, delay_s, do, arguments))


async def _wait(clock: Clock, delay_s: float, do: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    await clock.sleep(delay_s)
    do(*arguments)

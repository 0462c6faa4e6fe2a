"""Restarts what crashed: the only place of this package that catches everything."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec

import structlog

from marginwatch.clock import Clock

log = structlog.get_logger(__name__)

RESTART_FIRST_S = 1.0
RESTART_MAX_S = 60.0
STEADY_S = 300.0
"""A run as long as this counts as recovered."""

P = ParamSpec("P")


async def supervise(
    name: str,
    run: Callable[[], Awaitable[None]],
    clock: Clock,
    on_crash: Callable[[Exception], None] = lambda _: None,
) -> None:
    """Run forever; a crash is logged with its traceback, told, and followed by a new start after a growing wait.

    Parameters
    ----------
    name : str
        For the log.
    run : callable
        Makes the coroutine; each start begins anew, from a snapshot. It is over when it returns.
    clock : Clock
        Time.
    on_crash : callable
        Hears the exception.
    """
    wait_s = RESTART_FIRST_S
    while True:
        started_s = clock.monotonic_s()
        try:
            await run()
        except Exception as error:
            log.exception("restarting after a crash", part=name, wait_s=wait_s)
            on_crash(error)
        else:
            return
        if clock.monotonic_s() - started_s >= STEADY_S:
            wait_s = RESTART_FIRST_S
        await clock.sleep(wait_s)
        wait_s = min(wait_s * 2, RESTART_MAX_S)


def guarded(name: str, call: Callable[P, None], on_crash: Callable[[Exception], None]) -> Callable[P, None]:
    """Return ``call`` so that a crash in it is logged and told instead of reaching the library that called.

    Free of cost while nothing is raised.
    """

    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            call(*args, **kwargs)
        except Exception as error:
            log.exception("a callback crashed", part=name)
            on_crash(error)

    return run

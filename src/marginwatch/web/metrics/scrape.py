"""One scrape at a time: copied on the loop, written in a thread, the same text for who asks within the same second."""

import asyncio
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from marginwatch.web.metrics.account_lines import account_lines
from marginwatch.web.metrics.families import MomentCollector
from marginwatch.web.metrics.moment import Moment

GOOD_FOR_S = 1.0
"""Several programs that scrape at once cost as much as one."""


class Scrape:
    """The text of ``/metrics``.

    Parameters
    ----------
    now_s : callable
        Seconds of a clock that never goes back.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = asyncio.Lock()
        self._text = b""
        self._made_s = float("-inf")

    async def text(self, look: Callable[[], Moment]) -> bytes:
        """Return the exposition of now; ``look`` copies what is to be told and runs on the loop."""
        async with self._lock:
            if self._now_s() - self._made_s >= GOOD_FOR_S:
                moment = look()
                self._text = await asyncio.to_thread(written, moment)
                self._made_s = self._now_s()
            return self._text


def written(moment: Moment) -> bytes:
    """Return a moment as text, with the figures of the process that the client library knows."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(MomentCollector(moment))
    ProcessCollector(registry=registry)
    accounts = b"" if moment.accounts is None else account_lines(moment.accounts)
    return generate_latest(registry) + accounts

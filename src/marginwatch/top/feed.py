"""One route, read again and again, one request at a time; what came last is held with its age."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.top.client import Client

T = TypeVar("T", bound=msgspec.Struct)

RESPITE = 3.0
"""After each answer we wait at least so many times as long as it took: a large fleet is asked less often."""

LATE_S = 2.0
"""An answer that is so much later than planned makes what is held stale."""


class Feed(Generic[T]):
    """The latest reply of one route.

    Parameters
    ----------
    client : Client
        Who is asked.
    shape : type
        Struct of the reply.
    clock : Clock
        For pace and ages.
    every_s : float
        Seconds between two requests.
    on_news : callable
        Called without arguments after each answer or refusal.

    Attributes
    ----------
    held : struct or None
        The last reply; None before the first.
    refusal : str or None
        Why the last request brought none.
    """

    def __init__(
        self, client: Client, shape: type[T], clock: Clock, every_s: float, on_news: Callable[[], None]
    ) -> None:
        self._client = client
        self._shape = shape
        self._clock = clock
        self._every_s = every_s
        self._on_news = on_news
        self._path: str | None = None
        self._held_path: str | None = None
        self._wake = asyncio.Event()
        self._held_at_s = 0.0
        self._pause_s = every_s
        self.held: T | None = None
        self.refusal: str | None = None

    def want(self, path: str | None) -> None:
        """Ask for this path from now on; None rests. What was held of another path is forgotten."""
        if path == self._path:
            return
        if path not in (None, self._held_path):
            # One account's rows must never stand under another's name.
            self.held, self.refusal, self._held_path = None, None, path
        self._path = path
        self.wake()

    def wake(self) -> None:
        """Ask now instead of when it is due."""
        self._wake.set()

    @property
    def age_s(self) -> float | None:
        """Seconds since the held reply came; None without one."""
        return None if self.held is None else self._clock.monotonic_s() - self._held_at_s

    @property
    def is_late(self) -> bool:
        """Whether what is held is older than its pace explains, or the last request was refused."""
        age_s = self.age_s
        return self.refusal is not None or age_s is None or age_s > self._pause_s + LATE_S

    async def run(self) -> None:
        """Ask until canceled."""
        while True:
            self._wake.clear()
            path = self._path
            if path is None:
                await self._wake.wait()
                continue
            begun_s = self._clock.monotonic_s()
            await self._ask(path)
            took_s = self._clock.monotonic_s() - begun_s
            self._pause_s = max(self._every_s, RESPITE * took_s)
            try:
                await asyncio.wait_for(self._wake.wait(), self._pause_s)
            except TimeoutError:
                continue

    async def _ask(self, path: str) -> None:
        try:
            reply = await self._client.read(path, self._shape)
        except MarginwatchError as error:
            if path == self._path:
                self.refusal = str(error)
        else:
            if path == self._path:
                self.held, self.refusal = reply, None
                self._held_at_s = self._clock.monotonic_s()
        self._on_news()

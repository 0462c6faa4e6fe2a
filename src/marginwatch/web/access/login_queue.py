"""Whose password is compared next: a queue that nobody can fill for the others, and what comparing may cost in all."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import NamedTuple

from marginwatch.clock import Clock
from marginwatch.web.access.login_limit import Bucket, network_of

ALL_TRIES = 20
ALL_RETURNS_S = 1.0
"""All together twenty comparisons, and then one a second: half a core at most, and no faster from many addresses."""

WAITING_MAX = 12
"""So many may wait, some twelve seconds at most. Who comes then takes the place of whoever has tried more, or is sent away."""

KNOWN_MAX = 256
"""Addresses from which somebody has signed in: they go first."""


class _Rank(NamedTuple):
    """Who goes first: the least."""

    is_stranger: bool
    n_tried: float
    number: int


class LoginQueue:
    """Turns to compare a password, one at a time.

    Whoever floods it from some addresses has tried more than anybody else, and comes last. Whoever has thousands of
    addresses can delay those who never signed in from theirs, and nobody else.

    Parameters
    ----------
    clock : Clock
        Time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = Bucket(ALL_TRIES, clock.monotonic_s())
        self._waiting: dict[_Rank, asyncio.Future[bool]] = {}
        self._known: dict[str, None] = {}
        self._n_come = 0
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._serving: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def turn(self, address: str, n_tried: float) -> AsyncGenerator[bool]:
        """Wait for a turn, and keep it while inside; yield False if others go first and no more may wait.

        Parameters
        ----------
        address : str
            Whose.
        n_tried : float
            Tries that it has spent lately.
        """
        if not await self._came_first(address, n_tried):
            yield False
            return
        try:
            yield True
        finally:
            self._is_free.set()

    def welcome(self, address: str) -> None:
        """Remember that somebody signed in from an address."""
        network = network_of(address)
        self._known.pop(network, None)
        self._known[network] = None
        if len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]

    def give_back(self) -> None:
        """Return a comparison that was taken for a right password: only wrong ones count."""
        self._left.left = min(ALL_TRIES, self._left.left + 1.0)

    async def _came_first(self, address: str, n_tried: float) -> bool:
        self._n_come += 1
        rank = _Rank(network_of(address) not in self._known, n_tried, self._n_come)
        if len(self._waiting) >= WAITING_MAX:
            last = max(self._waiting)
            if last < rank:
                return False
            _answer(self._waiting.pop(last), False)
        mine: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[rank] = mine
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(), name="sign-in")
        try:
            return await mine
        except asyncio.CancelledError:
            if self._waiting.pop(rank, None) is None and mine.done() and mine.result():
                # It went in the moment in which it was its turn.
                self._is_free.set()
            raise

    async def _serve(self) -> None:
        while self._waiting:
            await self._is_free.wait()
            self._left.refill(self._clock.monotonic_s(), ALL_TRIES, ALL_RETURNS_S)
            if self._left.left < 1.0:
                await self._clock.sleep((1.0 - self._left.left) * ALL_RETURNS_S)
                continue
            if self._waiting and _answer(self._waiting.pop(min(self._waiting)), True):
                self._left.left -= 1.0
                self._is_free.clear()


def _answer(future: asyncio.Future[bool], is_turn: bool) -> bool:
    """Tell whoever waits; return False for one that has gone."""
    if future.done():
        return False
    future.set_result(is_turn)
    return True

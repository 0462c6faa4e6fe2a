"""Rations new sockets of one stream host, the most endangered first.

An exchange counts connection attempts in a sliding window and refuses, or bans, those who exceed it; the desk's own
bots are counted with us. Each admission takes a place in a log that is as long as our share of the limit and is given
back one window later, prolonged by the longest time that an attempt may take to arrive. So however the venue lays its
window, and whether or not attempts succeed, it never contains more than our share.
"""

import asyncio
import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable

from marginwatch.clock import Clock
from marginwatch.collect.timers import Timer, Timers
from marginwatch.model.ids import AccountId
from marginwatch.venues.base import EndpointLimit

RESERVED = 8
"""Places of each window that accounts leave for public prices: a large fleet would have taken all of them before anybody
knows which prices are wanted. Of a small share a twentieth is left."""

ATTEMPTS_MAX = 64
"""Attempts under way at the same time. Hundreds at once run into their time limit together on a busy machine, and the
places of five minutes are spent for nothing."""


class ConnectionQueue:
    """Who may open a socket, and when.

    Parameters
    ----------
    limit : EndpointLimit
        New connections per window at this host.
    share_of_limit : float
        The part of it that we may use, in (0, 1].
    attempt_s_max : float
        How long an attempt may be under way before the venue counts it, seconds.
    clock, timers : Clock, Timers
        Time.
    danger : callable
        How endangered an account is, larger first; asked when a place is free, not when the account comes.

    Raises
    ------
    ValueError
        If ``share_of_limit`` is not in (0, 1].

    Notes
    -----
    The log lives in memory: a service that is restarted within one window may use its share again.
    """

    def __init__(
        self,
        limit: EndpointLimit,
        share_of_limit: float,
        attempt_s_max: float,
        clock: Clock,
        timers: Timers,
        danger: Callable[[AccountId], float],
    ) -> None:
        if not 0 < share_of_limit <= 1:
            raise ValueError(f"share_of_limit must be in (0, 1], not {share_of_limit}")
        self.allowed = max(1, math.floor(limit.calls * share_of_limit))
        self.allowed_to_accounts = self.allowed - min(RESERVED, self.allowed // 20)
        self.window_s = limit.per_s + attempt_s_max
        self._clock = clock
        self._timers = timers
        self._danger = danger
        self._order = itertools.count()
        self._admitted_at: deque[tuple[float, bool]] = deque()
        self._n_accounts = 0
        self._n_under_way = 0
        self._waiting: dict[int, tuple[AccountId | None, asyncio.Future[None]]] = {}
        self._pump_timer: Timer | None = None
        self._pump_at_s = 0.0

    @property
    def n_waiting(self) -> int:
        """How many stand in the queue."""
        return len(self._waiting)

    def has_free_place(self) -> bool:
        """Return whether an account that came now would be admitted at once."""
        self._forget_old(self._clock.monotonic_s())
        n_waiting = len(self._waiting)
        return (
            self._n_accounts + n_waiting < self.allowed_to_accounts
            and len(self._admitted_at) + n_waiting < self.allowed
        )

    async def admit(self, account_id: AccountId | None) -> None:
        """Wait for a place; the attempt must follow at once and counts even if it fails.

        Whoever was admitted tells by :meth:`attempt_over` that the attempt has succeeded or failed.

        ``account_id`` is None for public prices, which go first: every account's risk depends on them.
        """
        number = next(self._order)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = (account_id, future)
        # Ranked a tick later, so that of many who come together the most endangered are first.
        self._pump_in(0.0)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.attempt_over()
            raise
        finally:
            self._waiting.pop(number, None)

    def attempt_over(self) -> None:
        """Learn that an attempt has ended, so that another one may begin."""
        self._n_under_way -= 1
        if self._waiting:
            self._pump_in(0.0)

    def _rank(self, number: int) -> tuple[float, int]:
        account_id = self._waiting[number][0]
        return (math.inf if account_id is None else self._danger(account_id), -number)

    def _forget_old(self, now_s: float) -> None:
        while self._admitted_at and now_s >= self._admitted_at[0][0] + self.window_s:
            self._n_accounts -= self._admitted_at.popleft()[1]

    def _pump_in(self, seconds: float) -> None:
        # A price that comes while accounts wait for minutes must not wait for their pump.
        at_s = self._clock.monotonic_s() + seconds
        if self._pump_timer is not None:
            if self._pump_at_s <= at_s:
                return
            self._pump_timer.cancel()
        self._pump_at_s = at_s
        self._pump_timer = self._timers.call_later(seconds, self._pump)

    def _pump(self) -> None:
        self._pump_timer = None
        now_s = self._clock.monotonic_s()
        self._forget_old(now_s)
        free = min(self.allowed - len(self._admitted_at), ATTEMPTS_MAX - self._n_under_way)
        for number in heapq.nlargest(free, self._waiting, key=self._rank) if free else ():
            is_account = self._waiting[number][0] is not None
            if is_account and self._n_accounts >= self.allowed_to_accounts:
                break  # prices rank before accounts, so whoever is left is one
            _, future = self._waiting.pop(number)
            if not future.done():
                self._admitted_at.append((now_s, is_account))
                self._n_accounts += is_account
                self._n_under_way += 1
                future.set_result(None)
        if self._waiting:
            self._pump_in(
                max(0.0, self._admitted_at[0][0] + self.window_s - now_s) if self._admitted_at else 0.0
            )

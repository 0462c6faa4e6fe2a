"""The rate budget of one host, shared by all accounts: every REST call waits here for its turn."""

import asyncio
import heapq
import itertools
from collections.abc import Mapping

import msgspec
import structlog

from marginwatch.clock import Clock
from marginwatch.collect.call_window import CallWindow
from marginwatch.errors import RateLimitedError
from marginwatch.venues.base import EndpointLimit, VenueManifest

HEAD_START_S = 60.0
"""How much longer than it did an account in full danger is treated as having waited. Nobody starves: whoever came
more than this earlier goes first whatever the danger."""

UNLISTED_LIMIT = EndpointLimit(5, 1.0)
"""Taken for a private endpoint that the manifest does not list, until a reply's header says more."""

LOW_REMAINING = 0.2
"""Below this fraction of a limit left, with others using it, we step aside for a window."""

PLANNED_SHARE = 0.8
"""Part of our budget that periodic work may plan with; the rest is for what happens in between."""

_PRUNE_EVERY = 4096
_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class HeldBucket(msgspec.Struct, frozen=True):
    """One bucket that is waiting for a moment, UTC nanoseconds, and why."""

    endpoint: str
    uid_key: str | None
    until_ns: int
    reason: str


class BudgetState(msgspec.Struct, frozen=True, kw_only=True):
    """A budget at one moment, for ``check`` and the health page.

    Parameters
    ----------
    host : str
        Whose budget.
    share_of_limit : float
        Fraction of each limit that we may use.
    used, allowed, window_s
        Host-wide slots taken and available, and the window in seconds over which they count.
    waiting, calls : int
        Calls waiting for their turn; calls let through since the start.
    blocked_until_ns : int or None
        UTC nanoseconds until which the whole host is left alone, None if it is not.
    block_reason : str or None
        Why.
    held : tuple of HeldBucket
        At most 20 single buckets that wait.
    """

    host: str
    share_of_limit: float
    used: int
    allowed: int
    window_s: float
    waiting: int
    calls: int
    blocked_until_ns: int | None = None
    block_reason: str | None = None
    held: tuple[HeldBucket, ...] = ()


class _Waiter:
    __slots__ = ("future", "order")

    def __init__(self, order: tuple[float, int], future: asyncio.Future[None]) -> None:
        self.order = order
        self.future = future

    def __lt__(self, other: "_Waiter") -> bool:
        return self.order < other.order


class _Bucket:
    """The queue and the slots of one (endpoint, caller)."""

    __slots__ = ("blocked_until", "endpoint", "offered", "reason", "timed", "uid_key", "waiters", "window")

    def __init__(self, endpoint: str, uid_key: str | None, window: CallWindow) -> None:
        self.endpoint = endpoint
        self.uid_key = uid_key
        self.window = window
        self.waiters: list[_Waiter] = []
        self.blocked_until = 0.0
        self.reason = ""
        self.offered: tuple[float, int] | None = None
        self.timed: float | None = None

    def head(self) -> _Waiter | None:
        while self.waiters and self.waiters[0].future.done():
            heapq.heappop(self.waiters)
        return self.waiters[0] if self.waiters else None

    def opens_at(self, now_s: float) -> float:
        return max(self.blocked_until, self.window.free_at(now_s))

    def is_idle(self, now_s: float) -> bool:
        return not self.head() and self.blocked_until <= now_s and not self.window.used(now_s)


class RateBudget:
    """Let calls through so that no limit of the venue is used beyond our share of it; a ``venues.base.RateGate``.

    Two limits hold at once: the host's, over all callers behind our address, and the caller's own per endpoint. Who
    waits is served in the order of arrival, with a head start for accounts in danger. Each :meth:`acquire` must be
    followed by one :meth:`observe` when the call has ended, whether it was answered or not.

    Parameters
    ----------
    manifest : VenueManifest
        The venue's limits.
    clock : Clock
        Time.
    share_of_limit : float, default=0.30
        Fraction of every limit that we may use, in (0, 1]; the desk's own bots share the rest.
    host : str, optional
        Name for messages; the exchange's if not given.

    Raises
    ------
    ValueError
        If ``share_of_limit`` is outside (0, 1].
    """

    def __init__(
        self, manifest: VenueManifest, clock: Clock, *, share_of_limit: float = 0.30, host: str | None = None
    ) -> None:
        if not 0 < share_of_limit <= 1:
            raise ValueError(f"share_of_limit must be above 0 and at most 1, got {share_of_limit!r}")
        self._clock = clock
        self._share = share_of_limit
        self._host_name = host or manifest.exchange
        self._host_limit = manifest.ip_limit
        self._host = CallWindow(manifest.ip_limit, share_of_limit)
        self._limits = dict(manifest.endpoint_limits)
        self._listed = frozenset(self._limits)
        self._buckets: dict[tuple[str, str | None], _Bucket] = {}
        self._danger: dict[str, float] = {}
        self._ready: list[tuple[tuple[float, int], _Bucket]] = []
        self._later: list[tuple[float, int, _Bucket]] = []
        self._sequence = itertools.count()
        self._waiting = 0
        self._calls = 0
        self._blocked_until = 0.0
        self._block_reason: str | None = None
        self._timer: asyncio.Task[None] | None = None
        self._timer_at = 0.0

    # ---- the gate -------------------------------------------------------------------------------------------

    async def acquire(self, endpoint: str, uid_key: str | None) -> None:
        """Wait until one call of ``endpoint`` fits into every limit that applies to it.

        Parameters
        ----------
        endpoint : str
            Path of the call.
        uid_key : str or None
            Names the caller's own bucket; None for public calls.

        Raises
        ------
        RateLimitedError
            At once, and for all who wait, while the whole host is blocked; with ``retry_after_s``.
        """
        now_s = self._clock.monotonic_s()
        self._refuse_if_blocked(now_s, endpoint)
        bucket = self._bucket(endpoint, uid_key)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        danger = self._danger.get(uid_key, 0.0) if uid_key is not None else 0.0
        waiter = _Waiter((now_s - HEAD_START_S * danger, next(self._sequence)), future)
        heapq.heappush(bucket.waiters, waiter)
        self._offer(bucket, now_s)
        self._pump()
        self._waiting += 1
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._give_back(bucket)
            raise
        finally:
            self._waiting -= 1

    def observe(self, endpoint: str, uid_key: str | None, headers: Mapping[str, str]) -> None:
        """Note that a call has ended and learn from its reply.

        Parameters
        ----------
        endpoint, uid_key
            As given to :meth:`acquire`.
        headers : mapping of str to str
            Of the reply, looked up as ``X-Bapi-Limit`` (the endpoint's limit) and ``X-Bapi-Limit-Status`` (what is
            left of it); empty if there was no reply.
        """
        now_s = self._clock.monotonic_s()
        bucket = self._bucket(endpoint, uid_key)
        self._host.end(now_s)
        bucket.window.end(now_s)
        if uid_key is not None:
            self._learn(bucket, headers, now_s)
        self._offer(bucket, now_s)
        self._pump()

    def block_host(self, seconds: float, message: str) -> None:
        """Stop all calls for ``seconds``; whoever waits is told so by a :class:`RateLimitedError`."""
        now_s = self._clock.monotonic_s()
        if now_s >= self._blocked_until:
            _log.warning("host blocked", host=self._host_name, seconds=seconds, reason=message)
        self._blocked_until = max(self._blocked_until, now_s + seconds)
        self._block_reason = message
        self._ready.clear()
        self._later.clear()
        for bucket in self._buckets.values():
            for waiter in bucket.waiters:
                if not waiter.future.done():
                    waiter.future.set_exception(self._blocked_error(now_s, bucket.endpoint))
            bucket.waiters.clear()
            bucket.offered = bucket.timed = None

    def block_bucket(self, endpoint: str, uid_key: str | None, until_ns: int) -> None:
        """Stop one bucket until a moment, UTC nanoseconds; the others go on."""
        wait_s = (until_ns - self._clock.now_ns()) / 1e9
        self._hold(self._bucket(endpoint, uid_key), wait_s, "the venue's limit is used up")

    # ---- what is planned with it ----------------------------------------------------------------------------

    def seconds_per_call(self) -> float:
        """Return how long one call takes of the part of the host's budget that periodic work may plan with."""
        return self._host.window_s / (PLANNED_SHARE * self._host.allowed)

    def set_danger(self, uid_key: str, danger: float) -> None:
        """Give the calls of an account a head start: 0 none, 1 the full one; values beyond are cut."""
        if danger > 0:
            self._danger[uid_key] = min(danger, 1.0)
        else:
            self._danger.pop(uid_key, None)

    def state(self) -> BudgetState:
        """Return how the budget stands now."""
        now_s, now_ns = self._clock.monotonic_s(), self._clock.now_ns()
        is_blocked = now_s < self._blocked_until
        held = [
            HeldBucket(b.endpoint, b.uid_key, now_ns + int((b.blocked_until - now_s) * 1e9), b.reason)
            for b in self._buckets.values()
            if b.blocked_until > now_s
        ]
        return BudgetState(
            host=self._host_name,
            share_of_limit=self._share,
            used=self._host.used(now_s),
            allowed=self._host.allowed,
            window_s=self._host.window_s,
            waiting=self._waiting,
            calls=self._calls,
            blocked_until_ns=now_ns + int((self._blocked_until - now_s) * 1e9) if is_blocked else None,
            block_reason=self._block_reason if is_blocked else None,
            held=tuple(held[:20]),
        )

    def close(self) -> None:
        """Stop the timer; whoever still waits is left to be cancelled by its owner."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---- inside ---------------------------------------------------------------------------------------------

    def _bucket(self, endpoint: str, uid_key: str | None) -> _Bucket:
        bucket = self._buckets.get((endpoint, uid_key))
        if bucket is None:
            if len(self._buckets) % _PRUNE_EVERY == _PRUNE_EVERY - 1:
                self._prune()
            limit = self._host_limit if uid_key is None else self._limits.get(endpoint, UNLISTED_LIMIT)
            bucket = _Bucket(endpoint, uid_key, CallWindow(limit, self._share))
            self._buckets[endpoint, uid_key] = bucket
        return bucket

    def _prune(self) -> None:
        now_s = self._clock.monotonic_s()
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_idle(now_s)}

    def _refuse_if_blocked(self, now_s: float, endpoint: str) -> None:
        if now_s < self._blocked_until:
            raise self._blocked_error(now_s, endpoint)

    def _blocked_error(self, now_s: float, endpoint: str) -> RateLimitedError:
        return RateLimitedError(
            self._block_reason or "the host is left alone",
            venue=self._host_name,
            endpoint=endpoint,
            retry_after_s=max(0.0, self._blocked_until - now_s),
            reason="ip_blocked",
        )

    def _offer(self, bucket: _Bucket, now_s: float) -> None:
        """Queue the bucket's first waiter: with those ready to go, or for the moment the bucket opens."""
        head = bucket.head()
        if head is None or bucket.offered == head.order:
            return
        opens_at = bucket.opens_at(now_s)
        if opens_at <= now_s:
            bucket.offered = head.order
            heapq.heappush(self._ready, (head.order, bucket))
        elif bucket.timed is None or opens_at < bucket.timed:
            bucket.timed = opens_at
            heapq.heappush(self._later, (opens_at, next(self._sequence), bucket))

    def _pump(self) -> None:
        """Let through whatever fits now and set the timer for what fits next."""
        now_s = self._clock.monotonic_s()
        while self._later and self._later[0][0] <= now_s:
            opened_at, _, bucket = heapq.heappop(self._later)
            if bucket.timed == opened_at:
                bucket.timed = None
                self._offer(bucket, now_s)
        while self._ready:
            host_free_at = self._host.free_at(now_s)
            if host_free_at > now_s:
                self._wake_at(host_free_at)
                break
            order, bucket = heapq.heappop(self._ready)
            if bucket.offered != order:
                continue  # a waiter with precedence was offered in its place
            bucket.offered = None
            head = bucket.head()
            if head is not None and head.order == order and bucket.opens_at(now_s) <= now_s:
                self._let_through(bucket, now_s)
            self._offer(bucket, now_s)
        if self._later:
            self._wake_at(self._later[0][0])

    def _let_through(self, bucket: _Bucket, now_s: float) -> None:
        waiter = heapq.heappop(bucket.waiters)
        self._host.take(now_s)
        bucket.window.take(now_s)
        self._calls += 1
        waiter.future.set_result(None)

    def _give_back(self, bucket: _Bucket) -> None:
        self._host.give_back()
        bucket.window.give_back()
        self._calls -= 1
        self._offer(bucket, self._clock.monotonic_s())
        self._pump()

    def _learn(self, bucket: _Bucket, headers: Mapping[str, str], now_s: float) -> None:
        limit = _whole_number(headers.get("X-Bapi-Limit"))
        if not limit:
            return
        known = self._limits.get(bucket.endpoint)
        if known is None or limit < known.calls:
            self._relimit(bucket.endpoint, EndpointLimit(limit, known.per_s if known else 1.0))
        remaining = _whole_number(headers.get("X-Bapi-Limit-Status"))
        if remaining is None or remaining >= LOW_REMAINING * limit:
            return
        used_by_others = limit - remaining - bucket.window.used(now_s)
        if used_by_others > self._share * limit:
            self._hold(bucket, bucket.window.window_s, "other programs use this key's limit")

    def _relimit(self, endpoint: str, limit: EndpointLimit) -> None:
        if endpoint in self._listed:
            _log.info("limit lowered", host=self._host_name, endpoint=endpoint, calls=limit.calls)
        self._limits[endpoint] = limit
        for bucket in self._buckets.values():
            if bucket.endpoint == endpoint and bucket.uid_key is not None:
                bucket.window.resize(limit, self._share)

    def _hold(self, bucket: _Bucket, seconds: float, reason: str) -> None:
        until_s = self._clock.monotonic_s() + seconds
        if until_s > bucket.blocked_until:
            bucket.blocked_until = until_s
            bucket.reason = reason

    def _wake_at(self, at_s: float) -> None:
        if self._timer is not None:
            if self._timer_at <= at_s:
                return
            self._timer.cancel()
        self._timer_at = at_s
        self._timer = asyncio.get_running_loop().create_task(self._wake(at_s))

    async def _wake(self, at_s: float) -> None:
        # Never less than a millisecond: a clock that wakes a moment early must not make us spin.
        await self._clock.sleep(max(0.001, at_s - self._clock.monotonic_s()))
        self._timer = None
        self._pump()


def _whole_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None

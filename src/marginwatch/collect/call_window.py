"""How many calls may still start now: a sliding window over calls in flight and calls that have just ended."""

from collections import deque

from marginwatch.venues.base import EndpointLimit

GUARD_S = 0.001
"""Added to each window, so that rounding of times never lets a call in too early."""


class CallWindow:
    """Slots for the calls of one limit.

    A slot is taken when a call may start and is free again one window after the call has *ended*. The venue counts
    the call at some moment between the two, so no window of that length, wherever the venue lays it and however
    unevenly the network delivers, ever contains more than ``allowed`` calls.

    Parameters
    ----------
    limit : EndpointLimit
        The venue's limit.
    share : float
        Fraction of it that we may use, in (0, 1].
    lease_s : float
        A call of which no end was reported counts as ended after this many seconds.

    Notes
    -----
    ``share × calls`` is rounded down. Where less than one call is left of it, one call is allowed in a window
    stretched accordingly: 30 % of 1 call a second is one call in 3⅓ s. All operations are O(1) amortized.
    """

    __slots__ = ("_cooling", "_in_flight", "_lease_s", "allowed", "window_s")

    def __init__(self, limit: EndpointLimit, share: float, lease_s: float = 60.0) -> None:
        self._in_flight: deque[float] = deque()
        self._cooling: deque[float] = deque()
        self._lease_s = lease_s
        self.allowed = 1
        self.window_s = limit.per_s
        self.resize(limit, share)

    def resize(self, limit: EndpointLimit, share: float) -> None:
        """Take on another limit; calls already made keep the slots they hold."""
        budget = limit.calls * share
        # 0.3 × 10 is 3.0000000000000004 or 2.9999999999999996 depending on the numbers: 3 is meant.
        self.allowed = max(1, int(budget + 1e-9))
        self.window_s = limit.per_s * max(1.0, 1.0 / budget)

    def used(self, now_s: float) -> int:
        """Return how many slots are taken at ``now_s`` (monotonic seconds)."""
        self._forget(now_s)
        return len(self._in_flight) + len(self._cooling)

    def free_at(self, now_s: float) -> float:
        """Return when the next slot is free, as far as known: ``now_s`` if one is free already."""
        excess = self.used(now_s) - self.allowed
        if excess < 0:
            return now_s
        if excess < len(self._cooling):
            return self._cooling[excess]
        return self._in_flight[excess - len(self._cooling)] + self._lease_s

    def take(self, now_s: float) -> None:
        """Take a slot; the caller has made sure that one is free."""
        self._in_flight.append(now_s)

    def end(self, now_s: float) -> None:
        """Note that one of the calls in flight has ended, with or without a reply."""
        if self._in_flight:
            self._in_flight.popleft()
            self._cooling.append(now_s + self.window_s + GUARD_S)

    def give_back(self) -> None:
        """Return the slot of a call that was never sent."""
        if self._in_flight:
            self._in_flight.pop()

    def _forget(self, now_s: float) -> None:
        while self._cooling and self._cooling[0] <= now_s:
            self._cooling.popleft()
        while self._in_flight and self._in_flight[0] + self._lease_s <= now_s:
            self._in_flight.popleft()

"""How many messages a channel may send: a bucket that fills with time, with some kept for what is critical."""

import math

from marginwatch.clock import Clock

BURST_MAX = 10
BURST_MIN = 2
BURST_SHARE = 0.25
"""Of a minute's messages that may go at once."""

RESERVED_SHARE = 0.2
"""Of the burst that only critical alerts may use; at least one message."""


class Rate:
    """Token bucket of one channel; critical messages may overdraw it, and what they took is missing later.

    Parameters
    ----------
    per_minute : float
        Messages that the channel may send in a minute, > 0.
    clock : Clock
        Time.
    """

    def __init__(self, per_minute: float, clock: Clock) -> None:
        self._per_second = per_minute / 60.0
        self._clock = clock
        self.burst = float(min(BURST_MAX, max(BURST_MIN, math.floor(per_minute * BURST_SHARE))))
        self.reserved = max(1, math.floor(self.burst * RESERVED_SHARE))
        self._tokens = self.burst
        self._at_s = clock.monotonic_s()

    def room(self) -> int:
        """Return how many messages may be sent now, the reserved ones among them."""
        self._fill()
        # A hair of rounding must not cost a message.
        return max(0, math.floor(self._tokens + 1e-9))

    def take(self) -> None:
        """Count one message, however much is left."""
        self._fill()
        self._tokens = max(self._tokens - 1.0, -self.burst)

    def wait_s(self) -> float:
        """Return the seconds until a message that is not critical may be sent; 0 if it may now."""
        self._fill()
        return max(0.0, (self.reserved + 1 - self._tokens) / self._per_second)

    def _fill(self) -> None:
        now_s = self._clock.monotonic_s()
        self._tokens = min(self.burst, self._tokens + max(0.0, now_s - self._at_s) * self._per_second)
        self._at_s = now_s

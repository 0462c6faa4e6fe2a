"""Counts of durations by how long they were: all that is kept of many, in the same memory for ever."""

from bisect import bisect_left
from collections.abc import Sequence

ALERT_BOUNDS_S = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
)
"""From a few milliseconds to the outbox up to minutes in a channel that was refused."""

FRAME_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0)


class Histogram:
    """Durations, counted.

    Parameters
    ----------
    bounds_s : sequence of float
        Upper ends of the buckets, ascending, seconds; one on an end belongs below it. A last bucket holds all above.

    Attributes
    ----------
    counts : list of int
        Of each bucket, one more than bounds.
    sum_s : float
        Of all.
    """

    def __init__(self, bounds_s: Sequence[float]) -> None:
        if not bounds_s or list(bounds_s) != sorted(set(bounds_s)):
            raise ValueError(f"bounds_s must ascend, got {bounds_s!r}")
        self.bounds_s = tuple(bounds_s)
        self.counts = [0] * (len(self.bounds_s) + 1)
        self.sum_s = 0.0

    @property
    def n(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def observe(self, duration_s: float) -> None:
        """Count one; a negative duration, after a clock was set back, counts as 0."""
        duration_s = max(0.0, duration_s)
        self.counts[bisect_left(self.bounds_s, duration_s)] += 1
        self.sum_s += duration_s

    def quantile_s(self, share: float) -> float | None:
        """Return the upper end of the bucket that a quantile is in; None for none, or if it is above all ends."""
        wanted, seen = share * self.n, 0
        for bound, count in zip(self.bounds_s, self.counts, strict=False):
            seen += count
            if count and seen >= wanted:
                return bound
        return None

"""The venue's clock as seen from here: requests are stamped with it, so that a wrong clock of ours does no harm."""

from collections import deque

import msgspec

from marginwatch.clock import Clock

WARN_OFFSET_NS = 1_000_000_000
"""From one second on, other programs on this machine fail at the venue (documents: guide, time rule)."""

SAMPLE_AGE_NS = 600_000_000_000
"""A sample older than ten minutes no longer tells how clocks drifted since."""


class OffsetSample(msgspec.Struct, frozen=True):
    """One round trip: how far the venue's clock is ahead of ours, and how long the trip took, nanoseconds."""

    offset_ns: int
    latency_ns: int
    taken_at_ns: int


class ServerClock:
    """Keep the offset of the venue's clock from the round trip with the lowest latency.

    Parameters
    ----------
    clock : Clock
        Our own time.

    Notes
    -----
    The venue read its clock at some moment of the round trip; taken as its middle, the error is at most half the
    latency, so the quickest of the recent trips is the best sample (as in NTP).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: deque[OffsetSample] = deque(maxlen=16)
        self._best: OffsetSample | None = None

    @property
    def best(self) -> OffsetSample | None:
        """The sample in use; None before the first one."""
        return self._best

    @property
    def is_measured(self) -> bool:
        """Whether there was a sample at all."""
        return self._best is not None

    @property
    def offset_ns(self) -> int:
        """How far the venue's clock is ahead of ours, nanoseconds; 0 while it has not been measured."""
        return self._best.offset_ns if self._best else 0

    @property
    def is_skewed(self) -> bool:
        """Whether our clock is wrong by a second or more."""
        return abs(self.offset_ns) >= WARN_OFFSET_NS

    def now_ns(self) -> int:
        """Return the venue's time as far as we know it, UTC nanoseconds."""
        return self._clock.now_ns() + self.offset_ns

    def to_server_ns(self, our_ns: int) -> int:
        """Return what the venue's clock shows when ours shows ``our_ns``."""
        return our_ns + self.offset_ns

    def to_ours_ns(self, server_ns: int) -> int:
        """Return the moment of our clock at which the venue's shows ``server_ns``."""
        return server_ns - self.offset_ns

    def add(self, sent_ns: int, heard_ns: int, server_ns: int) -> OffsetSample:
        """Take in one round trip.

        Parameters
        ----------
        sent_ns, heard_ns : int
            When the request left and its reply came, our UTC nanoseconds.
        server_ns : int
            The venue's clock in between, UTC nanoseconds.

        Returns
        -------
        OffsetSample
            The sample now in use.
        """
        offset_ns = server_ns - (sent_ns + heard_ns) // 2
        self._samples.append(OffsetSample(offset_ns, max(0, heard_ns - sent_ns), heard_ns))
        while abs(heard_ns - self._samples[0].taken_at_ns) > SAMPLE_AGE_NS:
            self._samples.popleft()
        self._best = min(self._samples, key=lambda sample: sample.latency_ns)
        return self._best

    def distrust(self) -> None:
        """Forget the samples but not the offset: the venue has refused a time stamp, so a clock was moved."""
        self._samples.clear()

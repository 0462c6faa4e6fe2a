"""What happened lately, counted: notices are told once, rules ask how many there were."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping

KEEP_S = 3_600.0
EACH_MAX = 1_000
"""Remembered of one kind and subject: more in an hour are as many."""


class Happenings:
    """Counts of what happened within the last hour, by kind and subject.

    Parameters
    ----------
    keep_s : float, default=3600
        What is older counts no more.
    """

    def __init__(self, keep_s: float = KEEP_S) -> None:
        self._keep_ns = int(keep_s * 1e9)
        self._times: dict[str, dict[str, deque[int]]] = {}

    def note(self, kind: str, subject: str, at_ns: int, n: int = 1) -> None:
        """Count ``n`` of a kind at a moment, UTC nanoseconds; moments never go back."""
        times = self._times.setdefault(kind, {}).setdefault(subject, deque(maxlen=EACH_MAX))
        times.extend([at_ns] * min(n, EACH_MAX))

    def counts(self, kinds: Iterable[str], now_ns: int) -> Mapping[str, int]:
        """Return how many there were of any of these kinds in the time up to ``now_ns``, by subject; 0 is left out."""
        found: Counter[str] = Counter()
        for kind in kinds:
            by_subject = self._times.get(kind, {})
            for subject, times in list(by_subject.items()):
                while times and times[0] <= now_ns - self._keep_ns:
                    times.popleft()
                if times:
                    found[subject] += len(times)
                else:
                    del by_subject[subject]
            if not by_subject:
                self._times.pop(kind, None)
        return found

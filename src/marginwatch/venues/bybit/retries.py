"""Whether a failed call is tried again, and when: a pure decision, bounded for every kind of failure."""

import random
from collections import Counter
from enum import StrEnum

from marginwatch.errors import (
    AuthError,
    MarginwatchError,
    ProtocolError,
    RateLimitedError,
)

BACKOFF_FIRST_S = 0.25
BACKOFF_MAX_S = 5.0


class FailureKind(StrEnum):
    """Failures of one call that are worth another try."""

    CLOCK = "clock"
    LIMIT = "limit"
    LINK = "link"
    UNKNOWN = "unknown"


TRIES_AGAIN: dict[FailureKind, int] = {
    FailureKind.CLOCK: 1,
    FailureKind.LIMIT: 3,
    FailureKind.LINK: 2,
    FailureKind.UNKNOWN: 2,
}
"""How often a call is tried again after each kind. A clock that was set right once and still is refused will be
refused again; a used-up limit has been waited out each time."""


def kind_of(error: MarginwatchError) -> FailureKind | None:
    """Return which kind of passing failure an error is, None for one that no repetition mends."""
    if isinstance(error, AuthError):
        return FailureKind.CLOCK if error.reason == "clock_skew" else None
    if isinstance(error, RateLimitedError):
        return None if error.reason == "ip_blocked" else FailureKind.LIMIT
    if isinstance(error, ProtocolError) or error.reason == "unknown_code":
        return FailureKind.UNKNOWN
    if (error.retry_after_s or 0.0) > BACKOFF_MAX_S:
        return None  # the venue asks for minutes: that is for the caller to wait, not for one call
    return FailureKind.LINK if error.retryable else None


class RetryCount:
    """The tries of one call.

    Parameters
    ----------
    chance : random.Random
        Spreads the waits, so that callers that failed together do not return together.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._tries: Counter[FailureKind] = Counter()

    def wait_s(self, error: MarginwatchError) -> float | None:
        """Return the seconds until another try, or None if there is to be none.

        A wait doubles with each try of its kind, is cut at random to between half of it and all of it, and is never
        shorter than what the venue asks for. After a clock that was measured anew there is none; nor after a used-up
        limit of the account, for the budget does that waiting.
        """
        kind = kind_of(error)
        if kind is None or self._tries[kind] >= TRIES_AGAIN[kind]:
            return None
        self._tries[kind] += 1
        if kind is FailureKind.CLOCK or error.reason == "rate_limited":
            return 0.0
        longest = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** (self._tries[kind] - 1))
        part = self._chance.uniform(0.5, 1.0)
        return max(longest * part, (error.retry_after_s or 0.0) * (0.5 + part))

"""REST snapshots of one account: when the next one is due, and what a failed one means."""

import random

from marginwatch.collect.backoff import backoff_s
from marginwatch.collect.planning import Intervals
from marginwatch.collect.settings import CollectSettings
from marginwatch.errors import AuthError, ConfigError, MarginwatchError, RateLimitedError

LOOKS_MAX = 3
"""Second looks in a row at one doubtful snapshot; then the usual interval has to do."""

ORDERS_AFTER_S = 30.0
"""The first snapshots do without open orders, which would nearly double the calls of a first picture."""

ORDERS_EVERY_S = 300.0
"""Open orders only add to the tier of a position, and the stream tells of their changes; this finds what it missed."""


class SweepTimes:
    """When the next snapshot of one account is due.

    Parameters
    ----------
    settings : CollectSettings
        Bounds.
    chance : random.Random
        Source of the jitter.
    """

    __slots__ = ("_chance", "_n_looks", "_orders_due_s", "_settings", "_wait_s", "is_doubted", "n_failures")

    def __init__(self, settings: CollectSettings, chance: random.Random) -> None:
        self._settings = settings
        self._chance = chance
        self.n_failures = 0
        """Failures in a row."""
        self._n_looks = 0
        self._wait_s = 0.0
        self._orders_due_s: float | None = None
        self.is_doubted = False
        """Whether something may have been missed since the last snapshot began."""

    def are_orders_due(self, now_s: float) -> bool:
        """Return whether a snapshot that begins now should include the open orders."""
        if self._orders_due_s is None:
            self._orders_due_s = now_s + ORDERS_AFTER_S
        return now_s >= self._orders_due_s

    def on_orders(self, now_s: float) -> None:
        """Learn that a snapshot included the open orders."""
        self._orders_due_s = now_s + ORDERS_EVERY_S

    def on_gap(self, now_s: float) -> None:
        """Learn that changes of orders may have been missed: the next snapshots include them soon."""
        if self._orders_due_s is not None:
            self._orders_due_s = min(self._orders_due_s, now_s + ORDERS_AFTER_S)

    def on_success(self, needs_second_look: bool) -> None:
        """Learn that a snapshot was taken."""
        self.n_failures = 0
        self._n_looks = self._n_looks + 1 if needs_second_look else 0

    def on_failure(self, error: MarginwatchError) -> None:
        """Learn that a snapshot failed."""
        self.n_failures += 1
        wait_s = backoff_s(
            self.n_failures, self._settings.backoff_first_s, self._settings.backoff_max_s, self._chance
        )
        is_ours = not error.retryable and not isinstance(error, RateLimitedError)
        self._wait_s = max(
            wait_s, error.retry_after_s or 0.0, self._settings.backoff_max_s if is_ours else 0.0
        )

    def wait_s(self, intervals: Intervals, is_live: bool) -> float:
        """Return the seconds until the next snapshot, shortened by jitter.

        Parameters
        ----------
        intervals : Intervals
            As planned now.
        is_live : bool
            Whether the account's socket is live.
        """
        if self.n_failures:
            return self._wait_s
        if self.is_doubted or 0 < self._n_looks <= LOOKS_MAX:
            return self._settings.second_look_s
        interval_s = intervals.reconcile_s if is_live else intervals.poll_s
        return interval_s * (1.0 - self._settings.jitter_share * self._chance.random())


def is_fatal(error: MarginwatchError) -> bool:
    """Return whether only the owner can mend it: the account is stopped, and the others go on."""
    if isinstance(error, AuthError):
        return not error.retryable
    return isinstance(error, ConfigError)

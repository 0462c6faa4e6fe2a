"""What metrics read beside the frame; the service fits its parts to this."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from marginwatch.web.health_ports import HealthModel


class Buckets(NamedTuple):
    """Durations counted by how long they were.

    Parameters
    ----------
    bounds_s : tuple of float
        Upper ends, ascending, seconds.
    counts : tuple of int
        Of each bucket, not added up; one more than ends.
    sum_s : float
        Of all durations.
    """

    bounds_s: Sequence[float]
    counts: Sequence[int]
    sum_s: float


class MetricsModel(HealthModel, Protocol):
    """Health, and the distributions behind it."""

    def building(self) -> Buckets:
        """Return what frames took to make."""
        ...

    def wire_to_outbox(self) -> Buckets | None:
        """Return how long alerts took to the outbox; None where no rules are judged."""
        ...

    def wire_to_sent(self) -> Mapping[str, Buckets]:
        """Return how long alerts took until a channel had taken them, by channel."""
        ...

"""Which executions were already told: a stream repeats itself, and a backfill overlaps it."""

from marginwatch.model.activity import Fill

REMEMBERED_MAX = 500
"""More than a backfill overlaps with a stream; the oldest are forgotten first."""


class RecentFills:
    """Remembers the latest fill ids of one account."""

    __slots__ = ("_seen", "last_ns")

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}
        self.last_ns: int | None = None
        """When the latest execution happened by the venue's clock, UTC nanoseconds; None if none was seen."""

    def take_new(self, fills: tuple[Fill, ...]) -> tuple[Fill, ...]:
        """Return those not yet told, in their order, and remember them; one without an id always counts as new."""
        return tuple(fill for fill in fills if self._is_new(fill))

    def _is_new(self, fill: Fill) -> bool:
        if fill.ts_venue_ns is not None and fill.ts_venue_ns > (self.last_ns or 0):
            self.last_ns = fill.ts_venue_ns
        if fill.fill_id is None:
            return True
        if fill.fill_id in self._seen:
            return False
        self._seen[fill.fill_id] = None
        if len(self._seen) > REMEMBERED_MAX:
            del self._seen[next(iter(self._seen))]
        return True

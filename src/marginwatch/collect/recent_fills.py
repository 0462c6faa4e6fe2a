"""Which executions were already told: a stream repeats itself, and a backfill overlaps it."""

from marginwatch.model.activity import Fill

GENERATION_S = 60.0
"""A stream repeats itself within seconds. Ids are remembered for one to two generations, not one by one with a time."""

GENERATION_MAX = 500
"""More than a backfill overlaps with a stream; so many ids make a generation full, whatever its age."""


class RecentFills:
    """Remembers the latest fill ids of one account.

    The memory of an account is that of a minute or two of its trading: with a thousand accounts more would be felt.
    """

    __slots__ = ("_began_s", "_old", "_young", "last_ns")

    def __init__(self) -> None:
        self._young: set[str] = set()
        self._old: set[str] = set()
        self._began_s = 0.0
        self.last_ns: int | None = None
        """When the latest execution happened by the venue's clock, UTC nanoseconds; None if none was seen."""

    def take_new(self, fills: tuple[Fill, ...], now_s: float, *, is_held: bool = False) -> tuple[Fill, ...]:
        """Return those not yet told, in their order, and remember them; one without an id always counts as new.

        Parameters
        ----------
        fills : tuple of Fill
            As they came.
        now_s : float
            Monotonic seconds.
        is_held : bool, default=False
            Whether ids may be needed for as long as a gap is open: then they are not forgotten with time.
        """
        is_due = now_s - self._began_s >= GENERATION_S and not is_held
        if is_due or len(self._young) >= GENERATION_MAX:
            self._old, self._young, self._began_s = self._young, set(), now_s
        return tuple(fill for fill in fills if self._is_new(fill))

    def _is_new(self, fill: Fill) -> bool:
        if fill.ts_venue_ns is not None and fill.ts_venue_ns > (self.last_ns or 0):
            self.last_ns = fill.ts_venue_ns
        name = fill.fill_id
        if name is None:
            return True
        if name in self._young or name in self._old:
            return False
        self._young.add(name)
        return True

"""The price of a delivery: the index averaged over the half hour before it.

References
----------
Bybit contract rules (2024): futures settle at the average index price of the last 30 minutes before 08:00 UTC, taken
every second. That options do the same is our reading.
"""

WINDOW_MS = 30 * 60_000


class DeliveryIndex:
    """Running averages of the indexes that the next delivery needs: a sum and a length of time for each, no samples.

    An index counts for as long as it has held when it is looked at, so that the average is one over time whatever the
    steps are; a step over the whole half hour leaves the index at its end.

    Parameters
    ----------
    now_ms : int
        Since when there are indexes: an exchange that opens within the half hour averages over what is left of it.
    """

    def __init__(self, now_ms: int) -> None:
        self._born_ms = now_ms
        self._delivery_ms = 0
        self._seen_ms = 0
        self._sums: dict[tuple[str, str], float] = {}
        self._lasted_ms = 0

    def is_open(self, now_ms: int, delivery_ms: int) -> bool:
        """Return whether the half hour before a delivery has begun."""
        return now_ms > delivery_ms - WINDOW_MS

    def add(self, now_ms: int, delivery_ms: int, indexes: dict[tuple[str, str], float]) -> None:
        """Take the indexes of this moment, by base and quote coin, into the averages of a delivery.

        Parameters
        ----------
        now_ms : int
            The moment, within the half hour or past its end.
        delivery_ms : int
            Which delivery; another one than before starts afresh.
        indexes : dict of (str, str) to float
            The same keys at every call for one delivery.
        """
        if delivery_ms != self._delivery_ms:
            self._delivery_ms, self._seen_ms = delivery_ms, max(delivery_ms - WINDOW_MS, self._born_ms)
            self._sums, self._lasted_ms = dict.fromkeys(indexes, 0.0), 0
        until_ms = min(now_ms, delivery_ms)
        held_ms = until_ms - self._seen_ms
        if held_ms <= 0:
            return
        for pair, index in indexes.items():
            self._sums[pair] += index * held_ms
        self._lasted_ms += held_ms
        self._seen_ms = until_ms

    def average(self, pair: tuple[str, str]) -> float | None:
        """Return the average of an index so far, None if it is not averaged."""
        total = self._sums.get(pair)
        return None if total is None or not self._lasted_ms else total / self._lasted_ms

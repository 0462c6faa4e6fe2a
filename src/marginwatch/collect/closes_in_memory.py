"""Closes kept while a process lasts: for a command that looks once."""

from collections.abc import Mapping, Sequence

from marginwatch.model.ids import VenueId
from marginwatch.model.price_history import PriceClose, PriceSeries

ROWS_MAX = 1_100
"""Kept of each series: a little more than one call brings."""


class ClosesInMemory:
    """A keeper of closes that forgets; see :class:`marginwatch.collect.price_history.ClosesKeeper`."""

    def __init__(self) -> None:
        self._rows: dict[PriceSeries, dict[int, PriceClose]] = {}

    async def last_ends(self, venue: VenueId) -> Mapping[PriceSeries, int]:
        """Return the end of the newest interval of each series of a venue, UTC seconds."""
        return {series: max(rows) for series, rows in self._rows.items() if series.venue == venue and rows}

    async def add(self, series: PriceSeries, closes: Sequence[PriceClose]) -> None:
        """Keep closes; one that is known is replaced, the oldest go beyond the bound."""
        rows = self._rows.setdefault(series, {})
        rows.update((close.ended_at_s, close) for close in closes)
        for end_s in sorted(rows)[:-ROWS_MAX]:
            del rows[end_s]

    async def closes(self, interval_s: int) -> Mapping[PriceSeries, tuple[PriceClose, ...]]:
        """Return all closes of an interval, oldest first."""
        return {
            series: tuple(rows[end_s] for end_s in sorted(rows))
            for series, rows in self._rows.items()
            if series.interval_s == interval_s and rows
        }

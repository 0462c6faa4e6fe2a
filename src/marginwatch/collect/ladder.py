"""One order book as its stream tells it: a snapshot, then levels that changed, numbered without gaps."""

from collections.abc import Iterable

from marginwatch.model.instrument import Instrument
from marginwatch.model.market import BookChange, Depth, Level

LEVELS_TOLD = 50


class Ladder:
    """The order book of one contract."""

    __slots__ = ("_asks", "_bids", "_instrument", "_number", "_ts_venue_ns", "is_changed")

    def __init__(self) -> None:
        self._bids: dict[float, Level] = {}
        self._asks: dict[float, Level] = {}
        self._number = -1
        self._instrument: Instrument | None = None
        self._ts_venue_ns: int | None = None
        self.is_changed = False
        """Whether it changed since it was last told."""

    def take(self, news: BookChange) -> bool:
        """Take a push; False, changing nothing, if one before it was lost. One that is not newer is left out."""
        if news.is_snapshot:
            self._bids.clear()
            self._asks.clear()
        elif news.number <= self._number:
            return True
        elif news.number != self._number + 1:
            return False
        self._number, self._instrument, self._ts_venue_ns = news.number, news.instrument, news.ts_venue_ns
        _lay(self._bids, news.bids)
        _lay(self._asks, news.asks)
        self.is_changed = True
        return True

    def tell(self) -> Depth | None:
        """Return the best levels as they are now; None before the first snapshot."""
        self.is_changed = False
        if self._instrument is None:
            return None
        bids = sorted(self._bids, reverse=True)[:LEVELS_TOLD]
        asks = sorted(self._asks)[:LEVELS_TOLD]
        return Depth(
            self._instrument,
            tuple([self._bids[price] for price in bids]),
            tuple([self._asks[price] for price in asks]),
            self._ts_venue_ns,
        )


def _lay(side: dict[float, Level], changes: Iterable[Level]) -> None:
    for level in changes:
        price = float(level[0])
        if float(level[1]) == 0.0:
            side.pop(price, None)
        else:
            side[price] = level

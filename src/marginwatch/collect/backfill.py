"""The executions of one account, each told once, those that the stream missed among them."""

import structlog

from marginwatch.collect.recent_fills import RecentFills
from marginwatch.collect.services import Services, VenueServices
from marginwatch.collect.sweeps import is_fatal
from marginwatch.errors import MarginwatchError
from marginwatch.model.activity import Fill
from marginwatch.model.events import FillsUpdate
from marginwatch.model.ids import AccountId
from marginwatch.venues.base import VenueClient

log = structlog.get_logger(__name__)

REACH_S = 3600.0
"""Executions are asked for from the last seen one on, but no further back than this before the stream was lost."""

BACKFILLS = 2
"""Executions are asked for with the first two snapshots after a gap: the venue's REST side may lag behind."""

GAP_FROM_S = 30.0
"""A session whose first socket comes sooner than this has no gap before it that is worth a call."""


class Backfill:
    """Knows which executions were told, and since when the stream may have missed some.

    Parameters
    ----------
    account_id : AccountId
        The account.
    venue, services
        Shared collaborators.
    """

    __slots__ = (
        "_account_id",
        "_fills",
        "_is_first",
        "_n_asked",
        "_n_gaps",
        "_services",
        "_since_ns",
        "_started_s",
        "_venue",
    )

    def __init__(self, account_id: AccountId, venue: VenueServices, services: Services) -> None:
        self._account_id = account_id
        self._venue = venue
        self._services = services
        self._fills = RecentFills()
        self._since_ns: int | None = None
        self._is_first = True
        self._n_asked = 0
        self._n_gaps = 0
        self._started_s = services.clock.monotonic_s()

    def begin(self) -> None:
        """Learn that the session starts: nothing before now is missing, unless a gap is open still."""
        self._is_first = self._since_ns is None
        self._started_s = self._services.clock.monotonic_s()
        if self._since_ns is None:
            self._since_ns = self._venue.port.rest.venue_now_ns()

    def on_gap(self, *, was_live: bool) -> None:
        """Learn that the stream is gone; ``was_live`` tells whether it had been complete until now."""
        if was_live and self._since_ns is None:
            reach_ns = self._venue.port.rest.venue_now_ns() - int(REACH_S * 1e9)
            self._since_ns = max(self._fills.last_ns or 0, reach_ns)
        self._n_asked = 0
        self._n_gaps += 1

    def only_new(self, update: FillsUpdate) -> FillsUpdate | None:
        """Return what is new of a push; None if nothing is: a stream repeats itself."""
        new = self._take_new(update.fills)
        if not new:
            return None
        return FillsUpdate(update.account_id, new, update.ts_venue_ns, update.ts_received_ns)

    async def fetch(self, client: VenueClient) -> FillsUpdate | None:
        """Return the executions that the stream missed, asked for while it is live; None if there are none.

        A liquidation during a gap must not pass unseen. An answer that fails is asked for again with the next snapshot.

        Raises
        ------
        MarginwatchError
            If only the owner can mend it.
        """
        since_ns = self._since_ns
        if since_ns is None:
            return None
        is_first, self._is_first = self._is_first, False
        if is_first:
            if self._services.clock.monotonic_s() - self._started_s < GAP_FROM_S:
                self._since_ns = None
            # While a fleet starts, the calls go to those who have no picture yet: what happened since the start is asked
            # for with the next snapshot. What it did to the positions is in the one that was just taken.
            return None
        n_gaps = self._n_gaps
        try:
            fills = await client.fetch_fills_since(since_ns)
        except MarginwatchError as error:
            if is_fatal(error) and error.reason != "permission":
                raise
            log.info("executions not read", account_id=self._account_id, reason=str(error))
            return None
        new = self._take_new(fills)
        if n_gaps == self._n_gaps:
            self._n_asked += 1
            if self._n_asked >= BACKFILLS:
                self._since_ns = None
        if not new:
            return None
        now_ns = self._services.clock.now_ns()
        made_ns = max((fill.ts_venue_ns or 0 for fill in new), default=0) or now_ns
        return FillsUpdate(self._account_id, new, made_ns, now_ns, is_backfill=True)

    def _take_new(self, fills: tuple[Fill, ...]) -> tuple[Fill, ...]:
        """Return what was not told yet; while a gap is open, what it may bring once more is remembered."""
        now_s = self._services.clock.monotonic_s()
        return self._fills.take_new(fills, now_s, is_held=self._since_ns is not None)

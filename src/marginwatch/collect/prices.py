"""The price feeds of one venue: tickers of what is held, shared by all accounts, and REST where a socket is silent.

A wish is answered first by one REST call for its whole category, so marks are there at once, then by a ticker socket.
A contract whose ticker says nothing for some seconds, because its socket is down or because nothing changed, is asked
for by REST again: one call brings a category, so a quiet contract is not taken for a frozen feed.
"""

import msgspec
import structlog

from marginwatch.collect.connection_queue import ConnectionQueue
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.price_wishes import PriceWishes
from marginwatch.collect.services import Services
from marginwatch.collect.socket_group import SocketGroup
from marginwatch.collect.ticker_socket import TickerSocket
from marginwatch.errors import MarginwatchError
from marginwatch.model.events import MarksUpdate
from marginwatch.model.ids import InstrumentId
from marginwatch.model.instrument import Instrument

log = structlog.get_logger(__name__)

EXPIRE_EVERY_S = 30.0

SKEW_IGNORED_NS = 1_000_000_000
"""Difference of the clocks below which the venue's times are taken as they are; prices turn stale after seconds."""


class PriceFeed:
    """Prices of one venue.

    Parameters
    ----------
    port : VenuePort
        The venue.
    queue : ConnectionQueue
        Of the host of its public streams.
    services : Services
        Shared collaborators.
    wishes : PriceWishes
        What is wanted.
    """

    def __init__(
        self, port: VenuePort, queue: ConnectionQueue, services: Services, wishes: PriceWishes
    ) -> None:
        self._port = port
        self._queue = queue
        self._services = services
        self._wishes = wishes
        self._version = -1
        self._expired_s = 0.0
        self._group = SocketGroup("tickers", self._open, services)
        self._wanted: dict[InstrumentId, Instrument] = {}
        self._heard_s: dict[InstrumentId, float] = {}
        self._now_s = 0.0
        self._is_rest_lost = False
        self._due_s: dict[str, float] = {}

    @property
    def sockets(self) -> tuple[TickerSocket, ...]:
        """All ticker sockets."""
        return self._group.sockets

    def beat(self, now_s: float) -> None:
        """Follow the wishes and look after the sockets; called about every second."""
        self._now_s = self._wishes.now_s = now_s
        if now_s - self._expired_s >= EXPIRE_EVERY_S:
            self._expired_s = now_s
            self._wishes.expire(self._services.settings.price_keep_s)
        if self._wishes.version != self._version:
            self._version = self._wishes.version
            self._rearrange()
        for socket in self.sockets:
            socket.lifeline.beat(now_s)

    async def refresh_once(self) -> None:
        """Ask by REST for every contract that was never heard or is silent; a category at most every few seconds."""
        after_s = self._services.settings.price_refresh_s
        silent: dict[str, list[Instrument]] = {}
        for key, instrument in self._wanted.items():
            heard_s = self._heard_s.get(key)
            if heard_s is None or self._now_s - heard_s >= after_s:
                silent.setdefault(instrument.category, []).append(instrument)
        for category, instruments in silent.items():
            if self._now_s >= self._due_s.get(category, 0.0):
                self._due_s[category] = self._now_s + after_s
                await self._refresh(category, instruments)

    async def _refresh(self, category: str, instruments: list[Instrument]) -> None:
        try:
            marks = await self._port.rest.fetch_marks(category, instruments)
        except MarginwatchError as error:
            if not self._is_rest_lost:
                log.warning("prices by REST lost", venue=self._port.venue, reason=str(error))
            self._is_rest_lost = True
            return
        if self._is_rest_lost:
            log.info("prices by REST back", venue=self._port.venue)
            self._is_rest_lost = False
        asked = {one.instrument_id for one in instruments}
        wanted = tuple(mark for mark in marks if mark.instrument.instrument_id in asked)
        if wanted:
            self._tell(MarksUpdate(wanted, self._services.clock.now_ns()))

    def _tell(self, update: MarksUpdate) -> None:
        for mark in update.marks:
            self._heard_s[mark.instrument.instrument_id] = self._now_s
        self._services.sink(self._in_our_time(update))

    def _in_our_time(self, update: MarksUpdate) -> MarksUpdate:
        """Return prices with their times moved to our clock, where the two clocks are far apart.

        Ages are judged by our clock: ahead of the venue's, it would take every price for an old one.
        """
        ahead_ns = self._port.rest.venue_now_ns() - self._services.clock.now_ns()
        if abs(ahead_ns) < SKEW_IGNORED_NS:
            return update
        marks = tuple(
            mark
            if mark.ts_venue_ns is None
            else msgspec.structs.replace(mark, ts_venue_ns=mark.ts_venue_ns - ahead_ns)
            for mark in update.marks
        )
        return MarksUpdate(marks, update.ts_received_ns)

    def _rearrange(self) -> None:
        wanted = {one.instrument_id: one for one in self._wishes.wanted()}
        stream = self._port.stream
        by_category: dict[str, set[str]] = {}
        for instrument in wanted.values():
            by_category.setdefault(instrument.category, set()).add(stream.ticker_topic(instrument))
        for key in wanted.keys() - self._wanted.keys():
            self._due_s[wanted[key].category] = self._now_s
        for key in self._wanted.keys() - wanted.keys():
            self._heard_s.pop(key, None)
        self._wanted = wanted
        self._group.place(
            {name: topics for name, topics in by_category.items() if name in self._port.endpoints.public}
        )

    def _open(self, category: str) -> TickerSocket:
        return TickerSocket(category, self._port, self._queue, self._services, self._tell)

    async def run(self) -> None:
        """Ask by REST where the sockets are silent, about every second, forever."""
        while True:
            await self.refresh_once()
            await self._services.clock.sleep(1.0)

    async def stop(self) -> None:
        """Close the sockets."""
        await self._group.stop()

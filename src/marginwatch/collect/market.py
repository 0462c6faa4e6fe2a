"""Depth and early warnings of what is held: order books, liquidations of anybody, insurance pools, deleveraging alerts.

On sockets of its own, so that the many pushes of order books never hold up a price. Order books are kept here and told
about once a second; the rest is passed on as it comes, as far as it concerns contracts that are followed.
"""

from collections.abc import Callable
from typing import ClassVar

import structlog

from marginwatch.collect.connection_queue import ConnectionQueue
from marginwatch.collect.ladder import Ladder
from marginwatch.collect.ports import MarketNews, VenuePort
from marginwatch.collect.price_wishes import PriceWishes
from marginwatch.collect.public_socket import PublicSocket
from marginwatch.collect.services import Services
from marginwatch.collect.socket_group import SocketGroup
from marginwatch.model.events import AdlAlertsUpdate, DepthsUpdate, InsurancePoolsUpdate, LiquidationsSeen
from marginwatch.model.market import AdlAlert, BookChange, Depth
from marginwatch.model.notice import Notice

log = structlog.get_logger(__name__)

CONTRACTS_MAX = 200
"""Contracts whose order books are followed: each pushes up to 50 times a second, and a push costs about 10 µs."""

TOLD_A_BEAT = 50
"""Order books told about in one second, the ones told longest ago first: sorting them all at once would hold up others."""


class MarketSocket(PublicSocket[MarketNews]):
    """Follows the topics of one category.

    Parameters
    ----------
    category, port, queue, services
        As for :class:`PublicSocket`.
    on_news : callable
        Takes what a frame said; False if the topic must be subscribed anew.
    """

    WHAT: ClassVar[str] = "market stream"

    def __init__(
        self,
        category: str,
        port: VenuePort,
        queue: ConnectionQueue,
        services: Services,
        on_news: Callable[[str, MarketNews], bool],
    ) -> None:
        super().__init__(category, port, queue, services)
        self._on_news = on_news

    def _read(self, payload: bytes, now_ns: int) -> MarketNews | None:
        said = self._port.stream.read_market(payload, self.category, now_ns)
        if isinstance(said, BookChange | LiquidationsSeen | InsurancePoolsUpdate | AdlAlertsUpdate):
            return said
        self._on_answer(said)
        return None

    def _take(self, said: MarketNews) -> None:
        if isinstance(said, LiquidationsSeen | InsurancePoolsUpdate | AdlAlertsUpdate):
            self._on_news(self.category, said)
            return
        topic = said.topic
        if said.is_snapshot:
            self._known.add(topic)
        if topic not in self._known or not self._on_news(self.category, said):
            self._known.discard(topic)
            self._ask_again(topic)


class MarketFeed:
    """Depth and early warnings of one venue.

    Parameters
    ----------
    port, queue, services, wishes
        As for :class:`marginwatch.collect.prices.PriceFeed`.
    """

    def __init__(
        self, port: VenuePort, queue: ConnectionQueue, services: Services, wishes: PriceWishes
    ) -> None:
        self._port = port
        self._queue = queue
        self._services = services
        self._wishes = wishes
        self._version = -1
        self._group = SocketGroup("market", self._open, services)
        self._ladders: dict[str, Ladder] = {}
        self._symbols: dict[str, set[str]] = {}
        self._alerts: dict[tuple[str, str], AdlAlert] = {}
        self._is_cut = False

    @property
    def sockets(self) -> tuple[MarketSocket, ...]:
        """All sockets."""
        return self._group.sockets

    def beat(self, now_s: float) -> None:
        """Follow what is held, tell order books that changed, look after the sockets; called about every second."""
        if self._wishes.version != self._version:
            self._version = self._wishes.version
            self._rearrange()
        for socket in self.sockets:
            socket.lifeline.beat(now_s)
        self._tell_depths()

    def _rearrange(self) -> None:
        stream = self._port.stream
        topics: dict[str, set[str]] = {}
        self._symbols = {}
        wanted = [(one, found) for one in self._wishes.wanted() if (found := stream.market_topics(one))]
        if (len(wanted) > CONTRACTS_MAX) != self._is_cut:
            self._is_cut = len(wanted) > CONTRACTS_MAX
            log.warning(
                "depth is followed of part of the contracts" if self._is_cut else "depth is followed of all",
                venue=self._port.venue,
                contracts=len(wanted),
                followed=min(len(wanted), CONTRACTS_MAX),
            )
        for instrument, found in wanted[:CONTRACTS_MAX]:
            if instrument.category in self._port.endpoints.public:
                topics.setdefault(instrument.category, set()).update(found)
                self._symbols.setdefault(instrument.category, set()).add(instrument.venue_symbol)
        followed = {topic for some in topics.values() for topic in some}
        self._ladders = {topic: one for topic, one in self._ladders.items() if topic in followed}
        self._alerts = {
            key: one for key, one in self._alerts.items() if key[1] in self._symbols.get(key[0], ())
        }
        self._group.place(topics)

    def _open(self, category: str) -> MarketSocket:
        return MarketSocket(category, self._port, self._queue, self._services, self._on_news)

    def _on_news(self, category: str, news: MarketNews) -> bool:
        if isinstance(news, LiquidationsSeen):
            self._services.sink(news)
        elif isinstance(news, InsurancePoolsUpdate):
            self._on_pools(category, news)
        elif isinstance(news, AdlAlertsUpdate):
            self._on_alerts(category, news)
        else:
            return self._on_book(news)
        return True

    def _on_book(self, news: BookChange) -> bool:
        ladder = self._ladders.get(news.topic)
        if ladder is None:
            ladder = self._ladders[news.topic] = Ladder()
        return ladder.take(news)

    def _tell_depths(self) -> None:
        changed = [topic for topic, ladder in self._ladders.items() if ladder.is_changed][:TOLD_A_BEAT]
        depths: list[Depth] = []
        for topic in changed:
            # What was told goes to the end of the line.
            ladder = self._ladders[topic] = self._ladders.pop(topic)
            if (depth := ladder.tell()) is not None:
                depths.append(depth)
        if depths:
            self._services.sink(DepthsUpdate(tuple(depths), self._services.clock.now_ns()))

    def _on_pools(self, category: str, news: InsurancePoolsUpdate) -> None:
        followed = self._symbols.get(category, set())
        pools = tuple(pool for pool in news.pools if not followed.isdisjoint(pool.venue_symbols))
        if pools:
            self._services.sink(InsurancePoolsUpdate(news.venue, pools, news.ts_received_ns))

    def _on_alerts(self, category: str, news: AdlAlertsUpdate) -> None:
        """Pass on alerts that changed; tell people when the deleveraging of a contract begins and ends."""
        followed = self._symbols.get(category, set())
        changed: list[AdlAlert] = []
        for alert in news.alerts:
            key = (category, alert.venue_symbol)
            before = self._alerts.get(key)
            if alert.venue_symbol not in followed or alert == before:
                continue
            self._alerts[key] = alert
            changed.append(alert)
            if alert.is_triggered != (before is not None and before.is_triggered):
                self._services.on_notice(self._notice(alert))
        if changed:
            self._services.sink(AdlAlertsUpdate(news.venue, tuple(changed), news.ts_received_ns))

    def _notice(self, alert: AdlAlert) -> Notice:
        venue, symbol = self._port.venue, alert.venue_symbol
        if not alert.is_triggered:
            return Notice("adl_ended", None, f"{venue} no longer has reason to deleverage {symbol}")
        message = (
            f"{venue} may deleverage {symbol} now: its insurance pool holds {alert.balance} {alert.asset}; "
            "profitable positions with a high rank are closed by force, and their orders canceled"
        )
        return Notice("adl_begun", None, message)

    async def stop(self) -> None:
        """Close the sockets."""
        await self._group.stop()

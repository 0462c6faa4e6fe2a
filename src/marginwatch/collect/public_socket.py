"""One shared public socket: its topics come and go while it lives, and it subscribes all of them anew when replaced."""

from typing import ClassVar, Generic, TypeVar

import structlog

from marginwatch.collect.connection_queue import ConnectionQueue
from marginwatch.collect.lifeline import Lifeline
from marginwatch.collect.ports import Control, VenuePort
from marginwatch.collect.services import Services
from marginwatch.errors import MarginwatchError, ProtocolError
from marginwatch.model.quarantine import Quarantined

log = structlog.get_logger(__name__)

News = TypeVar("News")

RESUBSCRIBE_S = 5.0
"""Least time between two requests for a new snapshot of one topic."""

PAYLOAD_BYTES_MAX = 64 * 1024


class PublicSocket(Generic[News]):
    """Follows topics of one category on one connection; what a frame means is its subclass's business.

    Parameters
    ----------
    category : str
        The venue's segment.
    port, queue, services
        Shared collaborators.
    """

    WHAT: ClassVar[str] = "topics"
    """What is lost while it is down, for the log."""

    def __init__(self, category: str, port: VenuePort, queue: ConnectionQueue, services: Services) -> None:
        self.category = category
        self._port = port
        self._services = services
        self._topics: set[str] = set()
        self._refused: set[str] = set()
        self._known: set[str] = set()
        self._asked_s: dict[str, float] = {}
        self._lost_at_ns: int | None = None
        self._n_malformed_in_row = 0
        self.n_malformed = 0
        self.lifeline = Lifeline(port.endpoints.public[category], None, queue, services, port.stream, self)

    async def run(self) -> None:
        """Keep the socket, forever."""
        await self.lifeline.run()

    @property
    def topics(self) -> frozenset[str]:
        """What it follows or will follow once it is up."""
        return frozenset(self._topics)

    def fits(self, topic: str) -> bool:
        """Return whether one more topic fits."""
        return self._port.stream.fits_public(self.category, self._topics, topic)

    def follow(self, topics: set[str]) -> None:
        """Add topics; at once if the socket is up."""
        new = sorted(topics - self._topics)
        self._topics.update(new)
        if new and self.lifeline.is_up:
            self._send_all(self._port.stream.subscribe_public(self.category, new))

    def leave(self, topics: set[str]) -> None:
        """Give topics back."""
        gone = sorted(topics & self._topics)
        self._topics.difference_update(gone)
        self._refused.difference_update(gone)
        for topic in gone:
            self._known.discard(topic)
            self._asked_s.pop(topic, None)
        if gone and self.lifeline.is_up:
            self._send_all(self._port.stream.unsubscribe_public(self.category, gone))

    def _send_all(self, requests: tuple[bytes, ...]) -> None:
        for request in requests:
            self.lifeline.send(request)

    async def greet(self) -> None:
        """Subscribe everything; the answers are read as they come."""
        self._known.clear()
        self._n_malformed_in_row = 0
        topics = sorted(self._topics - self._refused)
        self._send_all(self._port.stream.subscribe_public(self.category, topics))

    def on_payload(self, payload: bytes, now_ns: int) -> None:
        """Read one frame; one that cannot be read changes nothing."""
        try:
            said = self._read(payload, now_ns)
        except ProtocolError as error:
            self._on_malformed(payload, now_ns, error)
            return
        self._n_malformed_in_row = 0
        if said is not None:
            self._take(said)

    def _read(self, payload: bytes, now_ns: int) -> News | None:
        """Return what a frame says; None for an answer, given to :meth:`_on_answer`. ProtocolError if it does not decode."""
        raise NotImplementedError

    def _take(self, said: News) -> None:
        """Take what a frame said."""
        raise NotImplementedError

    def _on_answer(self, said: Control) -> None:
        if said.kind == "subscribe" and not said.is_success and not said.already_subscribed:
            self._on_refused_topics(self._port.stream.refused_topics(said), said.message)
        elif said.kind == "error":
            # A refused topic may come back as a bare error.
            self._on_refused_topics(self._port.stream.refused_topics(said), said.message)

    def _ask_again(self, topic: str) -> None:
        now_s = self._services.clock.monotonic_s()
        if topic in self._topics and now_s - self._asked_s.get(topic, -RESUBSCRIBE_S) >= RESUBSCRIBE_S:
            self._asked_s[topic] = now_s
            stream = self._port.stream
            self._send_all(stream.unsubscribe_public(self.category, (topic,)))
            self._send_all(stream.subscribe_public(self.category, (topic,)))

    def _on_refused_topics(self, topics: tuple[str, ...], message: str) -> None:
        new = {topic for topic in topics if topic in self._topics} - self._refused
        log.warning("topics refused", what=self.WHAT, category=self.category, message=message[:200])
        if not new:
            return
        self._refused.update(new)
        # One bad topic may have cost its whole request: the others are asked for again, which is harmless.
        missing = sorted(self._topics - self._refused - self._known)
        self._send_all(self._port.stream.subscribe_public(self.category, missing))

    def _on_malformed(self, payload: bytes, now_ns: int, error: ProtocolError) -> None:
        self.n_malformed += 1
        self._n_malformed_in_row += 1
        self._services.on_quarantine(
            Quarantined(
                venue=self._port.venue,
                account_id=None,
                source=error.endpoint or f"public stream, {self.category}",
                message=error.message,
                payload=payload[:PAYLOAD_BYTES_MAX],
                at_ns=now_ns,
            )
        )
        if self._n_malformed_in_row >= self._services.settings.malformed_max:
            self.lifeline.replace(ProtocolError("too many frames in a row could not be read"))

    def on_up(self) -> None:
        """Log that it is back, if it was lost."""
        if self._lost_at_ns is not None:
            seconds = round((self._services.clock.now_ns() - self._lost_at_ns) / 1e9, 1)
            log.info(
                "public stream back",
                what=self.WHAT,
                venue=self._port.venue,
                category=self.category,
                after_s=seconds,
            )
        self._lost_at_ns = None

    def on_down(self, error: MarginwatchError) -> None:
        """Log that it is lost, once."""
        if self._lost_at_ns is None:
            self._lost_at_ns = self._services.clock.now_ns()
            log.warning(
                "public stream lost",
                what=self.WHAT,
                venue=self._port.venue,
                category=self.category,
                reason=str(error),
            )

    async def on_refused(self, error: MarginwatchError) -> float:
        """Log once, and try again after the usual wait."""
        self.on_down(error)
        return error.retry_after_s or 0.0

    def on_crash(self, error: Exception) -> None:
        """Nothing to add to the log: the socket is replaced, and snapshots come anew."""

"""A public socket that carries tickers: a delta counts only behind the snapshot that it changes."""

from collections.abc import Callable
from typing import ClassVar

from marginwatch.collect.connection_queue import ConnectionQueue
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.public_socket import PublicSocket
from marginwatch.collect.services import Services
from marginwatch.errors import ProtocolError
from marginwatch.model.events import MarksUpdate
from marginwatch.model.price import Mark

HEAD_BYTES = 1024
"""A frame names its topic within so many bytes."""


class TickerSocket(PublicSocket[MarksUpdate]):
    """Follows tickers of one category.

    Parameters
    ----------
    category, port, queue, services
        As for :class:`PublicSocket`.
    on_marks : callable
        Hears prices that may be used: snapshots, and deltas behind their snapshot.
    """

    WHAT: ClassVar[str] = "price stream"

    def __init__(
        self,
        category: str,
        port: VenuePort,
        queue: ConnectionQueue,
        services: Services,
        on_marks: Callable[[MarksUpdate], None],
    ) -> None:
        super().__init__(category, port, queue, services)
        self._on_marks = on_marks

    def _read(self, payload: bytes, now_ns: int) -> MarksUpdate | None:
        said = self._port.stream.read_public(payload, self.category, now_ns)
        if isinstance(said, MarksUpdate):
            return said
        self._on_answer(said)
        return None

    def _take(self, said: MarksUpdate) -> None:
        marks = said.marks
        if len(marks) == 1:
            if self._is_usable(marks[0]):
                self._on_marks(said)
        elif usable := tuple(mark for mark in marks if self._is_usable(mark)):
            self._on_marks(MarksUpdate(usable, said.ts_received_ns))

    def _on_malformed(self, payload: bytes, now_ns: int, error: ProtocolError) -> None:
        super()._on_malformed(payload, now_ns, error)
        # It may have been a new mark. The deltas behind it say nothing of it, and would make the old one look young.
        head = payload[:HEAD_BYTES]
        named = [topic for topic in self._known if f'"{topic}"'.encode() in head]
        for topic in sorted(named or self._known):
            self._known.discard(topic)
            self._ask_again(topic)

    def _is_usable(self, mark: Mark) -> bool:
        topic = self._port.stream.ticker_topic(mark.instrument)
        if mark.is_snapshot:
            self._known.add(topic)
            return True
        if topic in self._known:
            return True
        # A delta without its snapshot says what changed, but not from what.
        self._ask_again(topic)
        return False

"""What goes to whom: looks at each new frame once for all clients, keeps their topics, beats every second."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import TypeVar

import msgspec
import structlog
from litestar.datastructures import State

from marginwatch.clock import Clock, SystemClock
from marginwatch.errors import ConfigError, MarginwatchError
from marginwatch.risk.frame import Frame
from marginwatch.web.access.places import Places, Who
from marginwatch.web.kept_frames import kept_frames_of
from marginwatch.web.names import require_known
from marginwatch.web.ports import ReadModel
from marginwatch.web.stream.account_source import AccountSource
from marginwatch.web.stream.account_view import AccountView
from marginwatch.web.stream.allowance import Allowance
from marginwatch.web.stream.client import Client
from marginwatch.web.stream.document_feed import DocumentFeed, RefusedError
from marginwatch.web.stream.documents import Document
from marginwatch.web.stream.filters import Filter
from marginwatch.web.stream.position_view import PositionView
from marginwatch.web.stream.tables import SHARE_BESIDE, Base, TableFeed
from marginwatch.web.stream.topics import Topic, parse, read

CLIENTS_MAX = 64
EACH_SESSION_MAX, EACH_ADDRESS_MAX, VIEWERS_MAX = 16, 56, 48
"""Of these for one who signed in, for programs of one address, and for all viewers: operators always find some."""

LOOK_EVERY_S = 0.05
"""How often it is looked whether there is a new frame: twice as often as they come, while anybody listens."""

BEAT_EVERY_S = 1.0

ROWS_OF_ALL_MAX = 100_000
"""Rows of all different tables together, about 150 MB: ten of the largest. Who watches the same table counts once."""
TOO_MANY_ROWS = (
    f"all that is watched has more than {ROWS_OF_ALL_MAX} rows; ask for fewer, such as those of an account"
)

CLOSE_NOT_ALLOWED = 1008
CLOSE_FAILED = 1011

FILTERS: Mapping[str, tuple[str, ...]] = {
    "accounts": ("account", "desk", "venue"),
    "positions": ("account", "desk", "venue", "asset"),
}
"""Name of each table → what may follow it."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class StreamHub:
    """All clients and all topics that somebody subscribes to.

    Parameters
    ----------
    model : ReadModel
        The live picture.
    documents : mapping of str to Document
        By name of the topic.
    state : State
        Of the application: what routes answer from.
    clock : Clock, optional
        Time; the system's by default.

    Attributes
    ----------
    n_refused : int
        Clients that were one too many, since the start.
    """

    def __init__(
        self,
        model: ReadModel,
        documents: Mapping[str, Document],
        state: State,
        clock: Clock | None = None,
    ) -> None:
        self._model = model
        self._documents = documents
        self._state = state
        self._clock = clock or SystemClock()
        self._clients: set[Client] = set()
        self._tables: dict[str, TableFeed] = {}
        self._document_feeds: dict[str, DocumentFeed] = {}
        self._accounts = AccountSource()
        self._beat_at_s = float("-inf")
        self._loop: asyncio.Task[None] | None = None
        self._time = Allowance()
        self._table_time = Allowance()
        self._making: set[asyncio.Task[None]] = set()
        self._looked_at_beside: list[TableFeed] = []
        self._write_at_s = float("-inf")
        self.n_refused = 0
        self._gone = [0, 0]

    # ---- clients --------------------------------------------------------------------------------------------

    def join(self, is_allowed: Callable[[], bool] = lambda: True, who: Who | None = None) -> Client | str:
        """Return a new client, which stays as long as it is allowed to; or why there is none, if there are too many."""
        places = Places(CLIENTS_MAX, EACH_SESSION_MAX, EACH_ADDRESS_MAX, VIEWERS_MAX)
        if (refusal := places.refusal([one.who for one in self._clients], who)) is not None:
            self.n_refused += 1
            return refusal
        client = Client(is_allowed, who)
        self._clients.add(client)
        client.tell_beat(self._beat())
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._run(), name="stream")
            self._loop.add_done_callback(self._ended)
        return client

    def leave(self, client: Client) -> None:
        """Forget a client; with the last one everything stops."""
        self._clients.discard(client)
        client.feeds = {}
        self._gone[0] += client.n_sent
        self._gone[1] += client.n_dropped
        self._forget_unwanted()
        if not self._clients and self._loop is not None:
            self._loop.cancel()
            self._loop = None

    def hear(self, client: Client, text: str) -> None:
        """Do what a client says, or tell it what is wrong; nobody else is touched."""
        try:
            said = read(text)
        except ConfigError as error:
            client.tell_error(str(error), None)
            return
        if said.resync is not None:
            if said.resync in client.feeds:
                client.resync(said.resync)
            else:
                client.tell_error("not subscribed to", said.resync)
        if said.subscribe is not None:
            self._subscribe(client, dict.fromkeys(said.subscribe))

    def _subscribe(self, client: Client, topics: Iterable[str]) -> None:
        feeds: dict[str, TableFeed | DocumentFeed] = {}
        for text in topics:
            try:
                feeds[text] = self._feed(parse(text))
            except ConfigError as error:
                client.tell_error(str(error), text)
        client.subscribe({**feeds})
        self._forget_unwanted()
        for text, feed in feeds.items():
            # Whoever comes later gets at once what there is, unless others have asked for too much before.
            if (
                isinstance(feed, TableFeed)
                and not feed.sequence
                and self._table_time.is_left()
                and (frame := self._model.latest_frame())
            ):
                self._look(self._tables[text], frame)

    def _feed(self, topic: Topic) -> TableFeed | DocumentFeed:
        if topic.name in FILTERS:
            return self._tables.get(topic.text) or self._new_table(topic)
        document = self._documents.get(topic.name)
        if document is None:
            known = ", ".join([*FILTERS, *self._documents])
            raise ConfigError(f"there is no topic {topic.name[:64]!r}; there is: {known}")
        found = self._document_feeds.get(topic.text)
        if found is None:
            found = DocumentFeed(topic.text, document, document.arguments(topic.asked))
            self._document_feeds[topic.text] = found
        return found

    def _new_table(self, topic: Topic) -> TableFeed:
        if unknown := [name for name in topic.asked if name not in FILTERS[topic.name]]:
            known = ", ".join(FILTERS[topic.name])
            raise ConfigError(f"{unknown[0]!r} cannot be asked for here; there is: {known}")
        wanted = Filter(**topic.asked)
        view = AccountView(self._accounts, wanted) if topic.name == "accounts" else PositionView(wanted)
        feed = self._tables[topic.text] = TableFeed(topic.text, view, topic.asked, self._clock.monotonic_s)
        return feed

    def _forget_unwanted(self) -> None:
        wanted = {topic for client in self._clients for topic in client.feeds}
        for feeds in (self._tables, self._document_feeds):
            for topic in [topic for topic in feeds if topic not in wanted]:
                del feeds[topic]

    # ---- frames ---------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self.turn()
            await self._clock.sleep(LOOK_EVERY_S)

    def turn(self) -> None:
        """Look whether there is something new, and owe it to whom it concerns."""
        now_s, frame = self._clock.monotonic_s(), self._model.latest_frame()
        self._table_time.refill(now_s)
        if frame is not None:
            self._look_at_tables(frame)
        self._time.refill(now_s)
        # Who waits longest comes first, where there is not time for all.
        for feed in sorted(self._document_feeds.values(), key=lambda feed: feed.made_at_s):
            if self._time.is_left() and feed.is_due(self._state, frame, now_s):
                self._begin(feed, now_s)
        if now_s - self._beat_at_s >= BEAT_EVERY_S:
            self._beat_at_s = now_s
            beat = self._beat()
            for client in self._clients:
                client.tell_beat(beat)
                if not client.is_allowed():
                    client.end(CLOSE_NOT_ALLOWED, "signed out")

    def _look_at_tables(self, frame: Frame) -> None:
        """Look at the tables that have not seen a frame, those first that have waited longest, as far as there is time."""
        waiting = [feed for feed in self._tables.values() if feed.seen != frame.sequence]
        for feed in sorted(waiting, key=lambda feed: feed.seen):
            if not self._table_time.is_left():
                break
            if self._look(feed, frame):
                self._owe(feed.topic)
        for feed in self._tables.values():
            if self._clock.monotonic_s() >= self._write_at_s and (base := feed.begin_whole()) is not None:
                self._write_at_s = float("inf")
                self._start(self._write_down(feed, base), feed)

    def _look(self, feed: TableFeed, frame: Frame) -> bool:
        """Look at a table; return whether there is news of it. One of no such name, or of too many rows, is taken away.

        What takes long a thread does, in a copy of the frame: then there is news later.
        """
        if any(one.source is feed.source for one in self._looked_at_beside):
            return False
        began_s = time.thread_time()
        try:
            if not feed.sequence:
                require_known(frame, **feed.asked)
            if feed.takes_long(frame):
                feed.is_busy = True
                self._looked_at_beside.append(feed)
                self._start(self._look_beside(feed, frame), feed)
                return False
            has_news = feed.hear(frame)
        except ConfigError as error:
            self._drop(feed, str(error))
            return False
        finally:
            self._table_time.spend(time.thread_time() - began_s)
        return has_news and self._may_stay(feed)

    def _may_stay(self, feed: TableFeed) -> bool:
        if feed.sequence == 1 and sum(one.size for one in self._tables.values()) > ROWS_OF_ALL_MAX:
            self._drop(feed, TOO_MANY_ROWS)
            return False
        return True

    async def _look_beside(self, feed: TableFeed, frame: Frame) -> None:
        try:
            kept = await kept_frames_of(self._state).kept(frame)
            if kept is None:
                return  # Overwritten meanwhile: the next turn begins with a newer one.
            has_news, took_s = await asyncio.to_thread(_timed, partial(feed.hear, kept))
            self._table_time.spend(took_s)
        finally:
            feed.is_busy = False
            self._looked_at_beside.remove(feed)
        if has_news and self._tables.get(feed.topic) is feed and self._may_stay(feed):
            self._owe(feed.topic)

    async def _write_down(self, feed: TableFeed, base: Base) -> None:
        took_s = 0.0
        try:
            written, took_s = await asyncio.to_thread(_timed, partial(feed.write_whole, base))
        finally:
            # One table at a time, and a quarter of the time for all of them.
            self._write_at_s = self._clock.monotonic_s() + took_s * (1.0 / SHARE_BESIDE - 1.0)
        feed.end_whole(written)
        for client in self._subscribers(feed):
            client.has_news.set()

    def _owe(self, topic: str) -> None:
        for client in self._clients:
            if topic in client.feeds:
                client.owe(topic)

    def _begin(self, feed: DocumentFeed, now_s: float) -> None:
        feed.is_busy = True
        self._start(self._make(feed, now_s), feed)

    def _start(self, work: Coroutine[None, None, None], feed: DocumentFeed | TableFeed) -> None:
        task = asyncio.create_task(work, name=f"topic {feed.topic}")
        self._making.add(task)
        task.add_done_callback(partial(self._made, feed))

    async def _make(self, feed: DocumentFeed, now_s: float) -> None:
        expected_s = feed.took_s
        self._time.spend(expected_s)
        try:
            if await feed.make(self._state, self._model.latest_frame(), now_s):
                self._owe(feed.topic)
        except (RefusedError, ConfigError) as error:
            self._drop(feed, str(error))
        except MarginwatchError as error:
            if (trouble := feed.trouble(error)) is not None:
                for client in self._subscribers(feed):
                    client.tell_error(trouble, feed.topic)
        finally:
            self._time.spend(feed.took_s - expected_s)

    def _subscribers(self, feed: DocumentFeed | TableFeed) -> list[Client]:
        return [client for client in self._clients if client.feeds.get(feed.topic) is feed]

    def _drop(self, feed: DocumentFeed | TableFeed, why: str) -> None:
        for client in self._subscribers(feed):
            client.leave_out(feed.topic, why)
        self._forget_unwanted()

    def _made(self, feed: DocumentFeed | TableFeed, task: asyncio.Task[None]) -> None:
        self._making.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("topic failed", topic=feed.topic, error=f"{type(error).__name__}: {error}")
            kind = "table" if isinstance(feed, TableFeed) else "document"
            self._drop(feed, f"this {kind} failed; see the service's log")

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            # Without beats clients know that this is not live; those that come back start it again.
            log.error("stream failed", error=f"{type(error).__name__}: {error}")
            for client in list(self._clients):
                client.end(CLOSE_FAILED, "the stream failed; connect again")

    def _beat(self) -> str:
        frame = self._model.latest_frame()
        told = {
            "at_ns": self._clock.now_ns(),
            "frame_sequence": None if frame is None else frame.sequence,
            "frame_at_ns": None if frame is None else frame.at_ns,
            "is_alive": self._model.is_alive(),
        }
        return msgspec.json.encode({"beat": told}).decode()

    @property
    def n_clients(self) -> int:
        """How many clients listen now."""
        return len(self._clients)

    @property
    def n_dropped(self) -> int:
        """Messages about a topic that slow clients were spared, since the start."""
        return self._gone[1] + sum(one.n_dropped for one in self._clients)

    @property
    def n_sent(self) -> int:
        """Messages about topics that clients were sent, since the start."""
        return self._gone[0] + sum(one.n_sent for one in self._clients)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what something in a thread returns, and what it took of the processor, seconds."""
    began_s = time.thread_time()
    return work(), time.thread_time() - began_s

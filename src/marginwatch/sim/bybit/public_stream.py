"""The public streams: one for each category and one for the system's status; who listens to what, told every 100 ms.

What is said comes from the feeds, a family of topics each. The shapes of acknowledgments and pongs differ by channel.
Documents: v5/ws/connect, v5/websocket/public/* (2026-07).
"""

import re

from marginwatch.sim.bybit.book_feed import BookFeed
from marginwatch.sim.bybit.feed import Channel, Feed, StatusChannel
from marginwatch.sim.bybit.frames import push
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.liquidation_feed import LiquidationFeed
from marginwatch.sim.bybit.maintenance import StatusFeed
from marginwatch.sim.bybit.pool_feed import AlertFeed, PoolFeed
from marginwatch.sim.bybit.stream_requests import StreamRequest, echo, read_request
from marginwatch.sim.bybit.stream_socket import IDLE_S, QUIET_PUBLIC_S, StreamSocket
from marginwatch.sim.bybit.ticker_feed import TickerFeed
from marginwatch.sim.bybit.trade_feed import TradeFeed
from marginwatch.sim.rows import Change

PUBLISH_EVERY_S = 0.1
LONGEST_ARGUMENTS = 21_000
"""Characters of all topics of one connection."""

SPOT_TOPICS_PER_REQUEST = 10
OPTION_TOPICS = 2000

_SILENT_TOPIC = re.compile(r"priceLimit\.\S+|kline\.(1|3|5|15|30|60|120|240|360|720|D|W|M)\.\S+")
"""Topics that are taken and never say anything."""


class PublicConnection:
    """One public socket and its topics."""

    def __init__(self, stream: "PublicStream", socket: StreamSocket) -> None:
        self._stream = stream
        self.socket = socket
        self.topics: dict[str, None] = {}
        socket.longest_idle_s = QUIET_PUBLIC_S

    async def serve(self) -> None:
        """Answer requests until the socket ends."""
        while (text := await self.socket.receive()) is not None:
            request = read_request(text)
            if request is None:
                self._refuse(StreamRequest("", None, []), f"Failed to decode incoming data:{text[:100]}")
            elif request.op == "ping":
                self._pong(request)
            elif request.op == "subscribe":
                self._subscribe(request)
            elif request.op == "unsubscribe":
                self._unsubscribe(request)
            else:
                self._refuse(request, "error:invalid op")

    def _pong(self, request: StreamRequest) -> None:
        if self._stream.channel == "option":
            answer = {"args": [str(self._stream.front.now_ms())], "op": "pong"}
            self.socket.answer(echo(request, answer))
            return
        answer = {
            "success": True,
            "ret_msg": "pong",
            "conn_id": self.socket.connection_id,
            "req_id": "",
            "op": "ping",
        }
        self.socket.answer(echo(request, answer))

    def _subscribe(self, request: StreamRequest) -> None:
        wanted = [str(topic) for topic in request.arguments]
        problem = self._problem(wanted)
        unknown = [topic for topic in wanted if not self._stream.is_known(topic)]
        if self._stream.channel == "option" and problem is None:
            known = [topic for topic in wanted if topic not in unknown]
            self._answer_option(request, known, unknown)
            self._add(known)
            return
        repeated = next((topic for topic in wanted if topic in self.topics), None)
        if problem is None and (unknown or not wanted):
            problem = f"error:handler not found,topic:{unknown[0] if unknown else ''}"
        if problem is not None:
            self._refuse(request, problem)
            return
        if repeated is not None:
            self._refuse(request, f"error:already subscribed,topic:{repeated}")
        else:
            self._accept(request)
        self._add(wanted)

    def _problem(self, wanted: list[str]) -> str | None:
        characters = sum(len(topic) + 3 for topic in {*self.topics, *wanted})
        if characters > LONGEST_ARGUMENTS:
            return f"error:args of one connection exceed {LONGEST_ARGUMENTS} characters"
        if self._stream.channel == "spot" and len(wanted) > SPOT_TOPICS_PER_REQUEST:
            return f"error:args size exceeds {SPOT_TOPICS_PER_REQUEST}"
        if self._stream.channel == "option" and len({*self.topics, *wanted}) > OPTION_TOPICS:
            return f"error:args size exceeds {OPTION_TOPICS}"
        return None

    def _add(self, wanted: list[str]) -> None:
        for topic in wanted:
            if topic not in self.topics:
                self.topics[topic] = None
                self._stream.listen(self, topic)
        self._set_patience()

    def _set_patience(self) -> None:
        self.socket.longest_idle_s = IDLE_S if self.topics else QUIET_PUBLIC_S

    def _unsubscribe(self, request: StreamRequest) -> None:
        gone = [str(topic) for topic in request.arguments]
        for topic in gone:
            self.topics.pop(topic, None)
            self._stream.unlisten(self, topic)
        self._set_patience()
        if self._stream.channel == "option":
            self._answer_option(request, gone, [])
        else:
            self._accept(request)

    def _answer_option(self, request: StreamRequest, done: list[str], failed: list[str]) -> None:
        answer = {
            "success": not failed,
            "conn_id": self.socket.connection_id,
            "data": {"failTopics": failed, "successTopics": done},
            "type": "COMMAND_RESP",
        }
        self.socket.answer(echo(request, answer))

    def _accept(self, request: StreamRequest) -> None:
        self._tell(request, request.op if self._stream.channel == "spot" else "", success=True)

    def _refuse(self, request: StreamRequest, message: str) -> None:
        self._tell(request, message, success=False)

    def _tell(self, request: StreamRequest, message: str, *, success: bool) -> None:
        answer = {
            "success": success,
            "ret_msg": message,
            "conn_id": self.socket.connection_id,
            "req_id": "",
            "op": request.op,
        }
        self.socket.answer(echo(request, answer))


class PublicStream:
    """All sockets of one channel.

    Parameters
    ----------
    front : Front
        The exchange and its door-keepers.
    channel : str
        ``linear``, ``inverse``, ``option``, ``spot`` or ``misc/status``.
    """

    def __init__(self, front: Front, channel: Channel | StatusChannel) -> None:
        self.front = front
        self.channel = channel
        self.connections: dict[PublicConnection, None] = {}
        self.is_frozen = False
        """True: the stream stands still; what happens meanwhile is told later."""
        self._feeds: dict[str, Feed] = _feeds(front, channel)
        self._listeners: dict[str, dict[PublicConnection, None]] = {}

    @property
    def families(self) -> tuple[str, ...]:
        """Return the first words of the topics that this channel may have something to say on."""
        return tuple(self._feeds)

    def open(self, socket: StreamSocket) -> PublicConnection:
        """Return the connection of a new socket."""
        connection = PublicConnection(self, socket)
        self.connections[connection] = None
        return connection

    def forget(self, connection: PublicConnection) -> None:
        """Drop a connection whose socket has ended."""
        self.connections.pop(connection, None)
        for topic in connection.topics:
            self.unlisten(connection, topic)

    def is_known(self, topic: str) -> bool:
        """Return whether a topic exists; names are case-sensitive."""
        feed = self._feed(topic)
        return feed.knows(topic) if feed else self._has_silent(topic)

    def listen(self, connection: PublicConnection, topic: str) -> None:
        """Add a listener; a first message, where there is one, goes to the new listener alone."""
        feed = self._feed(topic)
        if feed is None:
            return
        listeners = self._listeners.setdefault(topic, {})
        if not listeners:
            feed.open(topic)
        listeners[connection] = None
        if (message := feed.first(topic)) is not None:
            connection.socket.answer(message)

    def unlisten(self, connection: PublicConnection, topic: str) -> None:
        """Remove a listener."""
        listeners = self._listeners.get(topic)
        if listeners is None:
            return
        listeners.pop(connection, None)
        feed = self._feed(topic)
        if not listeners and feed is not None:
            del self._listeners[topic]
            feed.close(topic)

    def hears_trades(self) -> bool:
        """Return whether anybody listens to trades: all others need not be told of executions."""
        feed = self._feeds.get("publicTrade")
        return feed is not None and bool(feed.topics)

    def hear(self, change: Change) -> None:
        """Let the feeds take note of what happened; it leaves with the next :meth:`publish`."""
        for feed in self._feeds.values():
            feed.hear(change)

    def publish(self) -> None:
        """Send the news: one encoding for all listeners of a topic."""
        if self.is_frozen or not self._listeners:
            return
        now_s = self.front.clock.monotonic_s()
        for feed in self._feeds.values():
            for topic, message in feed.news(now_s):
                frame = push(message)
                for connection in tuple(self._listeners.get(topic, ())):
                    connection.socket.push(frame)

    def _feed(self, topic: str) -> Feed | None:
        return self._feeds.get(topic.partition(".")[0])

    def _has_silent(self, topic: str) -> bool:
        return self.channel != "misc/status" and _SILENT_TOPIC.fullmatch(topic) is not None


def _feeds(front: Front, channel: Channel | StatusChannel) -> dict[str, Feed]:
    """Return the feeds of a channel by the first word of their topics, in the order in which they publish."""
    if channel == "misc/status":
        return {"system": StatusFeed(front, channel)}
    return {
        "tickers": TickerFeed(front, channel),
        "orderbook": BookFeed(front, channel),
        "publicTrade": TradeFeed(front, channel),
        "allLiquidation": LiquidationFeed(front, channel),
        "insurance": PoolFeed(front, channel),
        "adlAlert": AlertFeed(front, channel),
    }

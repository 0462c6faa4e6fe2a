"""The public streams: one for each category, with tickers as snapshot and deltas every 100 ms.

Linear and inverse send a snapshot and then what changed; option and spot send snapshots only. The shapes of
acknowledgments and pongs differ by family. Documents: v5/ws/connect, v5/websocket/public/* (2026-07).
"""

import itertools
import re
from typing import Literal

from marginwatch.sim.bybit.frames import Push, push
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.render_market import streamed_ticker
from marginwatch.sim.bybit.stream_requests import StreamRequest, echo, read_request
from marginwatch.sim.bybit.stream_socket import StreamSocket
from marginwatch.sim.rows import Change, TickerRow

Channel = Literal["linear", "inverse", "option", "spot"]

TICKERS_EVERY_S = 0.1
LONGEST_ARGUMENTS = 21_000
"""Characters of all topics of one connection."""

SPOT_TOPICS_PER_REQUEST = 10
OPTION_TOPICS = 2000

_KNOWN_TOPIC = re.compile(
    r"(tickers|publicTrade|allLiquidation|priceLimit|insurance|adlAlert)\.\S+"
    r"|orderbook\.(1|25|50|100|200|1000)\.\S+|kline\.(1|3|5|15|30|60|120|240|360|720|D|W|M)\.\S+"
)


class PublicConnection:
    """One public socket and its topics."""

    def __init__(self, stream: "PublicStream", socket: StreamSocket) -> None:
        self._stream = stream
        self.socket = socket
        self.topics: dict[str, None] = {}

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

    def _unsubscribe(self, request: StreamRequest) -> None:
        gone = [str(topic) for topic in request.arguments]
        for topic in gone:
            self.topics.pop(topic, None)
            self._stream.unlisten(self, topic)
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
    """All sockets of one category.

    Parameters
    ----------
    front : Front
        The exchange and its door-keepers.
    channel : str
        ``linear``, ``inverse``, ``option`` or ``spot``.
    """

    def __init__(self, front: Front, channel: Channel) -> None:
        self.front = front
        self.channel = channel
        self.connections: dict[PublicConnection, None] = {}
        self.is_frozen = False
        """True: prices stand still on the stream."""
        self._symbols: frozenset[str] = frozenset()
        self._listeners: dict[str, dict[PublicConnection, None]] = {}
        self._sent: dict[str, dict[str, object]] = {}
        self._moved: dict[str, TickerRow] = {}
        self._numbers = itertools.count(1)

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
        if not topic.startswith("tickers."):
            return _KNOWN_TOPIC.fullmatch(topic) is not None
        symbol = topic.removeprefix("tickers.")
        if symbol not in self._symbols:
            self._symbols = frozenset(row.symbol for row in self.front.exchange.instruments(self.channel))
        return symbol in self._symbols

    def listen(self, connection: PublicConnection, topic: str) -> None:
        """Add a listener; a ticker's first message is a snapshot and goes to the new listener alone."""
        if not topic.startswith("tickers."):
            return
        symbol = topic.removeprefix("tickers.")
        rows = self.front.exchange.tickers(self.channel, symbol)
        if not rows:
            return
        # Whoever already listens must get the same change as a delta, so what was sent is remembered for all.
        if not self._listeners.get(symbol):
            self._sent[symbol] = streamed_ticker(rows[0])
        self._listeners.setdefault(symbol, {})[connection] = None
        connection.socket.answer(self._message(rows[0], self._sent[symbol], "snapshot"))

    def unlisten(self, connection: PublicConnection, topic: str) -> None:
        """Remove a listener."""
        self._listeners.get(topic.removeprefix("tickers."), {}).pop(connection, None)

    def hear(self, change: Change) -> None:
        """Remember the prices that moved; they leave with the next :meth:`publish`."""
        if self.channel == "option" and change.kind == "ticker":
            # Options are priced when somebody looks: only those that are listened to.
            heard = [symbol for symbol, listeners in self._listeners.items() if listeners]
            self._moved |= {
                symbol: row for symbol in heard for row in self.front.exchange.tickers("option", symbol)
            }
        for row in change.tickers:
            if row.category == self.channel and self._listeners.get(row.symbol):
                self._moved[row.symbol] = row

    def publish(self) -> None:
        """Send what moved since the last time: one encoding for all listeners of a symbol."""
        if self.is_frozen:
            return
        moved, self._moved = self._moved, {}
        for symbol, row in moved.items():
            listeners = self._listeners.get(symbol)
            message = self._news(row) if listeners else None
            if message is None or not listeners:
                continue
            for connection in tuple(listeners):
                connection.socket.push(message)

    def _news(self, row: TickerRow) -> Push | None:
        now, before = streamed_ticker(row), self._sent.get(row.symbol, {})
        self._sent[row.symbol] = now
        if self.channel in ("option", "spot"):
            return push(self._message(row, now, "snapshot")) if now != before else None
        changed = {name: value for name, value in now.items() if before.get(name) != value}
        if not changed:
            return None
        return push(self._message(row, {"symbol": row.symbol, **changed}, "delta"))

    def _message(self, row: TickerRow, data: dict[str, object], kind: str) -> dict[str, object]:
        topic = f"tickers.{row.symbol}"
        now_ms = self.front.now_ms()
        message: dict[str, object] = {"topic": topic, "ts": now_ms, "type": kind, "data": data}
        if self.channel == "option":
            return {"id": f"{topic}-{next(self._numbers)}-{now_ms}", **message}
        return {**message, "cs": row.cross_seq}

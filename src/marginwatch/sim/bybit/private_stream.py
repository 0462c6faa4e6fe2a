"""The private stream: log-in, topics, and pushes of what happened to one account.

No snapshot follows a subscription: whoever wants one asks by REST. Documents: v5/ws/connect,
v5/websocket/private/* (2026-07); texts of refusals as seen live.
"""

import collections
import itertools
from collections.abc import Callable

from marginwatch.sim.bybit import render_activity, render_options, render_position, render_wallet, topics
from marginwatch.sim.bybit.envelope import SERVER, RefusalError
from marginwatch.sim.bybit.frames import Push, push
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.stream_requests import StreamRequest, echo, read_request
from marginwatch.sim.bybit.stream_socket import StreamSocket
from marginwatch.sim.rows import Change, KeyInfo

Rows = list[dict[str, object]]


class PrivateConnection:
    """One private socket: whose it is once it has logged in, and what it wants to hear."""

    def __init__(self, stream: "PrivateStream", socket: StreamSocket, remote: str) -> None:
        self._stream = stream
        self.socket = socket
        self.remote = remote
        self.uid = ""
        self.topics: dict[str, None] = {}
        """In the order of subscribing, so that what is sent does not depend on how texts hash."""

    async def serve(self) -> None:
        """Answer requests until the socket ends."""
        while (text := await self.socket.receive()) is not None:
            request = read_request(text)
            if request is None:
                self._refuse(StreamRequest("", None, []), f"Failed to decode incoming data:{text[:100]}")
            else:
                self._handle(request)

    def _handle(self, request: StreamRequest) -> None:
        if request.op == "ping":
            pong = {
                "op": "pong",
                "args": [str(self._stream.front.now_ms())],
                "conn_id": self.socket.connection_id,
            }
            self.socket.answer(echo(request, pong))
        elif request.op == "auth":
            self._log_in(request)
        elif request.op == "subscribe":
            self._subscribe(request)
        elif request.op == "unsubscribe":
            for topic in request.arguments:
                self.topics.pop(str(topic), None)
            self._accept(request)
        else:
            self._refuse(request, "error:invalid op")

    def _log_in(self, request: StreamRequest) -> None:
        try:
            key = self._identify(request)
        except RefusalError as refusal:
            self._stream.front.counts[f"auth {refusal.ret_code}"] += 1
            self._refuse(request, refusal.message)
            return
        self._stream.bind(self, key.uid)
        self._accept(request)

    def _identify(self, request: StreamRequest) -> KeyInfo:
        front = self._stream.front
        name, expires, sign = (*request.arguments, None, None, None)[:3]
        key = front.gatekeeper.check_stream(name, expires, sign, now_ms=front.now_ms(), remote=self.remote)
        if front.faults.refuses_login():
            raise RefusalError(SERVER, "Server error, please try again later.")
        return key

    def _subscribe(self, request: StreamRequest) -> None:
        wanted = [str(topic) for topic in request.arguments]
        unknown = next((topic for topic in wanted if not topics.is_known(topic)), None)
        if not self.uid:
            self._refuse(request, "Request not authorized")
        elif unknown is not None or not wanted:
            self._refuse(request, f"error:handler not found,topic:{unknown or ''}")
        elif topics.mixes_forms(wanted):
            self._refuse(request, "error:all-in-one and categorised topics cannot be in one request")
        else:
            repeated = next((topic for topic in wanted if topic in self.topics), None)
            self._stream.front.counts["dcp"] += len(topics.ENDS_ORDERS.intersection(wanted))
            self.topics.update(dict.fromkeys(wanted))
            if repeated is None:
                self._accept(request)
            else:
                self._refuse(request, f"error:already subscribed,topic:{repeated}")

    def _accept(self, request: StreamRequest) -> None:
        answer = {"success": True, "ret_msg": "", "op": request.op, "conn_id": self.socket.connection_id}
        self.socket.answer(echo(request, answer))

    def _refuse(self, request: StreamRequest, message: str) -> None:
        answer = {
            "success": False,
            "ret_msg": message,
            "op": request.op,
            "conn_id": self.socket.connection_id,
        }
        self.socket.answer(echo(request, answer))


class PrivateStream:
    """All private sockets; hears the exchange and tells each account's sockets.

    Parameters
    ----------
    front : Front
        The exchange and its door-keepers.
    """

    def __init__(self, front: Front) -> None:
        self.front = front
        self.connections: dict[PrivateConnection, None] = {}
        self._by_uid: dict[str, dict[PrivateConnection, None]] = {}
        self._late: collections.deque[tuple[float, PrivateConnection, Push]] = collections.deque()
        self._numbers = itertools.count(1)

    def open(self, socket: StreamSocket, remote: str) -> PrivateConnection:
        """Return the connection of a new socket, not yet logged in."""
        connection = PrivateConnection(self, socket, remote)
        self.connections[connection] = None
        return connection

    def forget(self, connection: PrivateConnection) -> None:
        """Drop a connection whose socket has ended."""
        self.connections.pop(connection, None)
        self._unbind(connection)

    def bind(self, connection: PrivateConnection, uid: str) -> None:
        """Remember whose connection it is."""
        self._unbind(connection)
        connection.uid = uid
        self._by_uid.setdefault(uid, {})[connection] = None

    def _unbind(self, connection: PrivateConnection) -> None:
        self._by_uid.get(connection.uid, {}).pop(connection, None)

    def of_account(self, uid: str) -> tuple[PrivateConnection, ...]:
        """Return the logged-in connections of an account."""
        return tuple(self._by_uid.get(uid, ()))

    def tell(self, change: Change) -> None:
        """Push one change to the sockets of its account; each message is encoded once."""
        listeners = self._by_uid.get(change.uid)
        if not listeners or self.front.lag.is_silent:
            return
        late_s = self.front.lag.late_s
        made: dict[str, Push | None] = {}
        for connection in tuple(listeners):
            for topic in connection.topics:
                if topic not in made:
                    made[topic] = self._message(topic, change)
                if (message := made[topic]) is None:
                    continue
                if late_s or self._late:
                    due_s = self.front.clock.monotonic_s() + late_s
                    self._late.append((due_s, connection, message))
                else:
                    self._push(connection, message)

    def send_late(self) -> None:
        """Send what is late and due; all of it once the stream is no longer late. Runs by itself with the tickers."""
        now_s, is_late = self.front.clock.monotonic_s(), bool(self.front.lag.late_s)
        while self._late and (self._late[0][0] <= now_s or not is_late):
            _, connection, message = self._late.popleft()
            if connection in self.connections:
                self._push(connection, message)

    def _push(self, connection: PrivateConnection, message: Push) -> None:
        connection.socket.push(message)
        self.front.counts["pushes"] += 1

    def _message(self, topic: str, change: Change) -> Push | None:
        family = topics.family_of(topic)
        render = _RENDERERS.get(family)
        rows = render(change) if render else []
        if topic != family:
            category = topic.rpartition(".")[2]
            rows = [row for row in rows if row["category"] == category]
        if not rows:
            return None
        message: dict[str, object] = {"topic": topic, "creationTime": self.front.now_ms(), "data": rows}
        if family != "execution.fast":
            message = {"id": f"{change.uid}_{family}_{next(self._numbers)}", **message}
        return push(message)


def _positions(change: Change) -> Rows:
    return [render_position.pushed_position(row) for row in change.positions]


def _wallet(change: Change) -> Rows:
    return [] if change.totals is None else [render_wallet.wallet(change.totals, change.coins)]


def _orders(change: Change) -> Rows:
    return [render_activity.pushed_order(row) for row in change.orders]


def _executions(change: Change) -> Rows:
    return [render_activity.pushed_execution(row) for row in change.executions]


def _fast_executions(change: Change) -> Rows:
    return [render_activity.fast_execution(row) for row in change.executions if row.kind == "Trade"]


def _greeks(change: Change) -> Rows:
    return [render_options.coin_greeks(row) for row in change.greeks]


_RENDERERS: dict[str, Callable[[Change], Rows]] = {
    "position": _positions,
    "wallet": _wallet,
    "order": _orders,
    "execution": _executions,
    "execution.fast": _fast_executions,
    "greeks": _greeks,
}

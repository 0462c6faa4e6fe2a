"""The simulated Bybit on a loopback port: REST and WebSocket of one exchange in one server."""

import asyncio
import contextlib
import email.utils
import itertools
import re
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import web

from marginwatch.clock import Clock, SystemClock
from marginwatch.sim.bybit.auth import Gatekeeper
from marginwatch.sim.bybit.feed import CHANNELS
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.gate import FORBIDDEN_PAGE, RestGate
from marginwatch.sim.bybit.key_rules import KeyRules
from marginwatch.sim.bybit.lag import Still
from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.mishaps import Mishaps
from marginwatch.sim.bybit.private_stream import PrivateStream
from marginwatch.sim.bybit.public_stream import PUBLISH_EVERY_S, PublicStream
from marginwatch.sim.bybit.stream_socket import StreamSocket
from marginwatch.sim.bybit.tls import make_tls
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults
from marginwatch.sim.rows import Change

IDLE_CHECK_EVERY_S = 30.0
"""Bybit's own checker runs this often, so its cuts are late by up to as much."""

_ACTIVE_TIME = re.compile(r"(\d+)(s|m)")
_LARGEST_MESSAGE = 4 * 1024 * 1024


class Urls(msgspec.Struct, frozen=True):
    """Where a client finds the simulated exchange."""

    rest: str
    private: str
    public: dict[str, str]
    status: str


class BybitSimServer:
    """Bybit's wire protocol in front of a simulated exchange; an asynchronous context manager.

    It does not move the exchange: call ``exchange.step()`` or run ``exchange.run()`` beside it.

    Parameters
    ----------
    exchange : Exchange
        The truth.
    faults : Faults, optional
        What goes wrong on the wire; nothing by default. ``server.faults.stop()`` lets things settle.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    clock : Clock, optional
        For rate windows and idle times; the system's by default.
    limits : RateLimits, optional
        Bybit's limits by default.
    is_demo : bool, default=False
        Behave as the demo host, which serves no asset endpoints.
    with_tls : bool, default=False
        Speak HTTPS and WSS with a certificate made here, see :attr:`certificate`.
    """

    def __init__(
        self,
        exchange: Exchange,
        faults: Faults | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        limits: RateLimits | None = None,
        is_demo: bool = False,
        with_tls: bool = False,
    ) -> None:
        self.exchange = exchange
        self.faults = faults or Faults()
        self.limits = limits or RateLimits()
        self.key_rules = KeyRules()
        self._clock = clock or SystemClock()
        self.front = Front(
            exchange,
            Gatekeeper(exchange.key, self.key_rules),
            self.limits,
            self.faults,
            self._clock,
            is_demo=is_demo,
        )
        self.private = PrivateStream(self.front)
        self.public: dict[str, PublicStream] = {
            channel: PublicStream(self.front, channel) for channel in CHANNELS
        }
        self.status = PublicStream(self.front, "misc/status")
        self.mishaps = Mishaps(self.front, self.cut_account)
        self._tls = make_tls(host) if with_tls else None
        self._address = (host, port)
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._sockets: dict[StreamSocket, None] = {}
        self._numbers = itertools.count(1)

    @property
    def urls(self) -> Urls:
        """Return the addresses; valid once started."""
        host, port = self._address
        secure = "s" if self._tls else ""
        sockets = f"ws{secure}://{host}:{port}/v5"
        return Urls(
            rest=f"http{secure}://{host}:{port}",
            private=f"{sockets}/private",
            public={channel: f"{sockets}/public/{channel}" for channel in CHANNELS},
            status=f"{sockets}/public/misc/status",
        )

    @property
    def certificate(self) -> str | None:
        """Return the certificate that clients have to trust (PEM), None without TLS."""
        return self._tls.certificate if self._tls else None

    async def start(self) -> None:
        """Listen, and push what the exchange does from now on.

        Raises
        ------
        OSError
            If the port is taken.
        """
        gate = RestGate(self.front)
        app = web.Application(client_max_size=_LARGEST_MESSAGE)
        app.on_response_prepare.append(self._date)
        app.router.add_get("/v5/private", self._serve_private)
        app.router.add_get("/v5/public/{channel:misc/status|[a-z]+}", self._serve_public)
        app.router.add_route("*", "/v5/{rest:.*}", gate.serve)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=1.0)
        await self._runner.setup()
        host, port = self._address
        context = self._tls.context if self._tls else None
        site = web.TCPSite(self._runner, host, port, backlog=2048, ssl_context=context)
        await site.start()
        bound = self._runner.addresses[0]
        self._address = (host, bound[1])
        self._unsubscribe = self.exchange.subscribe(self._hear)
        self.faults.on_plan = self._follow_plan
        self.mishaps.restart()
        self._tasks = [asyncio.create_task(self._publish_tickers()), asyncio.create_task(self._cut_idle())]

    async def stop(self) -> None:
        """Close every socket properly and stop listening."""
        if self._runner is None:
            return
        self._unsubscribe()
        self.faults.on_plan = None
        self.mishaps.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in tuple(self._sockets):
            socket.close()
        await self._runner.cleanup()
        self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def sockets(self) -> int:
        """Return how many sockets are open."""
        return len(self._sockets)

    def cut_account(self, uid: str) -> int:
        """Cut the private sockets of an account without a close frame; return how many there were."""
        connections = self.private.of_account(uid)
        for connection in connections:
            connection.socket.cut()
        return len(connections)

    def freeze_private(self, *, is_frozen: bool, with_replies: bool = False) -> None:
        """Stop or resume all pushes of private streams, as happens to exchanges in a crash.

        ``with_replies`` lets REST stand still too: it repeats what it said before.
        """
        still = Still.ALL if with_replies else Still.STREAMS
        self.front.lag.hold(still if is_frozen else Still.NOTHING)

    def delay_private(self, late_s: float) -> None:
        """Let the private side be so many seconds late, 0 to let it catch up at once."""
        self.front.lag.held_late_s = late_s

    def publish_tickers(self) -> None:
        """Send the prices that moved, and all else that is public; runs by itself every 100 ms of the clock."""
        for stream in (*self.public.values(), self.status):
            stream.publish()

    def _follow_plan(self) -> None:
        """Begin anew with another plan: mishaps, and the ends of the sockets that are open already."""
        self.mishaps.restart()
        for socket in tuple(self._sockets):
            socket.arm_end()

    def _hear(self, change: Change) -> None:
        if change.kind in ("ticker", "liquidation"):
            if change.kind == "ticker":
                self.mishaps.hear(change)
            for stream in self.public.values():
                stream.hear(change)
            return
        self.private.tell(change)
        if change.kind == "execution":
            for stream in self.public.values():
                if stream.hears_trades():
                    stream.hear(change)

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        # The library takes the machine's time, and the same exchange would not say the same twice.
        seconds = self.front.now_ms() // 1000
        response.headers["Date"] = email.utils.formatdate(seconds, usegmt=True)

    async def _publish_tickers(self) -> None:
        while True:
            await self._clock.sleep(PUBLISH_EVERY_S)
            self.publish_tickers()
            self.private.send_late()

    async def _cut_idle(self) -> None:
        while True:
            await self._clock.sleep(IDLE_CHECK_EVERY_S)
            now_s = self._clock.monotonic_s()
            for socket in tuple(self._sockets):
                if socket.is_idle(now_s) and not socket.is_mute:
                    socket.cut()

    async def _serve_private(self, request: web.Request) -> web.StreamResponse:
        async with self._socket(request) as socket:
            if isinstance(socket, web.Response):
                return socket
            if (active_s := _active_time_s(request.query.get("max_active_time", ""))) is not None:
                socket.longest_idle_s = active_s
            connection = self.private.open(socket, request.remote or "")
            try:
                await connection.serve()
            finally:
                self.private.forget(connection)
            return socket.response

    async def _serve_public(self, request: web.Request) -> web.StreamResponse:
        channel = request.match_info["channel"]
        stream = self.status if channel == self.status.channel else self.public.get(channel)
        if stream is None:
            return web.Response(status=404, text="404 page not found")
        async with self._socket(request) as socket:
            if isinstance(socket, web.Response):
                return socket
            connection = stream.open(socket)
            try:
                await connection.serve()
            finally:
                stream.forget(connection)
            return socket.response

    @contextlib.asynccontextmanager
    async def _socket(self, request: web.Request) -> AsyncGenerator[StreamSocket | web.Response, None]:
        """Give a prepared socket, or the refusal of one too many; forget it when it has ended."""
        remote, now_s = request.remote or "", self._clock.monotonic_s()
        if self.limits.is_banned(remote, now_s):
            self.front.counts["sockets refused"] += 1
            yield web.Response(status=403, text=FORBIDDEN_PAGE, content_type="text/html")
            return
        if not self.limits.admit_socket(remote, now_s):
            self.front.counts["sockets refused"] += 1
            yield web.Response(status=403, text="Forbidden: too many new connections")
            return
        if self.faults.refuses_socket():
            self.front.counts["sockets refused"] += 1
            yield web.Response(status=503, text="Service Unavailable")
            return
        response = web.WebSocketResponse(
            autoping=False, compress=False, max_msg_size=_LARGEST_MESSAGE, timeout=0.5
        )
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            yield web.Response(status=400)
            return
        self.front.counts["sockets"] += 1
        socket = StreamSocket(response, transport, self.faults.for_socket(), self._clock, next(self._numbers))
        self._sockets[socket] = None
        try:
            yield socket
        finally:
            self._sockets.pop(socket, None)
            socket.release()


def _active_time_s(text: str) -> float | None:
    """Return ``max_active_time`` in seconds: 30s to 600s, or 1m to 10m; None for anything else."""
    match = _ACTIVE_TIME.fullmatch(text)
    if match is None:
        return None
    seconds = int(match[1]) * (60 if match[2] == "m" else 1)
    return float(seconds) if 30 <= seconds <= 600 else None

"""The exchange's side, as a process: accepts sockets, acknowledges, then sends the stream at its pace.

It speaks just enough of Bybit's private protocol for three client libraries: authentication and subscription are
acknowledged after a few milliseconds (one of them stores its request only after having sent it), pings get pongs.
"""

import asyncio
import contextlib
import hashlib
import json
import sys
import time
from functools import partial

import msgspec
import uvloop
from aiohttp import web
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from benchmarks.machine import pin_to_core
from benchmarks.wire.frames import FALLING, FALLING_PRICE, SYMBOLS, base_price, frames, ticker
from benchmarks.wire.plan import HOST, Plan, plan_of
from benchmarks.wire.rest import rest_app

ACK_DELAY_S = 0.005
SETTLE_S = 1.0
CONNECT_LIMIT_S = 60.0


class Request(msgspec.Struct):
    """What a client sends: the operation, its arguments, and an id that is given back as it came."""

    op: str
    req_id: str | int | None = None
    args: list[str | int] = []


class Feeder:
    """The sockets of one run, and the stream over them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stream = list(frames(plan))
        self.sockets: dict[int, WSTransport] = {}
        self.tickers: dict[str, WSTransport] = {}
        self.fallen = 0
        self.closed = 0
        self.is_full = asyncio.Event()
        self.is_empty = asyncio.Event()

    def subscribed(self, number: int, transport: WSTransport) -> None:
        """Take a socket into its place in the order of sending, which is the number in its key."""
        self.sockets[number] = transport
        if len(self.sockets) == self.plan.sockets:
            self.is_full.set()

    def quote(self, symbol: str, transport: WSTransport) -> None:
        """Send the first prices of a contract that somebody holds, and remember where the next ones go."""
        if symbol not in FALLING and symbol not in SYMBOLS:
            return
        price = FALLING_PRICE if symbol in FALLING else base_price(SYMBOLS.index(symbol))
        self.tickers[symbol] = transport
        transport.send(WSMsgType.TEXT, ticker(symbol, price, time.time_ns() // 1_000_000))

    def fall(self, sent: int) -> None:
        """Halve the next contract's price if its turn has come."""
        every = self.plan.fall_every
        if not every or self.fallen >= len(FALLING) or sent < self.plan.warm + every * (self.fallen + 1):
            return
        symbol = FALLING[self.fallen]
        self.fallen += 1
        if symbol in self.tickers:
            frame = ticker(symbol, FALLING_PRICE / 2, time.time_ns() // 1_000_000)
            self.tickers[symbol].send(WSMsgType.TEXT, frame)

    def left(self) -> None:
        """Note that a socket is gone."""
        self.closed += 1
        if self.closed >= self.plan.sockets:
            self.is_empty.set()

    async def send_all(self) -> dict[str, object]:
        """Send the stream at the plan's rate and return how it went."""
        send = [partial(transport.send, WSMsgType.TEXT) for _, transport in sorted(self.sockets.items())]
        sockets, total, rate = len(send), self.plan.total, self.plan.rate
        sent, late_s = 0, 0.0
        started = time.perf_counter()
        while sent < total:
            elapsed = time.perf_counter() - started
            due = min(total, int(elapsed * rate) + 1)
            late_s = max(late_s, elapsed - sent / rate)
            for number in range(sent, due):
                send[number % sockets](self.stream[number])
            sent = due
            self.fall(sent)
            await asyncio.sleep(self.plan.tick_ms / 1e3)
        return {
            "sent": sent,
            "wall_s": time.perf_counter() - started,
            "late_ms_max": late_s * 1e3,
            "fallen": self.fallen,
            "bytes": sum(map(len, self.stream)),
            "sha256": hashlib.sha256(b"".join(self.stream)).hexdigest(),
        }


class PrivateSocket(WSListener):
    """One connection of a client."""

    def __init__(self, feeder: Feeder) -> None:
        super().__init__()
        self._feeder = feeder
        self._number = 0
        self._is_public = False

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer one request of the client."""
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
            return
        if frame.msg_type != WSMsgType.TEXT:
            return
        request = msgspec.json.decode(frame.get_payload_as_bytes(), type=Request)
        asyncio.get_running_loop().call_later(ACK_DELAY_S, self._answer, transport, request)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Tell the feeder."""
        del transport
        if not self._is_public:
            self._feeder.left()

    def _answer(self, transport: WSTransport, request: Request) -> None:
        answer: dict[str, object] = {"conn_id": "d266o6hqo29sqmnq4vk0-1yus1"}
        if request.req_id is not None:
            answer["req_id"] = request.req_id
        if request.op == "ping":
            answer |= {"op": "pong", "args": [str(time.time_ns() // 1_000_000)]}
        else:
            answer |= {"success": True, "ret_msg": "", "op": request.op}
        transport.send(WSMsgType.TEXT, msgspec.json.encode(answer))
        if request.op == "auth":
            self._number = int(str(request.args[0]).rpartition("-")[2])
        elif request.op == "subscribe":
            topics = [str(topic) for topic in request.args]
            self._is_public = all(topic.startswith("tickers.") for topic in topics)
            if not self._is_public:
                self._feeder.subscribed(self._number, transport)
                return
            for topic in topics:
                self._feeder.quote(topic.removeprefix("tickers."), transport)


def say(**values: object) -> None:
    """Write one line of JSON for the parent process."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


async def feed(plan: Plan) -> None:
    """Serve one run: announce the addresses, wait for all sockets, send, wait until they are closed."""
    feeder = Feeder(plan)

    def listener(request: WSUpgradeRequest) -> WSListener:
        del request
        return PrivateSocket(feeder)

    server = await ws_create_server(
        listener, HOST, 0, enable_auto_pong=False, websocket_handshake_timeout=CONNECT_LIMIT_S, backlog=2048
    )
    runner = web.AppRunner(rest_app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    rest_port = runner.addresses[0][1]
    say(
        private=f"ws://{HOST}:{server.sockets[0].getsockname()[1]}/v5/private",
        rest=f"http://{HOST}:{rest_port}",
    )
    await asyncio.wait_for(feeder.is_full.wait(), CONNECT_LIMIT_S)
    await asyncio.sleep(SETTLE_S)
    say(**await feeder.send_all())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(feeder.is_empty.wait(), CONNECT_LIMIT_S)
    server.close()
    await runner.cleanup()


if __name__ == "__main__":
    pin_to_core(0)
    uvloop.run(feed(plan_of(sys.argv[1])))

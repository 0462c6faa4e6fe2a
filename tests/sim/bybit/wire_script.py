"""A client's script of REST calls and two sockets on a manual clock; prints every byte that the exchange sent.

Run as a program by ``test_determinism.py``: only another process has another order of hashes.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sys

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.gate import ROUTES
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.bybit.topics import ALL_IN_ONE
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults
from marginwatch.sim.rows import KeyInfo

FAULTS = (
    "drop=5%,duplicate=10%,reorder=10%,malformed=3%,wrong_types=3%,trickle=5%,delay=5ms..80ms,latency=1ms..9ms,"
    "rest_error=10%,rest_wrong_types=10%,rest_malformed=5%,short_pages=50%,retcode.10016@/v5/position/*=20%,"
    "mode_change=2s,late=1s"
)
CALLS = (
    ("/v5/market/time", ""),
    ("/v5/market/tickers", "category=linear"),
    ("/v5/position/list", "category=linear&settleCoin=USDT"),
    ("/v5/position/list", "category=inverse"),
    ("/v5/account/wallet-balance", "accountType=UNIFIED"),
    ("/v5/execution/list", "category=linear"),
    ("/v5/order/realtime", "category=linear&settleCoin=USDT"),
    ("/v5/account/transaction-log", ""),
    ("/v5/market/orderbook", "category=linear&symbol=BTCUSDT&limit=50"),
    ("/v5/market/adlAlert", "symbol=BTCUSDT"),
)

EVERY_CALL = dict.fromkeys(ROUTES, "") | {
    "/v5/market/tickers": "category=option&baseCoin=BTC",
    "/v5/market/instruments-info": "category=linear&limit=5",
    "/v5/market/risk-limit": "category=inverse&symbol=BTCUSD",
    "/v5/market/funding/history": "category=linear&symbol=BTCUSDT&limit=3",
    "/v5/market/kline": "category=inverse&symbol=BTCUSD&interval=D&limit=3",
    "/v5/market/mark-price-kline": "category=linear&symbol=BTCUSDT&interval=60&limit=3",
    "/v5/market/orderbook": "category=option&symbol={option}",
    "/v5/position/list": "category=option",
    "/v5/position/closed-pnl": "category=linear",
    "/v5/order/realtime": "category=spot",
    "/v5/execution/list": "category=option",
    "/v5/account/wallet-balance": "accountType=UNIFIED",
    "/v5/account/fee-rate": "category=linear&symbol=BTCUSDT",
    "/v5/account/withdrawal": "coinName=USDT",
    "/v5/asset/transfer/query-account-coins-balance": "accountType=FUND",
    "/v5/asset/transfer/query-account-coin-balance": "accountType=UNIFIED&coin=USDT",
    "/v5/asset/settlement-record": "category=linear",
    "/v5/asset/delivery-record": "category=option",
}
"""Every endpoint once; those without parameters have none."""

LATER_FAULTS = (
    "rest_busy=15%,rest_limited=15%,rest_empty=10%,rest_page=10%,rest_truncate=10%,clock_skew=-300ms,"
    "freeze=2s,freeze_for=500ms..1s,ban=6s,ban_for=200ms,revoke=90%,revoke_after=1s..2s"
)
"""What befalls whole replies, keys and the exchange; with the first ones in force it would drown them."""


def sign(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


PUBLIC_TOPICS = [
    "orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT", "orderbook.200.ETHUSDT", "insurance.USDT", "adlAlert.USDT",
    "allLiquidation.BTCUSDT", "allLiquidation.SOLUSDT", "publicTrade.BTCUSDT", "publicTrade.ETHUSDT",
]  # fmt: skip
FIRST_MESSAGES = 5
"""Of them, those that begin with a snapshot."""


class Wire:
    """One connection of plain bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.heard = bytearray()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while data := await self.reader.read(65_536):
            self.heard += data

    async def settle(self, wait_s: float = 0.03) -> None:
        """Wait until nothing more comes: the exchange's clock stands still."""
        length = -1
        while length != len(self.heard):
            length = len(self.heard)
            await asyncio.sleep(wait_s)

    async def until(self, text: bytes, count: int = 1) -> None:
        """Wait for an answer: when a request is read is a matter of real time, so the clock stands still meanwhile."""
        while self.heard.count(text) < count:
            await asyncio.sleep(0.002)

    def say(self, message: object) -> None:
        payload = json.dumps(message).encode()
        header = bytes([0x81, 0x80 | 126]) + len(payload).to_bytes(2, "big") + bytes(4)
        self.writer.write(header + payload)

    def finish(self) -> bytes:
        self._task.cancel()
        self.writer.close()
        return bytes(self.heard)


async def get(server: BybitSimServer, path: str, query: str, key: object) -> bytes:
    stamp = str(server.front.now_ms())
    target = f"{path}?{query}" if query else path
    head = (
        f"GET {target} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nX-BAPI-API-KEY: {key.api_key}\r\n"
        f"X-BAPI-TIMESTAMP: {stamp}\r\nX-BAPI-RECV-WINDOW: 5000\r\n"
        f"X-BAPI-SIGN: {sign(key.api_secret, f'{stamp}{key.api_key}5000{query}')}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port(server))
    before = server.front.counts[path]
    writer.write(head.encode())
    while server.front.counts[path] == before:
        await asyncio.sleep(0.002)
    await asyncio.sleep(0.01)
    # Once, and by more than any latency: how often must not depend on how fast the machine is.
    await server.front.clock.advance(0.02)
    reply = await asyncio.wait_for(reader.read(), 5.0)
    writer.close()
    return reply


def port(server: BybitSimServer) -> int:
    return int(server.urls.rest.rpartition(":")[2])


async def open_socket(server: BybitSimServer, path: str) -> Wire:
    wire = Wire(*await asyncio.open_connection("127.0.0.1", port(server)))
    wire.writer.write(
        f"GET {path} HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n\r\n".encode()
    )
    await wire.until(b"\r\n\r\n")
    return wire


async def step(server: BybitSimServer, clock: ManualClock, wires: list[Wire], seconds: float) -> None:
    for _ in range(round(seconds / 0.1)):
        server.exchange.step(0.1)
        await clock.advance(0.1)
        await asyncio.sleep(0.002)
    for wire in wires:
        await wire.settle()


async def subscribe(server: BybitSimServer, key: KeyInfo) -> list[Wire]:
    """Return a socket of every channel with topics of every kind, each with its first messages."""
    exchange = server.exchange
    option = exchange.instruments("option")[0].symbol
    symbols = [row.symbol for row in exchange.instruments("linear")][:8]
    private = await open_socket(server, "/v5/private")
    expires = server.front.now_ms() + 10_000
    private.say(
        {"op": "auth", "args": [key.api_key, expires, sign(key.api_secret, f"GET/realtime{expires}")]}
    )
    private.say({"op": "subscribe", "args": sorted(ALL_IN_ONE)})
    await private.until(b'"success":true', 2)
    wires = [private]
    for channel, topics, first in (
        ("linear", [f"tickers.{symbol}" for symbol in symbols], 0),
        ("linear", PUBLIC_TOPICS, FIRST_MESSAGES),
        (
            "inverse",
            ["tickers.BTCUSD", "orderbook.50.BTCUSD", "allLiquidation.BTCUSD", "insurance.inverse"],
            3,
        ),
        ("option", [f"tickers.{option}", f"orderbook.25.{option}", "publicTrade.BTC"], 2),
        ("spot", ["tickers.BTCUSDT", "orderbook.1.BTCUSDT"], 2),
        ("misc/status", ["system.status"], 0),
    ):
        wire = await open_socket(server, f"/v5/public/{channel}")
        wire.say({"op": "subscribe", "args": topics})
        await wire.until(b'"success":true')
        await wire.until(b'"type":"snapshot"', first or (len(topics) if channel == "linear" else 0))
        wires.append(wire)
    return wires


async def script(seed: int) -> bytes:
    clock = ManualClock()
    exchange = Exchange(seed, clock, n_accounts=6, scenario="crash", activity_per_s=5.0)
    faults = Faults(parse_faults(""), seed)
    async with BybitSimServer(exchange, faults, clock=clock) as server:
        account = exchange.accounts()[2]
        wires = await subscribe(server, account.key)
        await step(server, clock, wires, 1.0)
        option = exchange.instruments("option")[0].symbol
        exchange.open_position(account.uid, option, "0.1")
        server.front.announcements.append({"id": "1", "title": "upgrade", "state": "scheduled"})
        await step(server, clock, wires, 1.0)
        replies = [
            await get(server, path, query.format(option=option), account.key)
            for path, query in EVERY_CALL.items()
        ]
        faults.plan = parse_faults(FAULTS)
        for _ in range(3):
            await step(server, clock, wires, 2.0)
            replies += [await get(server, path, query, account.key) for path, query in CALLS]
        faults.plan = parse_faults(LATER_FAULTS)
        faults.start()
        for _ in range(3):
            await step(server, clock, wires, 1.0)
            replies += [await get(server, path, query, account.key) for path, query in CALLS]
        await step(server, clock, wires, 2.0)
        return b"".join((*replies, *(wire.finish() for wire in wires)))


if __name__ == "__main__":
    sys.stdout.buffer.write(asyncio.run(script(int(sys.argv[1]))))

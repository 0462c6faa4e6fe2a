"""A small quiet exchange, its server, and clients that know nothing of the product's own."""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from marginwatch.clock import SystemClock
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountInfo, KeyInfo

# Test folders are no packages; what several tests here share is imported by its plain name.
sys.path.insert(0, str(Path(__file__).parent))


def hmac_hex(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class RestClient:
    """Signs as the document says and returns status, headers and body as they came."""

    def __init__(self, base: str, http: aiohttp.ClientSession) -> None:
        self.base = base
        self.http = http

    def headers(self, key: KeyInfo, query: str, **changes: str) -> dict[str, str]:
        stamp, window = changes.get("stamp", str(time.time_ns() // 1_000_000)), changes.get("window", "5000")
        sign = hmac_hex(changes.get("secret", key.api_secret), f"{stamp}{key.api_key}{window}{query}")
        return {
            "X-BAPI-API-KEY": key.api_key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": window,
            "X-BAPI-SIGN": changes.get("sign", sign),
        }

    async def raw(
        self, path: str, query: str = "", headers: dict[str, str] | None = None, method: str = "GET"
    ) -> tuple[int, Any, str]:
        url = URL(f"{self.base}{path}?{query}" if query else f"{self.base}{path}", encoded=True)
        async with self.http.request(method, url, headers=headers) as response:
            return response.status, response.headers, await response.text()

    async def get(
        self, path: str, query: str = "", key: KeyInfo | None = None, **changes: str
    ) -> dict[str, Any]:
        _, _, text = await self.raw(path, query, self.headers(key, query, **changes) if key else None)
        return json.loads(text)


class StreamClient:
    """A socket that hears one message at a time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.patience_s = 20.0
        """For what must come: a busy machine takes longer instead of failing."""

    async def say(self, message: object) -> None:
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def hear(self, timeout_s: float | None = None) -> dict[str, Any]:
        message = await asyncio.wait_for(self.socket.receive(), timeout_s or self.patience_s)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return json.loads(message.data)

    async def ask(self, message: object) -> dict[str, Any]:
        await self.say(message)
        return await self.hear()

    async def hears_nothing(self, for_s: float = 0.15) -> bool:
        try:
            message = await asyncio.wait_for(self.socket.receive(), for_s)
        except TimeoutError:
            return True
        raise AssertionError(f"unexpected: {message}")

    async def log_in(self, key: KeyInfo, **changes: Any) -> dict[str, Any]:
        expires = changes.get("expires", time.time_ns() // 1_000_000 + 10_000)
        sign = hmac_hex(changes.get("secret", key.api_secret), f"GET/realtime{expires}")
        return await self.ask({"op": "auth", "req_id": "log-in", "args": [key.api_key, expires, sign]})


@pytest.fixture
def exchange() -> Exchange:
    """Four accounts that do nothing by themselves."""
    return Exchange(7, SystemClock(), n_accounts=4, activity_per_s=0.0)


@pytest.fixture
def trader(exchange: Exchange) -> AccountInfo:
    """An account, not the master, with open linear positions."""
    return next(
        account
        for account in exchange.accounts()
        if account.parent_uid != "0" and len(exchange.positions(account.uid, "linear")) > 1
    )


@pytest.fixture
async def server(exchange: Exchange) -> AsyncIterator[BybitSimServer]:
    async with BybitSimServer(exchange) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def rest(server: BybitSimServer, http: aiohttp.ClientSession) -> RestClient:
    return RestClient(server.urls.rest, http)


@pytest.fixture
async def open_stream(http: aiohttp.ClientSession) -> Callable[..., Awaitable[StreamClient]]:
    async def open_one(url: str, **options: Any) -> StreamClient:
        return StreamClient(await http.ws_connect(url, **options))

    return open_one


@pytest.fixture
async def private(
    server: BybitSimServer, open_stream: Callable[[str], Awaitable[StreamClient]], trader: AccountInfo
) -> StreamClient:
    """The trader's private stream, logged in."""
    client = await open_stream(server.urls.private)
    assert (await client.log_in(trader.key))["success"] is True
    return client

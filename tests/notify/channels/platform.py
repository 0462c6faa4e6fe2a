"""A chat platform on loopback: it records each request and plays the answers that a test has written for it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from marginwatch.clock import Clock, ManualClock
from marginwatch.notify.channels.base import Acknowledge, ChannelContext


@dataclass
class Reply:
    """What the platform answers: after ``delay_s``, or by closing the connection without a word."""

    body: bytes | str | dict[str, Any] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    hangs_up: bool = False

    @property
    def content(self) -> bytes:
        if isinstance(self.body, dict):
            return msgspec.json.encode(self.body)
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass(frozen=True)
class Heard:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Platform:
    """Answers in the order of ``replies``, the last of them again and again."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.replies: deque[Reply] = deque()
        self.url = ""

    def play(self, *replies: Reply) -> None:
        self.replies = deque(replies)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(
            Heard(
                request.method,
                request.path,
                dict(request.query),
                request.rel_url.raw_query_string,
                {name.lower(): value for name, value in request.headers.items()},
                await request.read(),
            )
        )
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.hangs_up and request.transport is not None:
            request.transport.close()
        return web.Response(body=reply.content, status=reply.status, headers=reply.headers)

    @property
    def last(self) -> Heard:
        return self.heard[-1]


@asynccontextmanager
async def serving() -> AsyncIterator[Platform]:
    platform = Platform()
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", platform.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]
    platform.url = f"http://127.0.0.1:{port}"
    try:
        yield platform
    finally:
        await runner.cleanup()


@asynccontextmanager
async def context(
    *, clock: Clock | None = None, on_acknowledge: Acknowledge | None = None
) -> AsyncIterator[ChannelContext]:
    async with aiohttp.ClientSession() as http:
        yield ChannelContext(
            name="desk-chat", http=http, clock=clock or ManualClock(), on_acknowledge=on_acknowledge
        )

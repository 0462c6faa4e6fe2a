"""One route, asked at a modest pace by one request at a time."""

import asyncio
from types import SimpleNamespace

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from marginwatch.clock import SystemClock
from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.secret import Secret
from marginwatch.top.client import Client
from marginwatch.top.feed import Feed


class Count(msgspec.Struct):
    n: int


@pytest_asyncio.fixture
async def stranger():
    """A server that answers what a test wants, and counts."""
    told = SimpleNamespace(n=0, n_at_once=0, n_at_once_max=0, hold=asyncio.Event(), answer=None, tokens=set())
    told.hold.set()

    async def answer(request: web.Request) -> web.Response:
        told.tokens.add(request.headers["Authorization"])
        told.n += 1
        told.n_at_once += 1
        told.n_at_once_max = max(told.n_at_once_max, told.n_at_once)
        await told.hold.wait()
        told.n_at_once -= 1
        if told.answer is not None:
            return told.answer()
        return web.json_response({"n": told.n, "path": str(request.rel_url)})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as http:
        told.client = Client(f"http://127.0.0.1:{runner.addresses[0][1]}", Secret("t0ken"), http)
        yield told
    await runner.cleanup()


async def test_a_slow_route_is_asked_by_one_request_at_a_time(stranger) -> None:
    heard = asyncio.Event()
    feed = Feed(stranger.client, Count, SystemClock(), 0.01, heard.set)
    running = asyncio.create_task(feed.run())
    stranger.hold.clear()
    feed.want("/a")
    while not stranger.n:
        await asyncio.sleep(0.01)
    for _ in range(5):
        feed.wake()
        await asyncio.sleep(0.01)
    assert (stranger.n, stranger.n_at_once_max) == (1, 1)
    stranger.hold.set()
    while stranger.n < 4:
        await asyncio.sleep(0.01)
    assert stranger.n_at_once_max == 1
    assert feed.held is not None
    assert stranger.tokens == {"Bearer t0ken"}
    running.cancel()


async def test_a_feed_rests_when_nobody_wants_it_and_keeps_what_it_held(stranger) -> None:
    heard = asyncio.Event()
    feed = Feed(stranger.client, Count, SystemClock(), 0.01, heard.set)
    running = asyncio.create_task(feed.run())
    feed.want("/a")
    await heard.wait()
    feed.want(None)
    # Until it has seen that: a request may still be under way.
    while feed._wake.is_set():
        await asyncio.sleep(0.001)
    n = stranger.n
    await asyncio.sleep(0.1)
    assert stranger.n == n
    assert feed.held is not None
    feed.want("/b")
    assert feed.held is None
    running.cancel()


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (403, "403: viewers may look, not acknowledge", ConfigError, "the service refuses: viewers may look"),
        (401, "go away", ConfigError, "does not accept the token"),
        (404, "404: no account 'x'; did you mean 'y'?", ConfigError, "no account 'x'"),
        (503, "503: the picture stands still", ConnectivityError, "the picture stands still"),
        (500, "<html>", ConnectivityError, "it answers 500: <html>"),
        (302, "", ConnectivityError, "it answers 302"),
        (200, "<html>", ConnectivityError, "no marginwatch service of this version"),
        (200, '{"n": "many"}', ConnectivityError, "no marginwatch service of this version"),
    ],
)
async def test_whatever_is_no_answer_is_an_error(stranger, status: int, body: str, error, words: str) -> None:
    headers = {"Location": "/elsewhere"} if status == 302 else None
    stranger.answer = lambda: web.Response(status=status, text=body, headers=headers)
    with pytest.raises(error, match=words.replace("?", r"\?")):
        await stranger.client.read("/a", Count)
    assert stranger.n == 1

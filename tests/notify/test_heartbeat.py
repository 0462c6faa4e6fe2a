"""The dead man's switch beats while all works, and names its address nowhere."""

import asyncio

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from marginwatch.clock import ManualClock, SystemClock
from marginwatch.model.secret import Secret
from marginwatch.notify import heartbeat
from marginwatch.notify.heartbeat import Heartbeat


@pytest_asyncio.fixture
async def place():
    """A server that counts, answers as ``place.status`` says, and waits as long as ``place.wait_s``."""

    class Place:
        beats, status, wait_s = 0, 200, 0.0

    found = Place()

    async def answer(_request):
        found.beats += 1
        await asyncio.sleep(found.wait_s)
        return web.Response(status=found.status)

    app = web.Application()
    app.router.add_get("/secret-token", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/secret-token"
    yield found
    await runner.cleanup()


class Problem:
    """What is wrong, and how often that was asked."""

    def __init__(self):
        self.text, self.n_looks = "", 0

    def __call__(self):
        self.n_looks += 1
        return self.text

    async def looked_at(self, times):
        """Wait until it was asked so often again; before it is asked the beat that was under way has ended."""
        enough = self.n_looks + times
        while self.n_looks < enough:
            await asyncio.sleep(0.001)


async def test_it_beats_only_while_nothing_is_wrong(place):
    problem = Problem()
    async with aiohttp.ClientSession() as http:
        heart = Heartbeat(Secret(place.url), 0.01, problem, http, SystemClock())
        task = asyncio.create_task(heart.run())
        while heart.n_beats < 2:
            await asyncio.sleep(0.001)
        problem.text = "frames are stale"
        await problem.looked_at(1)
        before = place.beats
        await problem.looked_at(4)
        assert place.beats == before
        problem.text = ""
        while place.beats == before:
            await asyncio.sleep(0.001)
        task.cancel()


@pytest.mark.parametrize("fault", ["refuses", "hangs", "is not there", "is no address"])
async def test_what_goes_wrong_is_said_without_the_address(place, fault, monkeypatch, capsys):
    url = place.url
    if fault == "refuses":
        place.status = 500
    elif fault == "hangs":
        place.wait_s = 1.0
        monkeypatch.setattr(heartbeat, "TIMEOUT_S", 0.05)
    elif fault == "is not there":
        url = "http://127.0.0.1:9/secret-token"
    else:
        url = "http://:secret-token"
    async with aiohttp.ClientSession() as http:
        problem = Problem()
        heart = Heartbeat(Secret(url), 0.01, problem, http, SystemClock())
        said = await heart._beat()
        task = asyncio.create_task(heart.run())
        await problem.looked_at(3)
        task.cancel()
    assert said
    assert heart.n_beats == 0
    logged = capsys.readouterr().out
    assert logged.count("no heartbeat") == 1
    assert "secret-token" not in said + logged


async def test_it_beats_as_soon_as_all_works_and_a_slow_start_is_no_news(place, capsys):
    problem = "there are no fresh frames"
    clock = ManualClock()
    async with aiohttp.ClientSession() as http:
        heart = Heartbeat(Secret(place.url), 60.0, lambda: problem, http, clock)
        task = asyncio.create_task(heart.run())
        await clock.advance(5.0)
        problem = ""
        await clock.advance(1.0)
        while heart.n_beats < 1:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        await clock.advance(59.0)
        assert heart.n_beats == 1
        assert "no heartbeat" not in capsys.readouterr().out
        problem = "the dispatcher does not work"
        await clock.advance(2.0)
        assert capsys.readouterr().out.count("no heartbeat") == 1
        task.cancel()


async def test_a_start_that_never_ends_is_news(place, capsys):
    clock = ManualClock()
    async with aiohttp.ClientSession() as http:
        heart = Heartbeat(Secret(place.url), 60.0, lambda: "there are no fresh frames", http, clock)
        task = asyncio.create_task(heart.run())
        for _ in range(40):
            await clock.advance(1.0)
        task.cancel()
    assert capsys.readouterr().out.count("no heartbeat") == 1
    assert place.beats == 0

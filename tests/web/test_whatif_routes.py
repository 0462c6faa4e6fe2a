"""Questions "what if" over the API: bounds, one account, agreement with the picture, newer ones first."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio
from tests.web.test_overview_replies import hedged_world

from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.model.secret import Secret
from marginwatch.web import whatif_routes
from marginwatch.web.app import create_app
from marginwatch.web.overview_replies import overview_reply
from marginwatch.web.server import WebServer


@pytest_asyncio.fixture
async def asked() -> AsyncGenerator[SimpleNamespace, None]:
    world = hedged_world()
    engine = Engine(world.book, world.clock)
    engine.run_frame()
    model = SimpleNamespace(latest_frame=lambda: engine.frame, is_alive=lambda: True)
    app = create_app(model, Secret("t0ken"), whatif=HeavyWork(engine, world.clock))
    server = WebServer(app, port=0)
    await server.start()
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer t0ken"}) as http:

        async def post(**body: object) -> SimpleNamespace:
            async with http.post(f"{server.url}/api/v1/whatif", json=body) as reply:
                return SimpleNamespace(status=reply.status, body=await reply.read(), headers=reply.headers)

        yield SimpleNamespace(post=post, engine=engine, url=server.url)
    await server.stop()


async def test_a_move_of_nothing_shows_the_picture_as_it_is(asked: SimpleNamespace) -> None:
    reply = await asked.post(btc_move=0)
    assert reply.status == 200
    body, page = json.loads(reply.body), overview_reply(asked.engine.frame)
    assert (body["sequence"], body["taken_at_ns"]) == (page.sequence, page.taken_at_ns)
    before = body["answer"]["before"]
    assert before == body["answer"]["after"]
    for name in ("equity_usd", "maintenance_margin_usd"):
        assert before[name] == pytest.approx(getattr(page.summary, name))
    assert before["maintenance_margin_usage"] == pytest.approx(page.maintenance_margin_usage)
    assert body["took_ms"] > 0.0


async def test_one_account_alone_and_everything_worst_first(asked: SimpleNamespace) -> None:
    everything = json.loads((await asked.post(btc_move=-0.5)).body)["answer"]
    assert {row["account_id"] for row in everything["rows"]} == {"long", "short", "lost"}
    assert everything["n_left_out"] == 1
    # 20,000 against 2 BTC at 50,050 that lose half: all gone and more.
    [long] = [row for row in everything["rows"] if row["account_id"] == "long"]
    assert long["pnl_usd"] == pytest.approx(-50_000, rel=0.01)
    assert long["after"]["is_liquidated"] is True
    assert long["before"]["is_liquidated"] is False
    alone = json.loads((await asked.post(btc_move=-0.5, account="LONG")).body)
    assert alone["account"] == "LONG"
    assert alone["answer"]["rows"] == [long]
    assert alone["answer"]["pnl_usd"] == long["pnl_usd"]
    unknown = await asked.post(btc_move=-0.5, account="lang")
    assert (unknown.status, unknown.body) == (404, b"404: there is no account 'lang'; did you mean 'long'?\n")


REFUSED: tuple[tuple[dict[str, object], bytes], ...] = (
    ({}, b"'btc_move'"),
    ({"btc_move": -0.991}, b"write a fraction from -0.99 to 5"),
    ({"btc_move": 5.1}, b"write a fraction from -0.99 to 5"),
    ({"btc_move": "much"}, b"btc_move"),
    ({"btc_move": 0.1, "alt_beta": 3.5}, b"from 0 to 3"),
    ({"btc_move": 0.1, "volatility": -1.5}, b"from -1 to 3"),
    ({"btc_move": 0.1, "leverage": 2}, b"unknown field"),
)


async def test_shocks_out_of_bounds_are_refused_with_the_remedy(asked: SimpleNamespace) -> None:
    for body, part in REFUSED:
        reply = await asked.post(**body)
        assert reply.status == 400, body
        assert part in reply.body


async def test_a_newer_question_takes_the_place_of_the_one_before(
    asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve, began, may_end = whatif_routes.solve_what_if, threading.Event(), threading.Event()

    def slow(*given):
        began.set()
        may_end.wait(10.0)
        return solve(*given)

    monkeypatch.setattr(whatif_routes, "solve_what_if", slow)
    first = asyncio.create_task(asked.post(btc_move=-0.1))
    await asyncio.to_thread(began.wait, 10.0)
    second = asyncio.create_task(asked.post(btc_move=-0.2))
    other = asyncio.create_task(asked.post(btc_move=-0.3, page="another window"))
    reply = await first
    assert reply.status == 409
    assert b"superseded" in reply.body
    may_end.set()
    assert json.loads((await second).body)["btc_move"] == -0.2
    assert json.loads((await other).body)["btc_move"] == -0.3


async def test_without_a_source_it_says_so(service: SimpleNamespace) -> None:
    headers = {"Authorization": "Bearer t0ken"}
    async with service.http.post(
        f"{service.server.url}/api/v1/whatif", json={"btc_move": 0.1}, headers=headers
    ) as reply:
        assert reply.status == 404

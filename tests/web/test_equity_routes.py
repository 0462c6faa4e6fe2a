"""Histories of equity over the API: real samples in a store, thinned, with their gaps."""

import json
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace

import aiohttp
import pytest_asyncio
from tests.web.conftest import Picture

from marginwatch.model.equity import EquitySample
from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.rules.facts import Performed
from marginwatch.store import Store
from marginwatch.store.equity_minutes import EquityMinutes
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer

NS = 1_000_000_000


class Kept(EquityMinutes):
    """Samples alone, without the keeper that writes them."""

    def portfolio_figures(self) -> Performed:
        return Performed(0, {})


@pytest_asyncio.fixture
async def told(measure_desk: Callable[[], Frame], tmp_path) -> AsyncGenerator[SimpleNamespace, None]:
    frame = measure_desk()
    store = await Store.open(tmp_path / "x.sqlite")
    kept = Kept(store)
    now_s = frame.at_ns // NS // 60 * 60
    samples = []
    for minute in range(180):
        # Nobody was there for half an hour.
        if not 60 <= minute < 90:
            at_s = now_s - 60 * (179 - minute)
            for scope, name, usd in (
                ("account", "mm-main", 1_000.0 + minute),
                ("account", "arb-1", None if minute % 2 else 50.0),
                ("desk", "arbitrage", 50.0),
                ("portfolio", "", 2_000.0 - minute),
            ):
                samples.append(EquitySample(scope=scope, name=name, minute_s=at_s, equity_usd=usd))
    await kept.add(samples)
    server = WebServer(create_app(Picture(frame), Secret("t0ken"), equity=kept), port=0)
    await server.start()
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer t0ken"}) as http:

        async def get(path: str) -> SimpleNamespace:
            async with http.get(server.url + path) as reply:
                return SimpleNamespace(status=reply.status, body=await reply.read())

        async def read(path: str) -> dict:
            reply = await get(path)
            assert reply.status == 200, reply.body
            return json.loads(reply.body)

        yield SimpleNamespace(get=get, read=read, frame=frame, now_s=now_s, kept=kept, store=store)
    await server.stop()
    await store.close()


async def test_every_minute_is_shown_where_there_is_room(told: SimpleNamespace) -> None:
    body = await told.read("/api/v1/equity?account=MM-MAIN")
    assert (body["scope"], body["name"], body["bucket_s"]) == ("account", "mm-main", 60)
    values = [point["equity_usd"] for point in body["points"]]
    assert values == [*(1_000.0 + m for m in range(60)), None, *(1_000.0 + m for m in range(90, 180))]
    assert body["points"][-1]["at_ns"] == told.now_s * NS
    assert (await told.read("/api/v1/equity"))["name"] is None
    assert (await told.read("/api/v1/equity?desk=arbitrage"))["points"][0]["equity_usd"] == 50.0
    assert (await told.read("/api/v1/equity?account=cold"))["points"] == []


async def test_few_points_keep_the_extremes(told: SimpleNamespace) -> None:
    body = await told.read("/api/v1/equity?points=6")
    assert body["bucket_s"] == 1_800
    first = body["points"][0]
    assert (first["equity_usd"], first["equity_usd_min"], first["equity_usd_max"]) == (
        1_971.0,
        1_971.0,
        2_000.0,
    )
    assert [point["equity_usd"] is None for point in body["points"]] == [
        False,
        False,
        True,
        False,
        False,
        False,
    ]


async def test_a_range_is_what_was_asked_for(told: SimpleNamespace) -> None:
    since, until = (told.now_s - 600) * NS, (told.now_s - 300) * NS
    body = await told.read(f"/api/v1/equity?account=mm-main&from_ns={since}&to_ns={until}")
    assert [point["at_ns"] for point in body["points"]] == list(range(since, until + 1, 60 * NS))
    everything = await told.read(f"/api/v1/equity?from_ns=0&to_ns={2**63 - 1}&points=10")
    assert len(everything["points"]) <= 12
    assert everything["to_ns"] == told.frame.at_ns


REFUSED = (
    ("?account=nobody", b"there is no account 'nobody'"),
    ("?account=mm-main&desk=arbitrage", b"name one of them"),
    ("?from_ns=5&to_ns=5", b"from_ns: must be before to_ns"),
    ("?points=1", b"points"),
    ("?points=9999", b"points"),
    ("?from_ns=-1", b"from_ns"),
    ("/sparklines", b"account"),
    ("/sparklines?account=mm-main&hours=0", b"hours"),
    ("/sparklines?account=mm-main&account=nobody", b"there is no account 'nobody'"),
    ("/sparklines?" + "&".join(["account=mm-main"] * 51), b"account"),
)


async def test_what_makes_no_sense_is_refused(told: SimpleNamespace) -> None:
    for query, part in REFUSED:
        reply = await told.get("/api/v1/equity" + query)
        assert reply.status == (404 if part.startswith(b"there is no") else 400), query
        assert part in reply.body


async def test_small_charts_of_several_accounts_in_one_grid(told: SimpleNamespace) -> None:
    body = await told.read("/api/v1/equity/sparklines?account=arb-1&account=MM-main&hours=3&points=6")
    rows = {row["account_id"]: row["equity_usd"] for row in body["rows"]}
    assert list(rows) == ["arb-1", "mm-main"]
    assert body["bucket_s"] == 1_800
    assert body["at_ns"][-1] == told.frame.at_ns // NS * NS
    assert all(len(row) == len(body["at_ns"]) for row in rows.values())
    # Each is the last of its half hour; that in which nobody was there is empty, that of an odd minute looks one further.
    assert [usd is None for usd in rows["mm-main"]] == [False, False, True, False, False, False]
    assert rows["mm-main"][-1] == 1_179.0
    assert rows["arb-1"][-1] == 50.0


async def test_where_hours_alone_are_kept_small_charts_go_by_the_hour(told: SimpleNamespace) -> None:
    hours = [
        EquitySample(scope="account", name="mm-main", minute_s=at_s, equity_usd=float(at_s))
        for at_s in range(told.now_s // 3_600 * 3_600 - 50 * 3_600, told.now_s - 4 * 3_600, 3_600)
    ]
    await told.kept.add(hours)
    told.kept._thinned_s = (told.now_s - 4 * 3_600, 0)
    body = await told.read("/api/v1/equity/sparklines?account=mm-main&hours=24&points=48")
    assert body["bucket_s"] == 3_600
    values = body["rows"][0]["equity_usd"]
    assert len(values) == 24
    assert sum(usd is None for usd in values) <= 1


async def test_without_a_history_it_says_so(service: SimpleNamespace) -> None:
    for path in ("equity", "equity/sparklines?account=mm-main"):
        reply = await service.get(f"/api/v1/{path}")
        assert (reply.status, b"no history" in reply.body) == (404, True)

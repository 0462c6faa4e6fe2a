"""A running service seen from outside: one account, health and metrics, against the simulated exchange's own figures."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from marginwatch.app.alerting.setup import alert_setup
from marginwatch.app.api import access_of, api_of
from marginwatch.app.service import Service, running
from marginwatch.clock import SystemClock
from marginwatch.config.settings import AlertTable, Config, ServiceSettings
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.web.server import WebServer

TOKEN = "t0ken"
RULE = {"name": "rich", "measure": "account.equity_usd", "above": 1e9, "severity": "critical"}


def config_of(server: BybitSimServer, folder: Path, hook: str) -> Config:
    urls = server.urls
    endpoints = Endpoints(rest=urls.rest, private=urls.private, public=dict(urls.public))
    return Config(
        path=folder / "marginwatch.toml",
        service=ServiceSettings(data_dir=folder / "data"),
        alerts=AlertTable(default_rules=False),
        rules=(RULE,),
        channels=({"name": "desk", "type": "webhook", "url": hook},),
        accounts=tuple(
            AccountSpec(
                account_id=AccountId(info.name),
                exchange="bybit",
                venue=VenueId("bybit@sim"),
                endpoints=endpoints,
                api_key=Secret(info.key.api_key),
                api_secret=Secret(info.key.api_secret),
            )
            for info in server.exchange.accounts()
        ),
    )


@pytest_asyncio.fixture
async def watched(tmp_path: Path) -> AsyncGenerator[SimpleNamespace]:
    exchange = Exchange(5, SystemClock(), n_accounts=3, activity_per_s=0.0)
    exchange.is_held = True
    told = asyncio.Event()

    async def hear(request: web.Request) -> web.Response:
        await request.read()
        told.set()
        return web.Response()

    async with BybitSimServer(exchange) as server, aiohttp.ClientSession() as http:
        app = web.Application()
        app.router.add_post("/hook", hear)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        config = config_of(server, tmp_path, f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
        service = Service(config, alerts=alert_setup(config), is_heavy=False)
        async with running(service):
            api = WebServer(api_of(service, access_of(config.service, Secret(TOKEN))), port=0)
            await api.start()
            assert await service.wait_until_complete(60)
            # A frame that has what was heard.
            n_frames = service.engine.n_frames
            async with asyncio.timeout(30):
                while service.engine.n_frames < n_frames + 2:
                    await asyncio.sleep(0.02)

            async def get(path: str) -> bytes:
                headers = {"Authorization": f"Bearer {TOKEN}"}
                async with http.get(api.url + path, headers=headers) as reply:
                    body = await reply.read()
                    assert reply.status == 200, body
                    return body

            yield SimpleNamespace(exchange=exchange, service=service, get=get, told=told, config=config)
            await api.stop()
        await runner.cleanup()


async def document(watched: SimpleNamespace, path: str) -> dict[str, Any]:
    return json.loads(await watched.get(path))


async def test_one_account_is_what_the_exchange_has(watched: SimpleNamespace) -> None:
    [info, *_] = [one for one in watched.exchange.accounts() if watched.exchange.positions(one.uid, "linear")]
    body = await document(watched, f"/api/v1/accounts/{info.name}")
    assert body["connection"]["state"] == "streaming"
    assert body["connection"]["n_messages"] >= 0
    assert body["connection"]["poll_s"] > 0
    assert (body["key"]["uid"], body["key"]["is_checked"], body["key"]["is_unsafe"]) == (
        str(info.uid),
        True,
        False,
    )
    assert all(secret not in json.dumps(body) for secret in (info.key.api_key, info.key.api_secret))
    theirs = watched.exchange.wallet(info.uid)
    ours = {one["asset"]: one for one in body["coins"]}
    for coin in theirs.coins:
        assert float(ours[coin.coin]["wallet_balance"]) == pytest.approx(float(coin.wallet_balance))
    assert all(0.0 <= one["price_age_s"] < 30.0 for one in body["coins"])
    assert body["breaks"] == body["model_errors"] == []


async def test_health_and_metrics_tell_of_an_alert_that_was_told(watched: SimpleNamespace) -> None:
    [info, *_] = watched.exchange.accounts()
    watched.exchange.deposit(info.uid, "USDT", "2000000000")
    async with asyncio.timeout(30):
        await watched.told.wait()
        while not (health := await document(watched, "/api/v1/health"))["alerting"]["latency"]["n_to_sent"]:
            await asyncio.sleep(0.05)
    # Whoever is told of one account at once may hear of it before the next frame of all has it.
    n_frames = watched.service.engine.n_frames
    async with asyncio.timeout(30):
        while watched.service.engine.n_frames < n_frames + 2:
            await asyncio.sleep(0.02)
    assert health["is_alive"]
    assert {one["account_id"] for one in health["sources"]} == {
        one.name for one in watched.exchange.accounts()
    }
    assert {one["state"]: one["n_accounts"] for one in health["counts"]}["included"] == 3
    [venue], [budget], [channel] = health["venues"], health["budgets"], health["channels"]
    assert (venue["venue"], venue["n_sessions"]) == ("bybit@sim", 3)
    assert budget["calls"] > 0
    assert 0 <= budget["usage"] <= 1
    assert (channel["channel"], channel["kind"], channel["n_messages"]) == ("desk", "webhook", 1)
    assert (health["alerting"]["n_fired"], health["alerting"]["problem"]) == (1, None)
    assert health["frames"]["n_frames"] > 1
    assert health["store"]["size_bytes"] > 0
    assert health["process"]["memory_bytes"] > 10_000_000

    text = (await watched.get("/metrics")).decode()
    found = {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }
    assert found["marginwatch_alerts", "critical", "firing"] == 1
    assert found["marginwatch_wire_to_outbox_seconds_count",] == 1
    assert found["marginwatch_wire_to_sent_seconds_count", "desk"] == 1
    assert found["marginwatch_deliveries_total", "delivered", "desk"] == 1
    assert found["marginwatch_account_equity_usd", "bybit@sim", info.name] > 1e9
    assert found["marginwatch_build_info", health["process"]["version"]] == 1
    assert found["marginwatch_stream_clients",] == 0
    assert found["process_resident_memory_bytes",] > 10_000_000

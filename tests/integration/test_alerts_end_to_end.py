"""An alert from the simulated exchange to a program that is told, over a stop and a start on the same data folder."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio
from aiohttp import web

from marginwatch.app.alerting.setup import alert_setup
from marginwatch.app.service import Service, running
from marginwatch.clock import SystemClock
from marginwatch.config.settings import AlertTable, Config, ServiceSettings
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer

TOKEN = "t0ken"
FORTUNE = "2000000000"
RULE = {
    "name": "rich",
    "measure": "account.equity_usd",
    "above": 1e9,
    "clear_below": 0.9e9,
    "severity": "critical",
}


class Desk:
    """A simulated exchange, the service that watches it, and a program that is told and reads at once what it can."""

    def __init__(self, server: BybitSimServer, folder: Path) -> None:
        self.exchange, self.folder = server.exchange, folder
        self.accounts = {info.name: info for info in server.exchange.accounts()}
        urls = server.urls
        self._endpoints = Endpoints(rest=urls.rest, private=urls.private, public=dict(urls.public))
        self.http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"})
        self.api = self.hook = ""
        self.told: list[dict[str, Any]] = []
        self.unreadable: list[str] = []
        self.alerting: Any = None

    def config(self) -> Config:
        return Config(
            path=self.folder / "marginwatch.toml",
            service=ServiceSettings(data_dir=self.folder / "data"),
            alerts=AlertTable(default_rules=False),
            rules=(RULE,),
            channels=({"name": "desk", "type": "webhook", "url": self.hook},),
            accounts=tuple(
                AccountSpec(
                    account_id=AccountId(info.name),
                    exchange="bybit",
                    venue=VenueId("bybit@sim"),
                    endpoints=self._endpoints,
                    api_key=Secret(info.key.api_key),
                    api_secret=Secret(info.key.api_secret),
                )
                for info in self.accounts.values()
            ),
        )

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Run the service and its API on the one data folder until it is stopped."""
        config = self.config()
        service = Service(config, alerts=alert_setup(config), is_heavy=False)
        async with running(service):
            api = WebServer(create_app(service, Secret(TOKEN), alerting=service.alerting), port=0)
            await api.start()
            self.api, self.alerting = api.url, service.alerting
            assert await service.wait_until_complete(60)
            yield
            await api.stop()

    async def get(self, route: str) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.api}/api/v1/{route}") as reply:
            assert reply.status == 200
            return (await reply.json())["rows"]

    async def hear(self, request: web.Request) -> web.Response:
        """Take a message, and see whether everything that it names can be read already."""
        document = await request.json()
        known = {row["transition_id"] for row in await self.get("alerts/transitions")}
        self.unreadable += [one for one in document["transition_ids"] if one not in known]
        self.told.append(document)
        return web.Response()

    def heard(self) -> list[tuple[str, str]]:
        """Return of each alert told: account and state."""
        return [(alert["subject"]["name"], alert["state"]) for one in self.told for alert in one["alerts"]]

    async def until_heard(self, *wanted: tuple[str, str]) -> None:
        async with asyncio.timeout(30):
            while not set(wanted) <= set(self.heard()):
                await asyncio.sleep(0.02)

    def pay(self, name: str, usdt: str) -> None:
        self.exchange.deposit(self.accounts[name].uid, "USDT", usdt)


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    exchange = Exchange(5, SystemClock(), n_accounts=3, activity_per_s=0.0)
    exchange.is_held = True
    async with BybitSimServer(exchange) as server:
        desk = Desk(server, tmp_path)
        app = web.Application()
        app.router.add_post("/hook", desk.hear)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        desk.hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield desk
        await desk.http.close()
        await runner.cleanup()


async def test_an_alert_is_told_acknowledged_kept_over_a_restart_and_told_to_be_over(desk: Desk) -> None:
    first, second, calm = desk.accounts
    async with desk.serving():
        desk.pay(first, FORTUNE)
        desk.pay(second, FORTUNE)
        await desk.until_heard((first, "firing"), (second, "firing"))
        alert_ids = {row["subject"]: row["alert_id"] for row in await desk.get("alerts?state=firing")}
        taken = {"author": "nan", "comment": "mine", "for_s": 3_600.0}
        async with desk.http.post(f"{desk.api}/api/v1/alerts/{alert_ids[first]}/ack", json=taken) as reply:
            assert reply.status == 200
            assert (await reply.json())["author"] == "nan"

    # One is over while nobody watches.
    desk.pay(second, f"-{FORTUNE}")
    async with desk.serving():
        await desk.until_heard((second, "resolved"))
        (kept,) = await desk.get("alerts?state=firing")
        assert (kept["subject"], kept["alert_id"]) == (first, alert_ids[first]), "the same, not a new one"
        assert kept["acknowledgement"]["author"] == "nan"
        desk.pay(first, f"-{FORTUNE}")
        await desk.until_heard((first, "resolved"))
        assert await desk.alerting.drain(5)
        told = [row for row in await desk.get("alerts/deliveries") if row["is_delivered"]]
        assert len(told) == len(desk.told) == 4
        kinds = {name: [] for name in desk.accounts}
        for row in reversed(await desk.get("alerts/transitions")):
            kinds[row["subject"]].append(row["kind"])

    assert sorted(desk.heard()) == sorted(
        (name, state) for name in (first, second) for state in ("firing", "resolved")
    ), "each once"
    assert not desk.unreadable
    assert kinds[calm] == []
    for name in (first, second):
        assert kinds[name] == ["fired", "resolved"], "prices that are on their way after a start tell nothing"
    named = [one for document in desk.told for one in document["transition_ids"]]
    assert len(named) == len(set(named)) == 4

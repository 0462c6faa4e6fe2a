"""The commands about alerts against a whole service: simulated accounts, real rules, outbox, store and channel."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio

from marginwatch.app.alerting.setup import alert_setup
from marginwatch.app.service import Service, running
from marginwatch.cli import main
from marginwatch.clock import SystemClock
from marginwatch.config.settings import AlertTable, Config, ServiceSettings
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer

RULES = (
    {
        "name": "rich",
        "measure": "account.equity_usd",
        "above": 1.0,
        "severity": "high",
        "action": "Spend it.",
    },
    {"name": "slow", "measure": "account.equity_usd", "above": 1.0, "for": "1h"},
)


def config_of(server: BybitSimServer, folder: Path) -> Config:
    urls = server.urls
    endpoints = Endpoints(rest=urls.rest, private=urls.private, public=dict(urls.public))
    return Config(
        path=folder / "marginwatch.toml",
        service=ServiceSettings(data_dir=folder / "data"),
        alerts=AlertTable(default_rules=False, group_wait="100ms", group_interval="100ms"),
        rules=RULES,
        channels=({"name": "inbox", "type": "inbox", "path": "inbox.txt"},),
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
async def desk(tmp_path: Path) -> AsyncGenerator[SimpleNamespace]:
    """``run(arguments)`` runs a command against the service and returns its exit code and output."""
    exchange = Exchange(3, SystemClock(), n_accounts=3, activity_per_s=0.0)
    exchange.is_held = True
    async with BybitSimServer(exchange) as server:
        config = config_of(server, tmp_path)
        service = Service(config, alerts=alert_setup(config), is_heavy=False)
        async with running(service):
            web = WebServer(create_app(service, Secret("t0ken"), alerting=service.alerting), port=0)
            await web.start()
            names = sorted(info.name for info in exchange.accounts())
            yield SimpleNamespace(url=web.url, service=service, names=names, inbox=tmp_path / "inbox.txt")
            await web.stop()


async def test_from_an_alert_to_whoever_takes_care_of_it(
    desk: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*arguments: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, [*arguments, "--url", desk.url, "--token", "t0ken"])
        return code, capsys.readouterr().out

    async def rows(*arguments: str) -> list[dict]:
        code, out = await run("alerts", "--json", *arguments)
        assert code == 0
        return json.loads(out)["rows"]

    assert await desk.service.wait_until_complete(60)
    async with asyncio.timeout(30):
        while not (found := await rows("--state", "firing")) or any(
            [one["state"] for one in row["channels"]] != ["sent"] for row in found
        ):
            await asyncio.sleep(0.2)
    # Three accounts, each with one alert that was told and one that waits for its hour.
    assert sorted(row["subject"] for row in found) == desk.names
    assert {row["rule"] for row in found} == {"rich"}
    assert {row["rule"] for row in await rows("--state", "pending")} == {"slow"}
    assert (await run("alerts", "--fail-on", "critical"))[0] == 0
    assert (await run("alerts", "--fail-on", "high"))[0] == 1
    text = desk.inbox.read_text()
    assert all(name in text for name in desk.names)

    first, second, _ = desk.names
    code, said = await run("alerts", "ack", first, "--comment", "mine", "--author", "nan", "--for", "1h")
    assert code == 0
    assert f"{first}, rich (high): nan takes care of it until" in said
    code, said = await run(
        "silence", "add", f"account={second}", "--for", "1h", "--comment", "known", "--json"
    )
    silence = json.loads(said)
    assert (code, silence["n_alerts"]) == (0, 2)
    by_subject = {row["subject"]: row for row in await rows("--state", "firing")}
    assert by_subject[first]["acknowledgement"]["author"] == "nan"
    assert by_subject[second]["silenced_by"] == [silence["silence_id"]]
    assert (await run("silence", "end", silence["silence_id"]))[0] == 0
    assert not any(row["silenced_by"] for row in await rows())

    code, said = await run("rules", "list", "--json")
    standing = {row["rule"]: row["standing"] for row in json.loads(said)["rows"]}
    assert (standing["rich"]["n_judged"], standing["rich"]["n_firing"]) == (3, 3)
    assert (standing["slow"]["n_pending"], standing["slow"]["n_firing"]) == (3, 0)
    assert standing["rich"]["distance"] == pytest.approx(1.0 - standing["rich"]["value"])

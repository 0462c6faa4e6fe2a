"""A real Alertmanager takes our alerts, knows them, tells its receiver, and hears of their end."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.notify.channels.alertmanager.running import Alertmanager, alertmanager
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import alert_of, enemy_message, item, message, outgoing

from marginwatch.clock import SystemClock
from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.alert import Alert, AlertState
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.alertmanager.config import AlertmanagerTable
from marginwatch.notify.channels.alertmanager.form import label_name, postable_alerts
from marginwatch.notify.channels.alertmanager.manifest import KIND
from marginwatch.notify.channels.base import Channel, Outgoing
from marginwatch.notify.messages.compose import compose_test

T = 1_763_700_000_000_000_000


@pytest.fixture
async def receiver() -> AsyncIterator[Platform]:
    async with serving() as one:
        one.play(Reply())
        yield one


def told(alert: Alert) -> Outgoing:
    row = item(severity=alert.severity, is_firing=alert.state is AlertState.FIRING)
    return Outgoing(message=message(msgspec.structs.replace(row, alert_id=alert.alert_id)), alerts=(alert,))


def fresh(**changes: object) -> Alert:
    now_ns = time.time_ns()
    usual = msgspec.structs.replace(
        alert_of(item()),
        fired_at_ns=now_ns - 5_000_000_000,
        labels={"account": "mm-1", "tags": ",a,b,", "team-name": "x", "empty": "", "severity": "critical"},
    )
    return msgspec.structs.replace(usual, **changes)


async def until(found: Callable[[], Any]) -> Any:
    for _ in range(1_500):
        if got := found():
            return got
        await asyncio.sleep(0.02)
    raise AssertionError("nothing of the kind within 30 s")


def heard(receiver: Platform, status: str, severity: str) -> list[dict[str, Any]]:
    return [
        alert
        for request in receiver.heard
        for alert in request.json()["alerts"]
        if alert["status"] == status and alert["labels"].get("severity") == severity
    ]


async def test_the_life_of_an_alert_in_a_real_alertmanager(tmp_path: Path, receiver: Platform) -> None:
    async with alertmanager(tmp_path, receiver.url) as running, context(clock=SystemClock()) as given:
        channel = KIND.build(AlertmanagerTable(name="ops", url=running.url), {}, given)
        await _fires(channel, running, receiver)
        await _rises(channel, running, receiver)
        await _ends(channel, running, receiver)
        await _survives_the_worst_texts(channel, running)
        await _tells_a_test(channel, running)


async def _fires(channel: Channel, running: Alertmanager, receiver: Platform) -> None:
    receipt = await channel.send(told(fresh(severity=Severity.HIGH)))
    assert receipt.reference == "margin|account|mm-1"
    (known,) = await running.alerts()
    assert known["labels"] == {
        "alertname": "margin",
        "severity": "high",
        "scope": "account",
        "subject": "mm-1",
        "account": "mm-1",
        "tags": ",a,b,",
        "team_name": "x",
    }
    assert known["status"]["state"] == "active"
    assert "87.1 %" in known["annotations"]["summary"]
    assert "Reduce BTCUSDT" in known["annotations"]["action"]
    assert known["generatorURL"].startswith("https://desk.example/")
    assert known["endsAt"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 3_600 * 23))
    assert (await until(lambda: heard(receiver, "firing", "high")))[0]["labels"]["subject"] == "mm-1"


async def _rises(channel: Channel, running: Alertmanager, receiver: Platform) -> None:
    await channel.send(told(fresh(severity=Severity.CRITICAL)))
    assert [one["labels"]["severity"] for one in await running.alerts()] == ["critical"]
    await until(lambda: heard(receiver, "firing", "critical"))
    await until(lambda: heard(receiver, "resolved", "high"))


async def _ends(channel: Channel, running: Alertmanager, receiver: Platform) -> None:
    over_ns = time.time_ns() - 1_000_000
    await channel.send(told(fresh(state=AlertState.RESOLVED, resolved_at_ns=over_ns)))
    assert await running.alerts() == []
    await until(lambda: heard(receiver, "resolved", "critical"))
    never_fired = {"info", "warning"}
    assert not [word for word in never_fired if heard(receiver, "resolved", word)]


async def _survives_the_worst_texts(channel: Channel, running: Alertmanager) -> None:
    worst = enemy_message()
    bad = fresh(
        rule=worst.title,
        labels={worst.title: worst.title, "": "x", "9": "y"},
        alert_id=worst.items[0].alert_id,
    )
    await channel.send(Outgoing(message=worst, alerts=(bad,)))
    assert len(await running.alerts()) == 1


async def _tells_a_test(channel: Channel, running: Alertmanager) -> None:
    test = compose_test(
        "ops", message_id="t", language="en", timezone="UTC", public_url=None, now_ns=time.time_ns()
    )
    await channel.send(Outgoing(message=test, alerts=()))
    names = [one["labels"]["alertname"] for one in await running.alerts()]
    assert "marginwatch-test" in names


def test_what_is_over_ends_at_every_severity_and_never_before_it_began() -> None:
    over = fresh(fired_at_ns=T, resolved_at_ns=T - 1, state=AlertState.RESOLVED)
    pushed = postable_alerts(told(over), 3_600.0, T)
    assert [one["labels"]["severity"] for one in pushed] == ["info", "warning", "high", "critical"]
    assert {one["startsAt"] for one in pushed} == {one["endsAt"] for one in pushed}


def test_a_resolved_alert_is_told_with_its_real_end() -> None:
    over = fresh(fired_at_ns=T, resolved_at_ns=T + 60_000_000_000, state=AlertState.RESOLVED)
    pushed = postable_alerts(told(over), 3_600.0, T + 90_000_000_000)
    assert {one["endsAt"] for one in pushed} == {"2025-11-21T04:41:00.000000+00:00"}


@pytest.mark.parametrize(
    ("name", "wanted"), [("a-b", "a_b"), ("9a", "_9a"), ("", "_"), ("ok_1", "ok_1"), ("ä b", "__b")]
)
def test_names_of_labels_are_made_fit(name: str, wanted: str) -> None:
    assert label_name(name) == wanted


@pytest.mark.parametrize(
    ("keys", "secrets", "header"),
    [
        ({"bearer_token": "env:X"}, {"bearer_token": "tok"}, "Bearer tok"),
        (
            {"username": "mw", "password": "env:X"},
            {"password": "pä:ss"},
            "Basic " + base64.b64encode("mw:pä:ss".encode()).decode(),
        ),
    ],
)
async def test_credentials_go_along_and_nowhere_else(
    receiver: Platform, keys: dict[str, str], secrets: dict[str, str], header: str
) -> None:
    async with context() as given:
        channel = KIND.build(
            AlertmanagerTable(name="ops", url=f"{receiver.url}/am/", **keys),
            {name: Secret(value) for name, value in secrets.items()},
            given,
        )
        await channel.send(outgoing())
        assert receiver.last.headers["authorization"] == header
        assert receiver.last.path == "/am/api/v2/alerts"
        receiver.play(Reply(status=400, body=f'"bad alert {header}"'))
        with pytest.raises(DeliveryError) as caught:
            await channel.send(outgoing())
    assert (caught.value.reason, caught.value.retryable) == ("rejected", False)
    assert "pä:ss" not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"url": "am:9093"}, "url is no address"),
        ({"hold": "soon"}, "hold: 'soon' is no duration"),
        ({"hold": "5s"}, "at least 1m"),
        ({"username": "x"}, "username and password"),
        ({"username": "x", "password": "env:X", "bearer_token": "env:Y"}, "either a token"),
    ],
)
async def test_bad_configuration_says_what_to_do(keys: dict[str, str], match: str) -> None:
    async with context() as given:
        with pytest.raises(ConfigError, match=match):
            KIND.build(AlertmanagerTable(**{"name": "ops", "url": "http://am:9093", **keys}), {}, given)

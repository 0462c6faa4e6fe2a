"""Apprise's own library, speaking to a loopback address of its JSON service."""

import importlib
import sys
from collections.abc import AsyncIterator

import pytest
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import digest, enemy_message, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.apprise.config import AppriseTable
from marginwatch.notify.channels.apprise.manifest import KIND
from marginwatch.notify.channels.base import Channel


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with serving() as one:
        one.play(Reply())
        yield one


async def make(url: str, timeout_s: float = 5.0) -> Channel:
    async with context() as given:
        return KIND.build(
            AppriseTable(name="pager", url="env:X", timeout_s=timeout_s), {"url": Secret(url)}, given
        )


async def test_title_text_and_kind_arrive(platform: Platform) -> None:
    channel = await make(platform.url.replace("http://", "json://") + "/in")
    await channel.send(outgoing())
    told = platform.last.json()
    assert told["title"] == "Margin critical: mm-1"
    assert told["type"] == "failure"
    for part in ("87.1 %", "Distance to liquidation: 4.2 %", "Reduce BTCUSDT", "newly firing"):
        assert part in told["message"]
    await channel.send(outgoing(message(is_firing=False)))
    assert platform.last.json()["type"] == "success"
    await channel.close()


async def test_a_digest_and_the_worst_texts_fit(platform: Platform) -> None:
    channel = await make(platform.url.replace("http://", "json://"))
    for told in (digest(200), enemy_message()):
        await channel.send(outgoing(told))
        assert 0 < len(platform.last.json()["message"]) <= 32_768
    await channel.close()


async def test_a_no_is_temporary(platform: Platform) -> None:
    platform.play(Reply(status=403))
    channel = await make(platform.url.replace("http://", "json://") + "/secret-path")
    with pytest.raises(DeliveryError) as caught:
        await channel.send(outgoing())
    assert (caught.value.reason, caught.value.retryable) == ("server", True)
    assert "secret-path" not in str(caught.value)
    await channel.close()


async def test_one_that_does_not_answer_is_given_up_in_time(platform: Platform) -> None:
    platform.play(Reply(delay_s=0.6))
    channel = await make(platform.url.replace("http://", "json://"), timeout_s=0.1)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(outgoing())
    assert (caught.value.reason, caught.value.retryable) == ("timeout", True)
    await channel.close()


async def test_an_address_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match="no address that Apprise knows") as caught:
        await make("nonsense-secret://x")
    assert "nonsense-secret" not in str(caught.value)


async def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"install marginwatch\[apprise\]"):
        await make("json://localhost")
    monkeypatch.undo()
    assert importlib.import_module("apprise")

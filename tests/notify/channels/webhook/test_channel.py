"""The webhook: the document, its signature checked by another program, and what each answer means."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator

import pytest
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import digest, enemy_message, outgoing

from marginwatch.clock import ManualClock
from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel
from marginwatch.notify.channels.webhook.config import WebhookTable
from marginwatch.notify.channels.webhook.manifest import KIND
from marginwatch.notify.channels.webhook.signature import signature_headers

KEY = Secret("correct horse battery staple")


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with serving() as one:
        one.play(Reply())
        yield one


@pytest.fixture
async def channel(platform: Platform) -> AsyncIterator[Channel]:
    async with context(clock=ManualClock(1_700_000_000_000_000_000)) as given:
        table = WebhookTable(name="hook", url=f"{platform.url}/hook", timeout_s=0.3)
        secrets = {"signing_key": KEY, "headers.Authorization": Secret("Bearer abc-secret")}
        yield KIND.build(table, secrets, given)


async def test_the_document_has_message_alerts_and_transitions(channel: Channel, platform: Platform) -> None:
    receipt = await channel.send(outgoing(digest(3)))
    told = platform.last.json()
    assert platform.last.method == "POST"
    assert platform.last.path == "/hook"
    assert told["version"] == 1
    assert told["channel"] == "desk-chat"
    assert told["transition_ids"] == ["t-1", "t-2", "t-3"]
    assert [one["key"] for one in told["message"]["items"]] == [one["key"] for one in told["alerts"]]
    assert told["alerts"][0]["value"] == 0.871
    assert told["alerts"][0]["resolved_at_ns"] is None
    assert platform.last.headers["x-marginwatch-message-id"] == told["message_id"] == "m-0001"
    assert platform.last.headers["authorization"] == "Bearer abc-secret"
    assert platform.last.headers["content-type"].startswith("application/json")
    assert receipt.detail == "HTTP 200"


async def test_openssl_finds_the_same_signature(channel: Channel, platform: Platform) -> None:
    await channel.send(outgoing())
    timestamp = platform.last.headers["x-marginwatch-timestamp"]
    assert timestamp == "1700000000"
    openssl = shutil.which("openssl")
    assert openssl is not None, "this test needs openssl: apt-get install openssl"
    found = await asyncio.to_thread(
        subprocess.run,
        [openssl, "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"key:{KEY.reveal()}"],
        input=timestamp.encode() + b"." + platform.last.body,
        capture_output=True,
        check=True,
    )
    digest_hex = found.stdout.decode().rsplit(" ", 1)[-1].strip()
    assert platform.last.headers["x-marginwatch-signature"] == f"v1={digest_hex}"


def test_time_body_and_key_each_change_the_signature() -> None:
    headers = signature_headers(Secret("key"), b"The quick brown fox", 1_000_000_000)
    assert headers["X-Marginwatch-Timestamp"] == "1"
    assert len(headers["X-Marginwatch-Signature"]) == len("v1=") + 64
    others = [
        signature_headers(Secret("key"), b"The quick brown fox", 2_000_000_000),
        signature_headers(Secret("key"), b"The quick brown fix", 1_000_000_000),
        signature_headers(Secret("kez"), b"The quick brown fox", 1_000_000_000),
    ]
    assert headers["X-Marginwatch-Signature"] not in [one["X-Marginwatch-Signature"] for one in others]


@pytest.mark.parametrize(
    ("reply", "reason", "retryable"),
    [
        (Reply(status=500), "server", True),
        (Reply(status=503), "server", True),
        (Reply(status=408), "timeout", True),
        (Reply(status=429, headers={"Retry-After": "7"}), "rate_limited", True),
        (Reply(status=403), "auth", False),
        (Reply(status=404), "not_found", False),
        (Reply(status=410), "not_found", False),
        (Reply(status=413), "too_long", False),
        (Reply(status=422, body="no such field"), "rejected", False),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), "rejected", False),
        (Reply(delay_s=1.0), "timeout", True),
        (Reply(hangs_up=True), "connection", True),
    ],
    ids=lambda one: f"{one.status}" if isinstance(one, Reply) else str(one),
)
async def test_what_answers_mean(
    channel: Channel, platform: Platform, reply: Reply, reason: str, retryable: bool
) -> None:
    platform.play(reply)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(outgoing())
    assert (caught.value.reason, caught.value.retryable) == (reason, retryable)
    assert caught.value.retry_after_s == (7.0 if reply.status == 429 else None)
    assert len(platform.heard) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_success_is_one(channel: Channel, platform: Platform, status: int) -> None:
    platform.play(Reply(status=status, body="" if status == 204 else "thanks"))
    assert (await channel.send(outgoing())).detail == f"HTTP {status}"


async def test_hostile_texts_arrive_as_json(channel: Channel, platform: Platform) -> None:
    told = outgoing(enemy_message())
    try:
        await channel.send(told)
    except UnicodeEncodeError:
        pytest.fail("half characters must not stop a message")
    assert len(json.loads(platform.last.body)["message"]["items"]) == 40


async def test_no_secret_is_in_an_error(channel: Channel, platform: Platform) -> None:
    platform.play(Reply(status=401, body=f"you said Bearer abc-secret and {KEY.reveal()}"))
    with pytest.raises(DeliveryError) as caught:
        await channel.send(outgoing())
    assert "abc-secret" not in str(caught.value)
    assert KEY.reveal() not in str(caught.value)
    assert platform.url not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "secrets", "match"),
    [
        ({}, {}, "either url, or secret_url"),
        (
            {"url": "https://a.example", "secret_url": "env:X"},
            {"secret_url": "https://b.example"},
            "either url",
        ),
        ({"url": "ftp://a.example"}, {}, "url is no address"),
        ({"url": "https://a.example/?token=1"}, {}, "query"),
        ({"secret_url": "env:X"}, {"secret_url": "hello"}, "secret_url"),
        ({"url": "https://a.example"}, {"headers.Bad Name": "x"}, "no header"),
        ({"url": "https://a.example"}, {"headers.Host": "x"}, "no header"),
        ({"url": "https://a.example"}, {"headers.X-A": "x\ny"}, "one line"),
    ],
)
async def test_bad_configuration_says_what_to_do(
    keys: dict[str, str], secrets: dict[str, str], match: str
) -> None:
    async with context() as given:
        with pytest.raises(ConfigError, match=match) as caught:
            KIND.build(
                WebhookTable(name="hook", **keys),
                {name: Secret(value) for name, value in secrets.items()},
                given,
            )
    assert "hello" not in str(caught.value)


async def test_a_secret_address_may_have_a_query(platform: Platform) -> None:
    async with context() as given:
        table = WebhookTable(name="hook", secret_url="env:X")
        channel = KIND.build(table, {"secret_url": Secret(f"{platform.url}/in?token=abc")}, given)
        await channel.send(outgoing())
    assert platform.last.query == {"token": "abc"}
    assert "x-marginwatch-signature" not in platform.last.headers

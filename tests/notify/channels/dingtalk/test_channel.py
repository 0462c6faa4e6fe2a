"""DingTalk: requests against the documented shape, signatures against RFC 2104, each answer against what it means."""

import base64
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import parse_qs, quote_plus

import msgspec
import pytest
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import digest, enemy_message, enemy_short, item, message, outgoing

from marginwatch.clock import ManualClock
from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Channel, ChannelContext
from marginwatch.notify.channels.dingtalk.config import DingtalkTable
from marginwatch.notify.channels.dingtalk.manifest import KIND

TOKEN = "566cc69da782ec9e27e0a0c7d5a4c4f0f3b1a2d3"
SIGNING = "SEC-fake-0123456789abcdef"


class Markdown(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    text: str


class At(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    at_mobiles: list[str]
    at_user_ids: list[str]
    is_at_all: bool


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages, type markdown."""

    msgtype: Literal["markdown"]
    markdown: Markdown
    at: At | None = None


OK = Reply({"errcode": 0, "errmsg": "ok"})


def hmac_sha256(key: bytes, text: bytes) -> bytes:
    """RFC 2104, from its definition."""
    key = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in key) + text).digest()
    return sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with serving() as one:
        one.play(OK)
        yield one


@pytest.fixture
async def made() -> AsyncIterator[ChannelContext]:
    async with context() as one:
        yield one


def build(
    platform: Platform, made: ChannelContext, webhook: str = TOKEN, secret: str | None = None, **changes: Any
) -> Channel:
    keys: dict[str, Any] = {"name": "d", "webhook": "env:W", "base_url": platform.url} | changes
    secrets = {"webhook": Secret(webhook)} | ({"secret": Secret(secret)} if secret else {})
    return KIND.build(DingtalkTable(**keys), secrets, made)


def request(platform: Platform) -> Request:
    return msgspec.json.decode(platform.last.body, type=Request)


@pytest.mark.parametrize("webhook", [TOKEN, f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}"])
async def test_a_message_is_sent_as_documented(
    platform: Platform, made: ChannelContext, webhook: str
) -> None:
    await build(platform, made, webhook).send(outgoing())
    assert (platform.last.path, platform.last.query) == ("/robot/send", {"access_token": TOKEN})
    body = request(platform)
    assert body.at is None
    assert body.markdown.title == "🔴 Margin critical: mm-1"
    assert body.markdown.text.split("\n") == [
        "### 🔴 Margin critical: mm-1",
        "",
        "**mm-1: maintenance margin usage 87.1 % is above 85 %**  ",
        "Distance to liquidation: **4.2 %**  ",
        "Data: **1.3 s old**  ",
        "**What to do:** Reduce BTCUSDT or move collateral to this account  ",
        "[Open](https://desk.example/accounts/mm-1?tab=margin&from=alert)",
        "",
        "> 2025-11-21 04:40:00 UTC · newly firing",
    ]


async def test_signatures_arrive_as_computed(platform: Platform) -> None:
    clock = ManualClock()
    async with context(clock=clock) as made:
        channel = build(platform, made, secret=SIGNING)
        for _ in range(40):
            await channel.send(outgoing())
            await clock.advance(1.5)
    seen = ""
    for turn, heard in enumerate(platform.heard):
        timestamp = 1_700_000_000_000 + turn * 1_500
        text = f"{timestamp}\n{SIGNING}".encode()
        sign = base64.b64encode(hmac_sha256(SIGNING.encode(), text)).decode()
        wanted = {"access_token": [TOKEN], "timestamp": [str(timestamp)], "sign": [sign]}
        assert parse_qs(heard.raw_query, strict_parsing=True) == wanted
        assert quote_plus(sign).replace("%2F", "/") in heard.raw_query.replace("%2F", "/")
        seen += sign
    # What is hard about it: these two mean something else in a query.
    assert "+" in seen
    assert "/" in seen


async def test_critical_alerts_call_people(platform: Platform, made: ChannelContext) -> None:
    channel = build(platform, made, mention=("13800001111", "user123", "all"))
    await channel.send(outgoing())
    body = request(platform)
    assert body.at == At(["13800001111"], ["user123"], is_at_all=True)
    assert body.markdown.text.endswith("@13800001111 @user123")
    await channel.send(outgoing(message(item(severity=Severity.HIGH))))
    assert request(platform).at is None


async def test_the_keyword_is_always_there(platform: Platform, made: ChannelContext) -> None:
    await build(platform, made, keyword="marginwatch").send(outgoing(digest(400)))
    text = request(platform).markdown.text
    assert text.endswith("marginwatch")
    await build(platform, made, keyword="margin").send(outgoing())
    assert not request(platform).markdown.text.endswith("margin")


async def test_an_enemy_has_no_markup(platform: Platform, made: ChannelContext) -> None:
    channel = build(platform, made)
    await channel.send(outgoing(enemy_short()))
    text = request(platform).markdown.text
    assert not re.search(r"[*`\[\]<]", text.replace("**", ""))
    assert not re.search(r"^(-|\d+\.|#{1,2}) ", text, re.MULTILINE)
    assert len(text.split("\n")) == 7
    assert request(platform).at is None
    await channel.send(outgoing(enemy_message()))
    assert len(platform.last.body) <= 20_000


@pytest.mark.parametrize("n_items", [20, 60, 500])
async def test_many_alerts_fit(platform: Platform, made: ChannelContext, n_items: int) -> None:
    await build(platform, made).send(outgoing(digest(n_items)))
    sent = platform.last.body.decode()
    assert len(sent.encode()) <= 20_000
    left_out = re.search(r"… and (\d+) more", sent)
    told = sent.count(": maintenance m")
    assert told + (int(left_out.group(1)) if left_out else 0) == n_items


def no(code: int, words: str) -> Reply:
    return Reply({"errcode": code, "errmsg": words})


@pytest.mark.parametrize(
    ("reply", "reason", "retryable", "wait_s"),
    [
        (no(310000, "sign not match, more: [https://ding-doc.dingtalk.com/doc]"), "auth", False, None),
        (no(310000, "ip 1.2.3.4 not in whitelist"), "auth", False, None),
        (
            no(310000, "keywords not in content, more: [https://ding-doc.dingtalk.com]"),
            "rejected",
            False,
            None,
        ),
        (no(130101, "send too fast, exceed 20 times per minute"), "rate_limited", True, 60),
        (no(410100, "send too fast"), "rate_limited", True, 60),
        (
            Reply({"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "24ce"}),
            "rate_limited",
            True,
            5,
        ),
        (no(-1, "系统繁忙"), "server", True, None),
        (no(300005, "token is not exist"), "not_found", False, None),
        (no(400102, "bot is stopped"), "not_found", False, None),
        (no(400013, "群已被解散"), "not_found", False, None),
        (no(999, "message too long, exceed 20000 bytes"), "too_long", False, None),
        (no(40035, "缺少参数 access_token"), "rejected", False, None),
        (Reply({"fine": True}), "garbage", True, None),
    ],
)
async def test_each_failure_has_its_reason(
    platform: Platform, made: ChannelContext, reply: Reply, reason: str, retryable: bool, wait_s: float | None
) -> None:
    platform.play(reply)
    with pytest.raises(DeliveryError) as caught:
        await build(platform, made, secret=SIGNING).send(outgoing())
    error = caught.value
    assert (error.reason, error.retryable, error.retry_after_s) == (reason, retryable, wait_s)
    assert TOKEN not in str(error)


@pytest.mark.parametrize("name", ["@all", "a b", "<x>"])
async def test_who_cannot_be_called_is_refused(platform: Platform, made: ChannelContext, name: str) -> None:
    with pytest.raises(ConfigError, match="mention"):
        build(platform, made, mention=(name,))

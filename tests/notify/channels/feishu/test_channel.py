"""Feishu and Lark: requests against the documented shape, signatures against RFC 2104, each answer against what it means."""

import base64
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, Literal

import msgspec
import pytest
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import digest, enemy_message, enemy_short, item, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Channel, ChannelContext
from marginwatch.notify.channels.feishu.config import FeishuTable
from marginwatch.notify.channels.feishu.manifest import KIND
from marginwatch.notify.channels.feishu.signing import signature

KEY = "5e3d587e-d78e-4a07-bd07-265f269f86fd"
SIGNING = "nIMtb7r3N9pkXyXdtAbx6e-fake"


class Text(msgspec.Struct, forbid_unknown_fields=True):
    """https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot, message cards: text objects."""

    tag: Literal["plain_text", "lark_md"]
    content: str


class Div(msgspec.Struct, forbid_unknown_fields=True, tag_field="tag", tag="div"):
    text: Text


class Button(msgspec.Struct, forbid_unknown_fields=True):
    tag: Literal["button"]
    text: Text
    url: str
    type: Literal["default", "primary", "danger"]


class Action(msgspec.Struct, forbid_unknown_fields=True, tag_field="tag", tag="action"):
    actions: list[Button]


class Note(msgspec.Struct, forbid_unknown_fields=True, tag_field="tag", tag="note"):
    elements: list[Text]


class Header(msgspec.Struct, forbid_unknown_fields=True):
    title: Text
    template: Literal["blue", "yellow", "orange", "red", "green"]


class Config(msgspec.Struct, forbid_unknown_fields=True):
    wide_screen_mode: bool


class Card(msgspec.Struct, forbid_unknown_fields=True):
    config: Config
    header: Header
    elements: list[Div | Action | Note]


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """Same place: ``timestamp`` is a text of seconds; it and ``sign`` only where the bot checks signatures."""

    msg_type: Literal["interactive"]
    card: Card
    timestamp: str | None = None
    sign: str | None = None


OK = Reply(
    {"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success", "Extra": None}
)


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
    platform: Platform, made: ChannelContext, webhook: str = KEY, secret: str | None = None, **changes: Any
) -> Channel:
    keys: dict[str, Any] = {"name": "f", "webhook": "env:W", "base_url": platform.url} | changes
    secrets = {"webhook": Secret(webhook)} | ({"secret": Secret(secret)} if secret else {})
    return KIND.build(FeishuTable(**keys), secrets, made)


def request(platform: Platform) -> Request:
    return msgspec.json.decode(platform.last.body, type=Request)


@pytest.mark.parametrize(
    "webhook",
    [
        KEY,
        f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}",
        f"https://open.larksuite.com/open-apis/bot/v2/hook/{KEY}",
    ],
)
async def test_a_card_is_sent_as_documented(platform: Platform, made: ChannelContext, webhook: str) -> None:
    await build(platform, made, webhook).send(outgoing())
    assert platform.last.path == f"/open-apis/bot/v2/hook/{KEY}"
    body = request(platform)
    assert (body.timestamp, body.sign) == (None, None)
    assert body.card.header == Header(Text("plain_text", "🔴 Margin critical: mm-1"), "red")
    div, action, note = body.card.elements
    assert isinstance(div, Div)
    assert div.text.content.split("\n")[0] == "mm-1: maintenance margin usage 87.1 % is above 85 %"
    assert isinstance(action, Action)
    assert action.actions[0].url == "https://desk.example/accounts/mm-1?tab=margin&from=alert"
    assert isinstance(note, Note)
    assert note.elements[0].content == "2025-11-21 04:40:00 UTC · newly firing"


async def test_requests_are_signed_with_the_time_of_the_clock(
    platform: Platform, made: ChannelContext
) -> None:
    await build(platform, made, secret=SIGNING).send(outgoing())
    body = request(platform)
    assert body.timestamp == "1700000000"
    wanted = base64.b64encode(hmac_sha256(f"1700000000\n{SIGNING}".encode(), b"")).decode()
    assert body.sign == wanted
    # The parameters of the published Java sample: secret "demo", timestamp 100.
    assert signature(100, Secret("demo")) == base64.b64encode(hmac_sha256(b"100\ndemo", b"")).decode()


async def test_colors_follow_severity(platform: Platform, made: ChannelContext) -> None:
    channel = build(platform, made)
    for severity, color in zip(Severity, ("blue", "yellow", "orange", "red"), strict=True):
        await channel.send(outgoing(message(item(severity=severity))))
        assert request(platform).card.header.template == color
    await channel.send(outgoing(message(item(is_firing=False))))
    assert request(platform).card.header.template == "green"


async def test_critical_alerts_call_people(platform: Platform, made: ChannelContext) -> None:
    channel = build(platform, made, mention=("all", "ou_18eac85d35a26"))
    await channel.send(outgoing())
    marked = [
        one.text
        for one in request(platform).card.elements
        if isinstance(one, Div) and one.text.tag == "lark_md"
    ]
    assert [one.content for one in marked] == ["<at id=all></at> <at id=ou_18eac85d35a26></at>"]
    await channel.send(outgoing(message(item(severity=Severity.HIGH))))
    assert "lark_md" not in platform.last.body.decode()


async def test_an_enemy_has_no_markup(platform: Platform, made: ChannelContext) -> None:
    channel = build(platform, made)
    for told in (enemy_short(), enemy_message()):
        await channel.send(outgoing(told))
        body = request(platform)
        assert {one.text.tag for one in body.card.elements if isinstance(one, Div)} == {"plain_text"}
        assert not [one for one in body.card.elements if isinstance(one, Action)]
        assert len(platform.last.body) <= 20_000
    assert '<at user_id=\\"all\\">' in platform.last.body.decode()


@pytest.mark.parametrize("n_items", [20, 60, 500])
async def test_many_alerts_fit(platform: Platform, made: ChannelContext, n_items: int) -> None:
    await build(platform, made, secret=SIGNING).send(outgoing(digest(n_items)))
    sent = platform.last.body.decode()
    assert len(sent.encode()) <= 20_000
    left_out = re.search(r"… and (\d+) more", sent)
    told = sent.count(": maintenance m")
    assert told + (int(left_out.group(1)) if left_out else 0) == n_items


async def test_an_older_bot_is_understood(platform: Platform, made: ChannelContext) -> None:
    platform.play(Reply({"StatusCode": 0, "StatusMessage": "success"}))
    await build(platform, made).send(outgoing())
    platform.play(Reply({"StatusCode": 19024, "StatusMessage": "Key Words Not Found"}))
    with pytest.raises(DeliveryError, match="Key Words Not Found") as caught:
        await build(platform, made).send(outgoing())
    assert caught.value.reason == "rejected"


def no(code: int, words: str, status: int = 200, **headers: str) -> Reply:
    return Reply({"code": code, "data": {}, "msg": words}, status, headers)


@pytest.mark.parametrize(
    ("reply", "reason", "retryable", "wait_s"),
    [
        (
            no(19021, "sign match fail or timestamp is not within one hour from current time"),
            "auth",
            False,
            None,
        ),
        (no(19022, "Ip Not Allowed"), "auth", False, None),
        (no(19024, "Key Words Not Found"), "rejected", False, None),
        (no(19001, "param invalid: incoming webhook access token invalid"), "not_found", False, None),
        (no(9499, "Bad Request"), "rejected", False, None),
        (
            no(11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]"),
            "rate_limited",
            True,
            10,
        ),
        (no(9499, "frequency limited psm test"), "rate_limited", True, 10),
        (
            no(99991400, "request trigger frequency limit", 429, **{"x-ogw-ratelimit-reset": "52"}),
            "rate_limited",
            True,
            52,
        ),
        (no(99991400, "request trigger frequency limit", 400), "rate_limited", True, 10),
        (no(1500, "internal error"), "server", True, None),
        (no(7, "x", 503), "server", True, None),
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
    assert KEY not in str(error)


@pytest.mark.parametrize("name", ["@all", "lan@desk.example", "ou_", "<at>"])
async def test_who_cannot_be_called_is_refused(platform: Platform, made: ChannelContext, name: str) -> None:
    with pytest.raises(ConfigError, match="mention"):
        build(platform, made, mention=(name,))

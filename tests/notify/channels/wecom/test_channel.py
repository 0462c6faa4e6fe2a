"""WeCom: requests against the documented shape, each answer against what it means."""

import re
from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
import pytest
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import digest, enemy_short, item, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Channel, ChannelContext
from marginwatch.notify.channels.wecom.config import WecomTable
from marginwatch.notify.channels.wecom.manifest import KIND

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


class Content(msgspec.Struct, forbid_unknown_fields=True):
    content: str


class MarkdownMessage(msgspec.Struct, forbid_unknown_fields=True):
    """https://developer.work.weixin.qq.com/document/path/91770, markdown: at most 4096 bytes of UTF-8."""

    msgtype: Literal["markdown"]
    markdown: Content


class TextContent(msgspec.Struct, forbid_unknown_fields=True):
    """Same place, text: at most 2048 bytes; ids of users, or @all."""

    content: str
    mentioned_list: list[str] = []


class TextMessage(msgspec.Struct, forbid_unknown_fields=True):
    msgtype: Literal["text"]
    text: TextContent


OK = Reply({"errcode": 0, "errmsg": "ok"})


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with serving() as one:
        one.play(OK)
        yield one


@pytest.fixture
async def made() -> AsyncIterator[ChannelContext]:
    async with context() as one:
        yield one


def build(platform: Platform, made: ChannelContext, webhook: str = KEY, **changes: Any) -> Channel:
    keys: dict[str, Any] = {"name": "w", "webhook": "env:W", "base_url": platform.url} | changes
    return KIND.build(WecomTable(**keys), {"webhook": Secret(webhook)}, made)


def markdown(platform: Platform) -> str:
    return msgspec.json.decode(platform.last.body, type=MarkdownMessage).markdown.content


@pytest.mark.parametrize("webhook", [KEY, f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"])
async def test_a_message_is_sent_as_documented(
    platform: Platform, made: ChannelContext, webhook: str
) -> None:
    await build(platform, made, webhook).send(outgoing())
    assert (platform.last.path, platform.last.query) == ("/cgi-bin/webhook/send", {"key": KEY})
    assert markdown(platform).split("\n") == [
        "**🔴 Margin critical: mm-1**",
        "",
        '<font color="warning">mm-1: maintenance margin usage 87.1 % is above 85 %</font>',
        ">Distance to liquidation: **4.2 %**",
        ">Data: **1.3 s old**",
        "**What to do:** Reduce BTCUSDT or move collateral to this account",
        "[Open](https://desk.example/accounts/mm-1?tab=margin&from=alert)",
        "",
        '<font color="comment">2025-11-21 04:40:00 UTC · newly firing</font>',
    ]


async def test_critical_alerts_call_people(platform: Platform, made: ChannelContext) -> None:
    channel = build(platform, made, mention=("wangqing", "lan"))
    await channel.send(outgoing())
    assert markdown(platform).endswith("<@wangqing> <@lan>")
    await channel.send(outgoing(message(item(severity=Severity.HIGH))))
    assert "<@" not in markdown(platform)


async def test_plain_text_may_call_everybody(platform: Platform, made: ChannelContext) -> None:
    channel = build(platform, made, format="text", mention=("@all",))
    await channel.send(outgoing())
    body = msgspec.json.decode(platform.last.body, type=TextMessage)
    assert body.text.mentioned_list == ["@all"]
    assert body.text.content.startswith("🔴 Margin critical: mm-1\n")
    await channel.send(outgoing(digest(100)))
    body = msgspec.json.decode(platform.last.body, type=TextMessage)
    assert body.text.mentioned_list == []
    assert len(body.text.content.encode()) <= 2048


async def test_an_enemy_has_no_markup(platform: Platform, made: ChannelContext) -> None:
    await build(platform, made).send(outgoing(enemy_short()))
    text = markdown(platform)
    ours = re.sub(r'</?font( color="\w+")?>|\*\*', "", text)
    assert not re.search(r"[*`\[\]<]", ours)
    assert [line for line in ours.split("\n") if line.startswith(">")] != []
    assert not re.search(r"^(#|-|\d+\.) ", ours, re.MULTILINE)
    assert "＜！channel＞" in text
    assert "＜@all＞" in text
    assert len(text.split("\n")) == 7


async def test_bytes_are_counted_not_characters(platform: Platform, made: ChannelContext) -> None:
    rows = [
        msgspec.structs.replace(item(number), headline=f"账户{number}：维持保证金率过高，请立即减仓" * 3)
        for number in range(40)
    ]
    await build(platform, made).send(outgoing(message(*rows, language="zh")))
    text = markdown(platform)
    assert 3_000 < len(text.encode()) <= 4096
    left_out = re.search(r"另有 (\d+) 条", text)
    assert left_out is not None
    assert len(set(re.findall(r"账户(\d+)：", text))) == 40 - int(left_out.group(1)) > 10


@pytest.mark.parametrize(
    ("code", "words", "reason", "retryable", "wait_s"),
    [
        (45009, "api freq out of limit, hint: [1635043469]", "rate_limited", True, 60),
        (-1, "system busy", "server", True, None),
        (93000, "invalid webhook url, hint: [1]", "not_found", False, None),
        (
            40058,
            "markdown.content exceed max length 4096. invalid Request Parameter",
            "too_long",
            False,
            None,
        ),
        (40058, "invalid Request Parameter", "rejected", False, None),
        (60020, "not allow to access from your ip", "auth", False, None),
        (44004, "empty content", "rejected", False, None),
    ],
)
async def test_each_failure_has_its_reason(
    platform: Platform,
    made: ChannelContext,
    code: int,
    words: str,
    reason: str,
    retryable: bool,
    wait_s: float | None,
) -> None:
    platform.play(Reply({"errcode": code, "errmsg": words}))
    with pytest.raises(DeliveryError) as caught:
        await build(platform, made).send(outgoing())
    error = caught.value
    assert (error.reason, error.retryable, error.retry_after_s, error.code) == (
        reason,
        retryable,
        wait_s,
        code,
    )
    assert KEY not in str(error)


@pytest.mark.parametrize(
    ("webhook", "keys", "words"),
    [
        ("https://example.com/hidden-part", {}, "webhook is no address"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send", {}, "webhook is no address"),
        ("hidden-part with blanks", {}, "webhook is no address"),
        (KEY, {"mention": ("@all",)}, 'format = "text"'),
        (KEY, {"mention": ("<x>",)}, "mention"),
    ],
)
async def test_what_cannot_work_is_refused(
    platform: Platform, made: ChannelContext, webhook: str, keys: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        build(platform, made, webhook, **keys)
    assert "hidden-part" not in str(caught.value)

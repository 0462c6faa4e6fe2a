"""LINE: requests against the documented shape, each answer against what it means."""

import re
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import digest, enemy_short, item, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Channel, ChannelContext
from marginwatch.notify.channels.line.config import LineTable
from marginwatch.notify.channels.line.manifest import KIND

TO = "U4af4980629aa0f1b5c1f3d2b9d8e7c6a"


class TextMessage(msgspec.Struct, forbid_unknown_fields=True):
    """https://developers.line.biz/en/reference/messaging-api/#text-message: 5000 characters in UTF-16 units."""

    type: Literal["text"]
    text: Annotated[str, Meta(min_length=1)]


class Push(msgspec.Struct, forbid_unknown_fields=True):
    """https://developers.line.biz/en/reference/messaging-api/#send-push-message: 1 to 5 messages."""

    to: str
    messages: Annotated[list[TextMessage], Meta(min_length=1, max_length=5)]
    notification_disabled: bool = msgspec.field(default=False, name="notificationDisabled")


OK = Reply({"sentMessages": [{"id": "461230966842064897", "quoteToken": "IStG5h1Tz7b"}]})


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with serving() as one:
        one.play(OK)
        yield one


@pytest.fixture
async def channel(platform: Platform) -> AsyncIterator[Channel]:
    async with context() as made:
        yield build(platform, made)


def build(platform: Platform, made: ChannelContext, **changes: Any) -> Channel:
    keys: dict[str, Any] = {"name": "l", "token": "env:T", "to": TO, "base_url": platform.url} | changes
    return KIND.build(LineTable(**keys), {"token": Secret("line+token/0123456789=")}, made)


async def test_a_push_is_as_documented(platform: Platform, channel: Channel) -> None:
    receipt = await channel.send(outgoing(replaces="x"))
    assert platform.last.path == "/v2/bot/message/push"
    assert platform.last.headers["authorization"] == "Bearer line+token/0123456789="
    assert uuid.UUID(platform.last.headers["x-line-retry-key"])
    body = msgspec.json.decode(platform.last.body, type=Push)
    assert (body.to, body.notification_disabled) == (TO, False)
    assert body.messages[0].text.split("\n") == [
        "🔴 Margin critical: mm-1",
        "",
        "mm-1: maintenance margin usage 87.1 % is above 85 %",
        "Distance to liquidation: 4.2 %",
        "Data: 1.3 s old",
        "➤ What to do: Reduce BTCUSDT or move collateral to this account",
        "https://desk.example/accounts/mm-1?tab=margin&from=alert",
        "",
        "2025-11-21 04:40:00 UTC · newly firing",
    ]
    assert (channel.can_edit, receipt.reference, receipt.is_edit) == (False, None, False)


async def test_one_message_has_one_retry_key(platform: Platform) -> None:
    async with context() as made:
        one, other = build(platform, made), build(platform, made, name="other")
        for sender, message_id in ((one, "m-1"), (one, "m-1"), (one, "m-2"), (other, "m-1")):
            await sender.send(outgoing(message(message_id=message_id)))
    keys = [heard.headers["x-line-retry-key"] for heard in platform.heard]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


async def test_accepted_before_is_a_success(platform: Platform, channel: Channel) -> None:
    said = {"message": "The retry key is already accepted", "sentMessages": [{"id": "1"}]}
    platform.play(Reply(said, 409, {"X-Line-Accepted-Request-Id": "0a1b2c"}))
    receipt = await channel.send(outgoing())
    assert receipt.detail == "accepted before 0a1b2c"


async def test_info_does_not_ring(platform: Platform, channel: Channel) -> None:
    await channel.send(outgoing(message(item(severity=Severity.INFO))))
    assert msgspec.json.decode(platform.last.body, type=Push).notification_disabled is True


@pytest.mark.parametrize("n_items", [1, 20, 45, 300])
async def test_long_messages_fit(platform: Platform, channel: Channel, n_items: int) -> None:
    await channel.send(outgoing(digest(n_items)))
    text = msgspec.json.decode(platform.last.body, type=Push).messages[0].text
    assert len(text.encode("utf-16-le")) // 2 <= 5000
    left_out = re.search(r"… and (\d+) more", text)
    told = text.count(": maintenance m")
    assert told + (int(left_out.group(1)) if left_out else 0) == n_items


async def test_an_enemy_adds_no_line(platform: Platform, channel: Channel) -> None:
    await channel.send(outgoing(enemy_short()))
    text = msgspec.json.decode(platform.last.body, type=Push).messages[0].text
    assert len(text.split("\n")) == 7
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", text)


def no(status: int, words: str, **details: str) -> Reply:
    rows = [{"property": key, "message": value} for key, value in details.items()]
    return Reply({"message": words} | ({"details": rows} if rows else {}), status)


@pytest.mark.parametrize(
    ("reply", "reason", "retryable", "words"),
    [
        (no(400, "The request body has 1 error(s)", to="invalid"), "rejected", False, "to: invalid"),
        (no(401, "Authentication failed due to the following reason: invalid token"), "auth", False, "Auth"),
        (no(403, "Access to this API is not available for your account"), "auth", False, "Access"),
        (no(404, "Not found"), "not_found", False, "Not found"),
        (no(413, "Request exceeds the max size of 2MB"), "too_long", False, "2MB"),
        (no(429, "You have reached your monthly limit."), "rate_limited", False, "monthly"),
        (
            no(429, "The API rate limit has been exceeded. Try again later."),
            "rate_limited",
            True,
            "rate limit",
        ),
        (no(500, "Internal Server Error"), "server", True, "Internal"),
        (Reply("<html></html>", 502), "server", True, "html"),
    ],
)
async def test_each_failure_has_its_reason(
    platform: Platform, channel: Channel, reply: Reply, reason: str, retryable: bool, words: str
) -> None:
    platform.play(reply)
    with pytest.raises(DeliveryError, match=words) as caught:
        await channel.send(outgoing())
    assert (caught.value.reason, caught.value.retryable) == (reason, retryable)


@pytest.mark.parametrize("to", ["lan", "@desk", "U123", "u" + "0" * 32])
async def test_what_is_no_id_is_refused(platform: Platform, to: str) -> None:
    async with context() as made:
        with pytest.raises(ConfigError, match="to is no id"):
            build(platform, made, to=to)

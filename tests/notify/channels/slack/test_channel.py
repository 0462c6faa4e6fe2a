"""Slack: requests against the documented shapes, each answer against what it means."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import ENEMY, digest, enemy_message, enemy_short, item, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Channel, ChannelContext
from marginwatch.notify.channels.slack.config import SlackTable
from marginwatch.notify.channels.slack.manifest import KIND

TOKEN = "xoxb-fake-0123456789"
HOOK = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"


class Text(msgspec.Struct, forbid_unknown_fields=True):
    """https://docs.slack.dev/reference/block-kit/composition-objects/text-object: 1 to 3000 characters."""

    type: Literal["plain_text", "mrkdwn"]
    text: Annotated[str, Meta(min_length=1, max_length=3000)]
    emoji: bool | None = None


class Header(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="header"):
    """https://docs.slack.dev/reference/block-kit/blocks/header-block: plain text, 150 characters."""

    text: Text


class Section(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="section"):
    """https://docs.slack.dev/reference/block-kit/blocks/section-block."""

    text: Text


class Context(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="context"):
    """https://docs.slack.dev/reference/block-kit/blocks/context-block: at most 10 elements."""

    elements: Annotated[list[Text], Meta(min_length=1, max_length=10)]


Blocks = Annotated[list[Header | Section | Context], Meta(min_length=1, max_length=50)]


class Posted(msgspec.Struct, forbid_unknown_fields=True):
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

    text: Annotated[str, Meta(min_length=1, max_length=4000)]
    blocks: Blocks
    unfurl_links: bool
    unfurl_media: bool


class PostMessage(Posted, forbid_unknown_fields=True):
    """https://docs.slack.dev/reference/methods/chat.postMessage."""

    channel: str


class Update(msgspec.Struct, forbid_unknown_fields=True):
    """https://docs.slack.dev/reference/methods/chat.update."""

    channel: str
    ts: str
    text: str
    blocks: Blocks


SENT = Reply({"ok": True, "channel": "C123ABC456", "ts": "1503435956.000247", "message": {"text": "x"}})


def no(word: str, status: int = 200, **headers: str) -> Reply:
    return Reply({"ok": False, "error": word}, status, headers)


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with serving() as one:
        yield one


@pytest.fixture
async def made() -> AsyncIterator[ChannelContext]:
    async with context() as one:
        yield one


def hook(platform: Platform, made: ChannelContext, **changes: Any) -> Channel:
    keys: dict[str, Any] = {"name": "s", "webhook": "env:H", "base_url": platform.url} | changes
    return KIND.build(SlackTable(**keys), {"webhook": Secret(HOOK)}, made)


def bot(platform: Platform, made: ChannelContext, **changes: Any) -> Channel:
    keys: dict[str, Any] = {
        "name": "s",
        "token": "env:T",
        "channel": "C1",
        "base_url": platform.url,
    } | changes
    return KIND.build(SlackTable(**keys), {"token": Secret(TOKEN)}, made)


def texts(blocks: list[Header | Section | Context]) -> list[Text]:
    return [
        text for block in blocks for text in (block.elements if isinstance(block, Context) else [block.text])
    ]


async def test_a_webhook_posts_as_documented(platform: Platform, made: ChannelContext) -> None:
    platform.play(Reply("ok"))
    channel = hook(platform, made)
    assert not channel.can_edit
    receipt = await channel.send(outgoing(replaces="C1/1503435956.000247"))
    assert (receipt.reference, receipt.is_edit) == (None, False)
    assert platform.last.path == "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
    assert "authorization" not in platform.last.headers
    body = msgspec.json.decode(platform.last.body, type=Posted)
    assert (body.unfurl_links, body.unfurl_media) == (False, False)
    assert body.text == "🔴 mm-1 margin 87 %: reduce BTCUSDT"
    assert [text.text for text in texts(body.blocks)] == [
        "🔴 Margin critical: mm-1",
        (
            "mm-1: maintenance margin usage 87.1 % is above 85 %\nDistance to liquidation: 4.2 %\nData: 1.3 s old\n"
            "➤ What to do: Reduce BTCUSDT or move collateral to this account"
        ),
        "<https://desk.example/accounts/mm-1?tab=margin&amp;from=alert|Open>",
        "2025-11-21 04:40:00 UTC · newly firing",
    ]


async def test_a_bot_posts_and_changes_its_message(platform: Platform, made: ChannelContext) -> None:
    platform.play(SENT)
    channel = bot(platform, made)
    assert channel.can_edit
    first = await channel.send(outgoing())
    assert platform.last.path == "/chat.postMessage"
    assert platform.last.headers["authorization"] == f"Bearer {TOKEN}"
    assert platform.last.headers["content-type"] == "application/json; charset=utf-8"
    assert msgspec.json.decode(platform.last.body, type=PostMessage).channel == "C1"
    assert first.reference == "C123ABC456/1503435956.000247"
    again = await channel.send(outgoing(message(item(is_firing=False)), replaces=first.reference))
    assert platform.last.path == "/chat.update"
    body = msgspec.json.decode(platform.last.body, type=Update)
    assert (body.channel, body.ts) == ("C123ABC456", "1503435956.000247")
    assert body.text.startswith("✅")
    assert (again.reference, again.is_edit) == (first.reference, True)


@pytest.mark.parametrize(
    "word", ["message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch"]
)
async def test_a_message_that_cannot_be_changed_is_sent_anew(
    platform: Platform, made: ChannelContext, word: str
) -> None:
    platform.play(no(word), SENT)
    receipt = await bot(platform, made).send(outgoing(replaces="C1/1.2"))
    assert [one.path for one in platform.heard] == ["/chat.update", "/chat.postMessage"]
    assert not receipt.is_edit


async def test_mentions_only_for_what_is_critical_and_fires(platform: Platform, made: ChannelContext) -> None:
    platform.play(Reply("ok"))
    channel = hook(platform, made, mention=("here", "U012AB3CD", "S012AB3CD"))
    called = "<!here> <@U012AB3CD> <!subteam^S012AB3CD>"
    for told, wanted in (
        (message(), True),
        (message(item(severity=Severity.HIGH)), False),
        (message(item(is_firing=False)), False),
    ):
        await channel.send(outgoing(told))
        body = msgspec.json.decode(platform.last.body, type=Posted)
        assert (called in [text.text for text in texts(body.blocks)]) is wanted


async def test_what_an_enemy_wrote_is_plain_text(platform: Platform, made: ChannelContext) -> None:
    platform.play(Reply("ok"))
    await hook(platform, made).send(outgoing(enemy_short()))
    body = msgspec.json.decode(platform.last.body, type=Posted)
    assert "<" not in body.text
    assert ">" not in body.text
    assert "&lt;!channel&gt;" in body.text
    assert {text.type for text in texts(body.blocks)} == {"plain_text"}
    assert all(text.emoji is False for text in texts(body.blocks))
    shown = "\n".join(text.text for text in texts(body.blocks))
    assert "<!channel> <!here> <@U024BE7LH>" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", shown)
    assert ENEMY not in shown


@pytest.mark.parametrize("n_items", [1, 20, 23, 24, 49, 60, 400])
async def test_many_alerts_stay_within_the_blocks(
    platform: Platform, made: ChannelContext, n_items: int
) -> None:
    platform.play(Reply("ok"))
    await hook(platform, made).send(outgoing(digest(n_items)))
    body = msgspec.json.decode(platform.last.body, type=Posted)
    shown = "\n".join(text.text for text in texts(body.blocks))
    left_out = re.search(r"… and (\d+) more", shown)
    told = shown.count(": maintenance m")
    assert told + (int(left_out.group(1)) if left_out else 0) == n_items
    assert told >= min(n_items, 23)


async def test_ten_kilobytes_of_enemy_keep_the_documented_shape(
    platform: Platform, made: ChannelContext
) -> None:
    platform.play(Reply("ok"))
    await hook(platform, made, mention=("channel",)).send(outgoing(enemy_message()))
    body = msgspec.json.decode(platform.last.body, type=Posted)
    assert isinstance(body.blocks[0], Header)
    assert len(body.blocks[0].text.text) <= 150


@pytest.mark.parametrize(
    ("reply", "reason", "retryable"),
    [
        (Reply("invalid_payload", 400), "rejected", False),
        (Reply("user_not_found", 400), "not_found", False),
        (Reply("action_prohibited", 403), "auth", False),
        (Reply("invalid_token", 403), "auth", False),
        (Reply("channel_not_found", 404), "not_found", False),
        (Reply("no_service", 404), "not_found", False),
        (Reply("channel_is_archived", 410), "not_found", False),
        (Reply("rollup_error", 500), "server", True),
        (Reply("never heard", 500), "server", True),
        (Reply("OK, fine"), "garbage", True),
    ],
)
async def test_answers_of_webhooks(
    platform: Platform, made: ChannelContext, reply: Reply, reason: str, retryable: bool
) -> None:
    platform.play(reply)
    with pytest.raises(DeliveryError) as caught:
        await hook(platform, made).send(outgoing())
    assert (caught.value.reason, caught.value.retryable) == (reason, retryable)


@pytest.mark.parametrize(
    ("reply", "reason", "retryable", "wait_s"),
    [
        (no("ratelimited", 429, **{"Retry-After": "30"}), "rate_limited", True, 30),
        (no("ratelimited"), "rate_limited", True, None),
        (no("invalid_auth"), "auth", False, None),
        (no("token_revoked"), "auth", False, None),
        (no("missing_scope"), "auth", False, None),
        (no("channel_not_found"), "not_found", False, None),
        (no("not_in_channel"), "not_found", False, None),
        (no("is_archived"), "not_found", False, None),
        (no("msg_too_long"), "too_long", False, None),
        (no("msg_blocks_too_long"), "too_long", False, None),
        (no("invalid_blocks"), "rejected", False, None),
        (no("a_new_word"), "rejected", False, None),
        (no("internal_error"), "server", True, None),
        (no("fatal_error", 503), "server", True, None),
        (Reply({"fine": True}), "garbage", True, None),
    ],
)
async def test_answers_of_the_web_api(
    platform: Platform, made: ChannelContext, reply: Reply, reason: str, retryable: bool, wait_s: float | None
) -> None:
    platform.play(reply)
    with pytest.raises(DeliveryError) as caught:
        await bot(platform, made).send(outgoing())
    error = caught.value
    assert (error.reason, error.retryable, error.retry_after_s) == (reason, retryable, wait_s)
    assert TOKEN not in str(error)


async def test_a_failed_change_that_may_pass_is_not_sent_twice(
    platform: Platform, made: ChannelContext
) -> None:
    platform.play(no("ratelimited", 429))
    with pytest.raises(DeliveryError):
        await bot(platform, made).send(outgoing(replaces="C1/1.2"))
    assert [one.path for one in platform.heard] == ["/chat.update"]


@pytest.mark.parametrize(
    ("keys", "secrets", "words"),
    [
        ({}, {}, "either webhook or token"),
        ({"channel": "C1"}, {"webhook": HOOK, "token": TOKEN}, "either webhook or token"),
        ({}, {"token": TOKEN}, "channel is missing"),
        ({}, {"webhook": "https://example.com/secret-place"}, "webhook is no address"),
        ({"mention": ("@lan",)}, {"webhook": HOOK}, "mention"),
    ],
)
async def test_what_cannot_work_is_refused(
    made: ChannelContext, keys: dict[str, Any], secrets: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        KIND.build(SlackTable(name="s", **keys), {key: Secret(value) for key, value in secrets.items()}, made)
    assert "secret-place" not in str(caught.value)

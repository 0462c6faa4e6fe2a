"""Telegram: each request against the Bot API's documented shape, each answer against what it means."""

import re
from collections.abc import AsyncIterator
from html import unescape
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import digest, enemy_message, enemy_short, item, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Channel
from marginwatch.notify.channels.telegram.config import TelegramTable
from marginwatch.notify.channels.telegram.manifest import KIND

TOKEN = "123456789:AAH-fake_TOKEN-of-a-test-0123456789"


class Preview(msgspec.Struct, forbid_unknown_fields=True):
    """https://core.telegram.org/bots/api#linkpreviewoptions."""

    is_disabled: bool


class Button(msgspec.Struct, forbid_unknown_fields=True):
    """https://core.telegram.org/bots/api#inlinekeyboardbutton: 1 to 64 bytes of callback_data."""

    text: str
    callback_data: str


class Keyboard(msgspec.Struct, forbid_unknown_fields=True):
    inline_keyboard: list[list[Button]]


class SendMessage(msgspec.Struct, forbid_unknown_fields=True):
    """https://core.telegram.org/bots/api#sendmessage, the arguments that we may use."""

    chat_id: int | str
    text: str
    parse_mode: str
    link_preview_options: Preview
    message_thread_id: int | None = None
    disable_notification: bool = False
    reply_markup: Keyboard | None = None


class EditMessageText(msgspec.Struct, forbid_unknown_fields=True):
    """https://core.telegram.org/bots/api#editmessagetext, the arguments that we may use."""

    chat_id: int | str
    message_id: int
    text: str
    parse_mode: str
    link_preview_options: Preview
    reply_markup: Keyboard | None = None


TAGS = {"b", "i", "a"}
"""Of those that https://core.telegram.org/bots/api#html-style lists."""


class Strict(HTMLParser):
    """What Telegram's parser takes: known tags, properly nested; gives the text that is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.shown = ""
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        self.links += [str(value) for _, value in attrs]
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown += data


def shown(text: str) -> Strict:
    parser = Strict()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    # Telegram knows four named entities; any other ampersand must be escaped.
    assert not re.search(r"&(?!lt;|gt;|amp;|quot;|#\d+;|#x[0-9a-fA-F]+;)", text)
    return parser


def sent(number: int = 77) -> Reply:
    result = {
        "message_id": number,
        "date": 1763700000,
        "chat": {"id": -1001234, "type": "supergroup"},
        "text": "x",
    }
    return Reply({"ok": True, "result": result})


def failed(code: int, description: str, **parameters: Any) -> Reply:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return Reply(body | ({"parameters": parameters} if parameters else {}), status=code)


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with serving() as one:
        one.play(sent())
        yield one


@pytest.fixture
async def channel(platform: Platform) -> AsyncIterator[Channel]:
    async with context() as made:
        yield KIND.build(table(platform), {"token": Secret(TOKEN)}, made)


def table(platform: Platform, **changes: Any) -> TelegramTable:
    keys = {
        "name": "desk-chat",
        "token": "env:T",
        "chat": -1001234,
        "base_url": platform.url,
        "timeout_s": 2.0,
    }
    return TelegramTable(**(keys | changes))


async def acknowledge(alert_id: str, who: str, name: str) -> str:
    return f"{alert_id} {who} {name}"


async def test_a_message_is_sent_as_documented(platform: Platform, channel: Channel) -> None:
    receipt = await channel.send(outgoing())
    assert platform.last.method == "POST"
    assert platform.last.path == f"/bot{TOKEN}/sendMessage"
    assert platform.last.headers["content-type"].startswith("application/json")
    body = msgspec.json.decode(platform.last.body, type=SendMessage)
    assert (body.chat_id, body.parse_mode, body.link_preview_options.is_disabled) == (-1001234, "HTML", True)
    assert body.reply_markup is None
    assert body.message_thread_id is None
    assert body.disable_notification is False
    seen = shown(body.text)
    assert seen.shown.split("\n") == [
        "🔴 Margin critical: mm-1",
        "",
        "mm-1: maintenance margin usage 87.1 % is above 85 %",
        "Distance to liquidation: 4.2 %",
        "Data: 1.3 s old",
        "➤ What to do: Reduce BTCUSDT or move collateral to this account",
        "Open",
        "",
        "2025-11-21 04:40:00 UTC · newly firing",
    ]
    assert seen.links == ["https://desk.example/accounts/mm-1?tab=margin&from=alert"]
    assert (receipt.reference, receipt.is_edit) == ("-1001234/77", False)


async def test_info_is_silent_and_a_topic_is_kept(platform: Platform) -> None:
    async with context() as made:
        channel = KIND.build(table(platform, thread=7), {"token": Secret(TOKEN)}, made)
        await channel.send(outgoing(message(item(severity=Severity.INFO))))
    body = msgspec.json.decode(platform.last.body, type=SendMessage)
    assert body.disable_notification is True
    assert body.message_thread_id == 7


async def test_an_earlier_message_is_changed_in_place(platform: Platform, channel: Channel) -> None:
    assert channel.can_edit
    receipt = await channel.send(outgoing(message(item(is_firing=False)), replaces="-1001234/55"))
    assert platform.last.path == f"/bot{TOKEN}/editMessageText"
    body = msgspec.json.decode(platform.last.body, type=EditMessageText)
    assert (body.chat_id, body.message_id) == (-1001234, 55)
    assert shown(body.text).shown.startswith("✅ ")
    assert (receipt.reference, receipt.is_edit) == ("-1001234/55", True)


async def test_the_same_text_again_is_a_success(platform: Platform, channel: Channel) -> None:
    same = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
    platform.play(failed(400, same))
    receipt = await channel.send(outgoing(replaces="-1001234/55"))
    assert (receipt.reference, receipt.is_edit, len(platform.heard)) == ("-1001234/55", True, 1)


@pytest.mark.parametrize(
    "said", ["Bad Request: message to edit not found", "Bad Request: message can't be edited"]
)
async def test_a_message_that_is_gone_is_sent_anew(platform: Platform, channel: Channel, said: str) -> None:
    platform.play(failed(400, said), sent(78))
    receipt = await channel.send(outgoing(replaces="-1001234/55"))
    assert [one.path.rsplit("/")[-1] for one in platform.heard] == ["editMessageText", "sendMessage"]
    assert (receipt.reference, receipt.is_edit) == ("-1001234/78", False)


async def test_a_reference_of_another_kind_of_channel_is_no_reason_to_fail(
    platform: Platform, channel: Channel
) -> None:
    receipt = await channel.send(outgoing(replaces="C123/1405894322.002768"))
    assert platform.last.path.endswith("/sendMessage")
    assert not receipt.is_edit


async def test_buttons_acknowledge_what_fires(platform: Platform) -> None:
    async with context(on_acknowledge=acknowledge) as made:
        channel = KIND.build(table(platform, polling=True), {"token": Secret(TOKEN)}, made)
        await channel.send(outgoing())
        one = msgspec.json.decode(platform.last.body, type=SendMessage).reply_markup
        await channel.send(outgoing(message(item(1), item(2, is_firing=False), item(3))))
        two = msgspec.json.decode(platform.last.body, type=SendMessage).reply_markup
        await channel.send(outgoing(message(item(is_firing=False)), replaces="-1001234/55"))
        resolved = msgspec.json.decode(platform.last.body, type=EditMessageText).reply_markup
        await channel.send(outgoing(digest(30)))
        many = msgspec.json.decode(platform.last.body, type=SendMessage).reply_markup
    assert one is not None
    assert [(b.text, b.callback_data) for (b,) in one.inline_keyboard] == [
        ("Acknowledge", f"ack:{item().alert_id}")
    ]
    assert two is not None
    assert [b.callback_data for (b,) in two.inline_keyboard] == [f"ack:{item(n).alert_id}" for n in (1, 3)]
    assert resolved is None
    assert many is not None
    assert all(1 <= len(b.callback_data.encode()) <= 64 for (b,) in many.inline_keyboard)


async def test_words_are_those_of_the_language(platform: Platform, channel: Channel) -> None:
    for language, word in (("zh", "处理办法"), ("vi", "Cần làm"), ("th", "สิ่งที่ต้องทำ"), ("xx", "What to do")):
        await channel.send(outgoing(message(language=language)))
        assert word in shown(platform.last.json()["text"]).shown


async def test_what_an_enemy_wrote_is_text(platform: Platform, channel: Channel) -> None:
    await channel.send(outgoing(enemy_short()))
    text = msgspec.json.decode(platform.last.body, type=SendMessage).text
    seen = shown(text)
    assert seen.links == []
    assert "</b><script>alert(1)</script> <!channel>" in seen.shown
    assert "\nfake" not in seen.shown
    assert len(seen.shown.split("\n")) == 7
    assert not re.search(r"@\w", seen.shown)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", seen.shown)
    assert "👩‍👩‍👧‍👦🇹🇭 ค่ำ Việt 中文" in seen.shown


@pytest.mark.parametrize("n_items", [1, 3, 12, 40, 400])
async def test_long_messages_fit_and_say_what_is_left_out(
    platform: Platform, channel: Channel, n_items: int
) -> None:
    await channel.send(outgoing(digest(n_items)))
    seen = shown(platform.last.json()["text"]).shown
    assert len(seen.encode("utf-16-le")) // 2 <= 4096
    told = seen.count(": maintenance m")
    left_out = re.search(r"… and (\d+) more", seen)
    assert told + (int(left_out.group(1)) if left_out else 0) == n_items
    assert told >= min(n_items, 30)


async def test_ten_kilobytes_of_enemy_fit(platform: Platform, channel: Channel) -> None:
    await channel.send(outgoing(enemy_message()))
    text = platform.last.json()["text"]
    assert len(unescape(text).encode("utf-16-le", "surrogatepass")) // 2 <= 4096
    assert "… and " in shown(text).shown


@pytest.mark.parametrize(
    ("reply", "reason", "retryable", "wait_s"),
    [
        (failed(429, "Too Many Requests: retry after 17", retry_after=17), "rate_limited", True, 17),
        (Reply({"ok": False, "error_code": 429}, 429, {"Retry-After": "9"}), "rate_limited", True, 9),
        (failed(403, "Forbidden: bot was blocked by the user"), "auth", False, None),
        (failed(403, "Forbidden: bot was kicked from the supergroup chat"), "auth", False, None),
        (failed(401, "Unauthorized"), "auth", False, None),
        (failed(404, "Not Found"), "auth", False, None),
        (failed(400, "Bad Request: chat not found"), "not_found", False, None),
        (failed(400, "Bad Request: message thread not found"), "not_found", False, None),
        (failed(400, "Bad Request: message is too long"), "too_long", False, None),
        (failed(400, "Bad Request: can't parse entities: Unsupported start tag"), "rejected", False, None),
        (failed(500, "Internal Server Error"), "server", True, None),
        (Reply("<html>502</html>", 502), "server", True, None),
        (Reply("<html>hello</html>"), "garbage", True, None),
        (Reply({"result": {}}), "garbage", True, None),
    ],
)
async def test_each_failure_has_its_reason(
    platform: Platform, channel: Channel, reply: Reply, reason: str, retryable: bool, wait_s: float | None
) -> None:
    platform.play(reply)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(outgoing())
    error = caught.value
    assert (error.reason, error.retryable, error.retry_after_s) == (reason, retryable, wait_s)


async def test_a_group_that_moved_says_where(platform: Platform, channel: Channel) -> None:
    moved = "Bad Request: group chat was upgraded to a supergroup chat"
    platform.play(failed(400, moved, migrate_to_chat_id=-100987))
    with pytest.raises(DeliveryError, match="chat = -100987") as caught:
        await channel.send(outgoing())
    assert not caught.value.retryable


@pytest.mark.parametrize("key", ["token", "base_url", "proxy"])
async def test_what_cannot_work_is_refused_without_telling_secrets(platform: Platform, key: str) -> None:
    bad = {"base_url": "telegram", "proxy": "http://user:hunter22@proxy:3128"}
    token = Secret("AAH-no-number-before-the-colon" if key == "token" else TOKEN)
    changes = {key: bad[key]} if key in bad else {}
    async with context() as made:
        with pytest.raises(ConfigError, match=key) as caught:
            KIND.build(table(platform, **changes), {"token": token}, made)
    assert "hunter22" not in str(caught.value)
    assert token.reveal() not in str(caught.value)

"""What every channel that speaks HTTP must do, whatever its platform: fail in our words, hold its limits, keep its secrets."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import structlog
from tests.contract.channel_samples import SAMPLES, SECRET, Sample
from tests.notify.channels.platform import Platform, Reply, context, serving
from tests.notify.channels.samples import digest, enemy_message, enemy_short, item, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelTable
from marginwatch.notify.channels.registry import KINDS
from marginwatch.notify.messages.message import Message
from marginwatch.notify.pipeline import DIGEST_ITEM_CHARACTERS, items_max
from marginwatch.notify.settings import ChannelSetup

REASONS = {
    "timeout",
    "connection",
    "rate_limited",
    "server",
    "auth",
    "not_found",
    "too_long",
    "rejected",
    "garbage",
}
"""Those that ``notify/channels/base.py`` lists."""

Make = Callable[..., Channel]

THERE = sorted(set(KINDS) & set(SAMPLES))
each = pytest.mark.parametrize("kind", THERE)
each_of_words = pytest.mark.parametrize("kind", [kind for kind in THERE if SAMPLES[kind].is_words])


@pytest.fixture
def sample(kind: str) -> Sample:
    return SAMPLES[kind]


@pytest.fixture
async def platform(sample: Sample) -> AsyncIterator[Platform]:
    async with serving() as one:
        one.play(sample.good)
        yield one


@asynccontextmanager
async def making(kind: str, platform: Platform, **changes: Any) -> AsyncIterator[Channel]:
    async with context() as made:
        yield build(kind, platform, made, **changes)


def build(kind: str, platform: Platform, made: ChannelContext, **changes: Any) -> Channel:
    sample = SAMPLES[kind]
    given = {"base_url": platform.url, "timeout_s": 5.0} | changes
    keys = {sample.address if key == "base_url" else key: value for key, value in given.items()}
    table: ChannelTable = KINDS[kind].table(**{"name": "desk-chat", "type": kind} | sample.keys | keys)
    assert set(sample.secrets) <= set(KINDS[kind].secrets)
    return KINDS[kind].build(table, {key: Secret(value) for key, value in sample.secrets.items()}, made)


async def failure_of(channel: Channel, told: Message | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(outgoing(told))
    error = caught.value
    assert error.reason in REASONS
    seen = [str(error), repr(error), error.message, repr(error.__cause__), repr(error.args)]
    assert not [text for text in seen if SECRET in text]
    return error


@each
async def test_one_message_is_one_request(kind: str, platform: Platform, sample: Sample) -> None:
    async with making(kind, platform) as channel:
        receipt = await channel.send(outgoing())
        await channel.close()
    assert [heard.method for heard in platform.heard] == ["POST"]
    assert platform.last.headers["content-type"].partition(";")[0] == "application/json"
    assert sample.is_within(platform.last)
    assert not receipt.is_edit
    assert SECRET not in repr(receipt)
    assert "mm-1" in platform.last.body.decode()


@each_of_words
async def test_the_largest_digest_names_every_alert_in_the_widest_script(
    kind: str, platform: Platform, sample: Sample
) -> None:
    made = ChannelSetup(
        table=KINDS[kind].table(**{"name": "desk-chat", "type": kind} | sample.keys),
        kind=KINDS[kind],
        secrets={},
        min_severity=Severity.INFO,
        place="",
    )
    number = items_max(made, DIGEST_ITEM_CHARACTERS)
    assert number >= 20
    told = [
        msgspec.structs.replace(
            item(one, Severity.HIGH),
            severity_word="高危",
            headline=f"mm-{one:03d} 的" + "维持保证金率达" * 20,
        )
        for one in range(number)
    ]
    whole = message(*told, title=f"{number} 条告警，" + "维持保证金率达" * 18, language="zh")
    async with making(kind, platform) as channel:
        await channel.send(outgoing(whole))
    assert sample.is_within(platform.last)
    shown = platform.last.body.decode()
    assert [one.headline[:6] for one in told if one.headline[:6] not in shown] == []


@each
async def test_silence_is_a_timeout(kind: str, platform: Platform, sample: Sample) -> None:
    platform.play(Reply(sample.good.body, delay_s=0.5))
    async with making(kind, platform, timeout_s=0.05) as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable) == ("timeout", True)


@each
async def test_nobody_there_is_a_connection_error(kind: str, platform: Platform) -> None:
    async with making(kind, platform, base_url="http://127.0.0.1:9") as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable) == ("connection", True)


@each
async def test_a_proxy_that_is_not_there_is_a_connection_error(kind: str, platform: Platform) -> None:
    async with making(kind, platform, proxy="http://127.0.0.1:9") as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable) == ("connection", True)


@each
async def test_a_proxy_is_used(kind: str, platform: Platform) -> None:
    async with making(kind, platform, base_url="http://platform.invalid/api", proxy=platform.url) as channel:
        await channel.send(outgoing())
    assert platform.last.headers["host"] == "platform.invalid"


@each
async def test_hanging_up_is_a_connection_error(kind: str, platform: Platform) -> None:
    platform.play(Reply(hangs_up=True))
    async with making(kind, platform) as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable) == ("connection", True)


@each
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_broken_platform_is_tried_again(kind: str, platform: Platform, status: int) -> None:
    platform.play(Reply("<html>sorry</html>", status))
    async with making(kind, platform) as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable) == ("server", True)


@each
@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0.0),
        ("99999999", 86_400.0),
    ],
)
async def test_too_many_requests_wait_as_told(
    kind: str, platform: Platform, header: str, wait_s: float
) -> None:
    # The manual clock stands at 2023-11-14 22:13:20 UTC.
    platform.play(Reply("slow down", 429, {"Retry-After": header}))
    async with making(kind, platform) as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable, error.retry_after_s) == ("rate_limited", True, wait_s)


@each
async def test_a_wait_that_cannot_be_read_is_none(kind: str, platform: Platform) -> None:
    platform.play(Reply("slow down", 429, {"Retry-After": "soon"}))
    async with making(kind, platform) as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable, error.retry_after_s) == ("rate_limited", True, None)


@each_of_words
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"a":',
        b"<html></html>",
        b'"' + b"x" * 200_000,
    ],
)
async def test_garbage_is_no_success_and_no_crash(kind: str, platform: Platform, body: bytes) -> None:
    platform.play(Reply(body))
    async with making(kind, platform) as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable) == ("garbage", True)


@each
async def test_an_endless_answer_is_not_read_to_its_end(kind: str, platform: Platform) -> None:
    platform.play(Reply(b" " * 8_000_000))
    async with making(kind, platform) as channel:
        error = await failure_of(channel)
    assert error.reason == "garbage"


@each
async def test_a_redirect_is_not_followed(kind: str, platform: Platform) -> None:
    platform.play(Reply("", 307, {"Location": f"{platform.url}/elsewhere"}))
    async with making(kind, platform) as channel:
        error = await failure_of(channel)
    assert (error.reason, error.retryable, len(platform.heard)) == ("rejected", False, 1)


@each
async def test_secrets_that_a_platform_repeats_are_struck_out(kind: str, platform: Platform) -> None:
    for status in (400, 401, 404, 418, 429, 500):
        platform.play(Reply(f"bad {SECRET} {list(SAMPLES[kind].secrets.values())} {platform.url}", status))
        async with making(kind, platform) as channel:
            error = await failure_of(channel)
        assert len(str(error)) < 300


@each
async def test_no_secret_in_logs_and_names(
    kind: str, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logs:
        async with making(kind, platform) as channel:
            await channel.send(outgoing())
            platform.play(Reply("no", 500))
            await failure_of(channel)
            shown = repr(channel) + repr(vars(channel))
    assert SECRET not in shown
    assert SECRET not in str(logs)
    assert SECRET not in caplog.text


@each
async def test_enemies_fit(kind: str, platform: Platform, sample: Sample) -> None:
    async with making(kind, platform) as channel:
        for told in (enemy_short(), enemy_message(), digest(1), digest(20), digest(500)):
            await channel.send(outgoing(told))
            assert sample.is_within(platform.last)


@each_of_words
async def test_twenty_alerts_are_all_named(kind: str, platform: Platform) -> None:
    async with making(kind, platform) as channel:
        await channel.send(outgoing(digest(20)))
    sent = platform.last.body.decode()
    assert [number for number in range(1, 21) if f"mm-{number}: maintenance" not in sent] == []


@each_of_words
@pytest.mark.parametrize(
    ("language", "words"), [("en", "more"), ("zh", "另有"), ("vi", "mục nữa"), ("th", "รายการ")]
)
async def test_what_is_left_out_is_counted(kind: str, platform: Platform, language: str, words: str) -> None:
    rows = [item(number, Severity.HIGH) for number in range(1, 501)]
    async with making(kind, platform) as channel:
        await channel.send(outgoing(message(*rows, language=language)))
    assert words in platform.last.body.decode()


@each_of_words
async def test_the_worst_alert_is_never_left_out(kind: str, platform: Platform) -> None:
    rows = [item(7777), *(item(number, Severity.WARNING) for number in range(500))]
    async with making(kind, platform) as channel:
        await channel.send(outgoing(message(*rows)))
    assert "mm-7777: maintenance margin usage 87.1 %" in platform.last.body.decode()


@each
async def test_a_canceled_send_ends_at_once(kind: str, platform: Platform, sample: Sample) -> None:
    platform.play(Reply(sample.good.body, delay_s=2))
    async with making(kind, platform) as channel:
        task = asyncio.create_task(channel.send(outgoing()))
        while not platform.heard:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@each
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("base_url", "nowhere"),
        ("base_url", "ftp://host"),
        ("base_url", "https://user:hunter22@host"),
        ("proxy", "socks5://127.0.0.1:1"),
        ("proxy", "http://user:hunter22@127.0.0.1:1"),
    ],
)
async def test_an_address_that_cannot_be_used_is_refused(
    kind: str, platform: Platform, key: str, value: str
) -> None:
    async with context() as made:
        named = SAMPLES[kind].address if key == "base_url" else key
        with pytest.raises(ConfigError, match=named) as caught:
            build(kind, platform, made, **{key: value})
    assert "hunter22" not in str(caught.value)


@each
async def test_its_manifest_is_filled_in(kind: str, platform: Platform) -> None:
    manifest = KINDS[kind]
    assert manifest.kind == kind
    assert issubclass(manifest.table, ChannelTable)
    assert manifest.messages_per_minute > 0
    assert manifest.text_max > 300
    assert manifest.documents
    assert all(one.startswith("https://") and "read 20" in one for one in manifest.documents)

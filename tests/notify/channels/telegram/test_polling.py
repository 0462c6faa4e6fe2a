"""Pressed buttons: whose count, none twice, none lost; failures wait and say so once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import structlog
from tests.notify.channels.platform import Platform, Reply, context, serving

from marginwatch.clock import ManualClock
from marginwatch.errors import DeliveryError, RejectedError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Listening
from marginwatch.notify.channels.telegram.config import TelegramTable
from marginwatch.notify.channels.telegram.manifest import KIND
from marginwatch.notify.channels.telegram.polling import Poller

TOKEN = "123456789:AAH-fake_TOKEN-of-a-test-0123456789"
CHAT = -1001234


class GetUpdates(msgspec.Struct, forbid_unknown_fields=True):
    """https://core.telegram.org/bots/api#getupdates."""

    offset: int
    limit: int
    timeout: int
    allowed_updates: list[str]


class AnswerCallbackQuery(msgspec.Struct, forbid_unknown_fields=True):
    """https://core.telegram.org/bots/api#answercallbackquery: 0 to 200 characters of text."""

    callback_query_id: str
    text: str


class Desk:
    """Takes acknowledgements."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str, str]] = []
        self.says = "mm-1 is yours"
        self.refuses = False

    async def acknowledge(self, alert_id: str, who: str, channel: str) -> str:
        if self.refuses:
            raise RejectedError("this alert is over")
        self.given.append((alert_id, who, channel))
        return self.says


def pressed(update_id: int, data: str = "ack:a-1", chat: int = CHAT, user: int = 4711) -> dict[str, Any]:
    query = {
        "id": f"q{update_id}",
        "from": {"id": user, "is_bot": False, "first_name": "Lan\u202e", "username": "lan"},
        "message": {"message_id": 5, "date": 1, "chat": {"id": chat, "type": "supergroup"}, "text": "x"},
        "chat_instance": "1",
        "data": data,
    }
    return {"update_id": update_id, "callback_query": query}


def updates(*rows: dict[str, Any]) -> Reply:
    return Reply({"ok": True, "result": list(rows)})


TRUE = Reply({"ok": True, "result": True})


def table(platform: Platform, **changes: Any) -> TelegramTable:
    keys = {"name": "desk-chat", "token": "env:T", "chat": CHAT, "base_url": platform.url, "polling": True}
    return TelegramTable(**(keys | changes))


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with serving() as one:
        yield one


async def poller_of(platform: Platform, desk: Desk, made: Any, **changes: Any) -> Poller:
    channel = KIND.build(table(platform, **changes), {"token": Secret(TOKEN)}, made)
    assert isinstance(channel, Listening)
    poller = channel._poller  # type: ignore[attr-defined]
    assert isinstance(poller, Poller)
    return poller


async def test_a_pressed_button_acknowledges_and_answers(platform: Platform) -> None:
    desk = Desk()
    platform.play(updates(pressed(900)), TRUE, updates())
    async with context(on_acknowledge=desk.acknowledge) as made:
        poller = await poller_of(platform, desk, made)
        assert await poller.poll() == 1
        assert await poller.poll() == 0
    assert desk.given == [("a-1", "Lan (@lan)", "desk-chat")]
    first, answer, second = platform.heard
    asked = msgspec.json.decode(first.body, type=GetUpdates)
    assert (asked.offset, asked.allowed_updates) == (0, ["callback_query"])
    assert 0 < asked.timeout <= 50
    assert 1 <= asked.limit <= 100
    assert answer.path == f"/bot{TOKEN}/answerCallbackQuery"
    told = msgspec.json.decode(answer.body, type=AnswerCallbackQuery)
    assert (told.callback_query_id, told.text) == ("q900", "mm-1 is yours")
    assert msgspec.json.decode(second.body, type=GetUpdates).offset == 901


@pytest.mark.parametrize(
    "row",
    [
        pressed(1, chat=-666),
        pressed(1, data="buy:all"),
        pressed(1, user=666),
        {"update_id": 1, "message": {"text": "ack:a-1"}},
        {"update_id": 1, "callback_query": "x"},
        {"update_id": 1, "callback_query": {"id": "q", "from": {"id": 4711}, "data": "ack:a-1"}},
    ],
)
async def test_what_is_not_ours_is_passed_over(platform: Platform, row: dict[str, Any]) -> None:
    desk = Desk()
    platform.play(updates(row, pressed(2)), TRUE, updates())
    async with context(on_acknowledge=desk.acknowledge) as made:
        poller = await poller_of(platform, desk, made, acknowledgers=(4711,))
        await poller.poll()
        await poller.poll()
    assert len(desk.given) == 1
    assert platform.last.json()["offset"] == 3


async def test_a_refused_acknowledgement_says_why(platform: Platform) -> None:
    desk = Desk()
    desk.refuses = True
    platform.play(updates(pressed(1)), TRUE)
    async with context(on_acknowledge=desk.acknowledge) as made:
        await (await poller_of(platform, desk, made)).poll()
    assert platform.last.json()["text"] == "this alert is over"


async def test_a_long_answer_is_cut_and_a_lost_one_changes_nothing(platform: Platform) -> None:
    desk = Desk()
    desk.says = "x" * 5_000
    too_old = {"ok": False, "error_code": 400, "description": "Bad Request: query is too old"}
    platform.play(updates(pressed(1)), Reply(too_old, 400))
    async with context(on_acknowledge=desk.acknowledge) as made:
        assert await (await poller_of(platform, desk, made)).poll() == 1
    assert len(platform.last.json()["text"]) == 200
    assert len(desk.given) == 1


@pytest.mark.parametrize(
    "body", ['{"ok":true,"result":7}', '{"ok":true,"result":[{"x":1}]}', '{"ok":true,"result":[1]}']
)
async def test_garbage_is_an_error_and_no_crash(platform: Platform, body: str) -> None:
    platform.play(Reply(body))
    desk = Desk()
    async with context(on_acknowledge=desk.acknowledge) as made:
        with pytest.raises(DeliveryError) as caught:
            await (await poller_of(platform, desk, made)).poll()
    assert caught.value.reason == "garbage"


async def test_failures_wait_longer_each_time_and_are_told_once(platform: Platform) -> None:
    desk, clock = Desk(), ManualClock()
    platform.play(Reply("no", 502))
    with structlog.testing.capture_logs() as logs:
        async with context(clock=clock, on_acknowledge=desk.acknowledge) as made:
            poller = await poller_of(platform, desk, made)
            task = asyncio.create_task(poller.run())
            waits: list[float] = []
            for asked in range(1, 9):
                waits.append(await until_asleep(platform, clock, asked))
                await clock.advance(waits[-1])
            platform.play(updates(pressed(5)), TRUE, Reply(updates().body, delay_s=60))
            await until_asleep(platform, clock, 9, then_asks=True)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [one["event"] for one in logs] == ["telegram_polling_lost", "telegram_polling_recovered"]
    assert desk.given == [("a-1", "Lan (@lan)", "desk-chat")]
    assert TOKEN.partition(":")[2] not in str(logs)


async def until_asleep(
    platform: Platform, clock: ManualClock, asked: int, *, then_asks: bool = False
) -> float:
    """Wait until the request numbered ``asked`` is over and the poller sleeps; return for how long it will."""
    if then_asks:
        await clock.advance(60)
    for _ in range(400):
        await asyncio.sleep(0.005)
        done = len(platform.heard) >= (asked + 2 if then_asks else asked)
        if done and (then_asks or clock._sleepers):
            break
    return 0.0 if then_asks else clock._sleepers[0][0] / 1e9 - clock.monotonic_s()


async def test_another_program_that_polls_is_given_a_minute(platform: Platform) -> None:
    desk, clock = Desk(), ManualClock()
    conflict = (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    platform.play(Reply({"ok": False, "error_code": 409, "description": conflict}, 409))
    async with context(clock=clock, on_acknowledge=desk.acknowledge) as made:
        task = asyncio.create_task((await poller_of(platform, desk, made)).run())
        assert await until_asleep(platform, clock, 1) == 60
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_nobody_to_tell_means_no_polling(platform: Platform) -> None:
    async with context() as made:
        channel = KIND.build(table(platform), {"token": Secret(TOKEN)}, made)
        assert isinstance(channel, Listening)
        await channel.listen()
    assert platform.heard == []

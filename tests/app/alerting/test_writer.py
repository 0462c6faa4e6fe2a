"""Transitions and the messages they cause, committed together."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.app.alerting import usage_alert

from marginwatch.app.alerting.writer import TransitionWriter
from marginwatch.clock import ManualClock
from marginwatch.model.alert import Transition, TransitionKind
from marginwatch.model.delivery import OutboxRow, SendReason
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts

S = 1_000_000_000


def transition(number: int, kind: TransitionKind, alert_id: str = "a1") -> Transition:
    """Return what happened in a second of that number."""
    return usage_alert.transition(f"t{number:04}", kind, alert_id, number * S)


def row_of(one: Transition, now_ns: int) -> OutboxRow:
    return OutboxRow(
        channel="phone",
        group=one.alert.key,
        reason=SendReason.FIRED,
        alert=one.alert,
        made_at_ns=now_ns,
        due_ns=now_ns,
        transition_id=one.transition_id,
    )


def rows_for(transitions: Sequence[Transition], now_ns: int) -> tuple[OutboxRow, ...]:
    return tuple(row_of(one, now_ns) for one in transitions if one.kind is TransitionKind.FIRED)


class Desk:
    def __init__(self, store: Store, path: Path, clock: ManualClock) -> None:
        self.store, self.path, self.clock = store, path, clock
        self.alerts = StoredAlerts(store)
        self.heard: list[list[str]] = []
        self.writer = TransitionWriter(store, self.alerts, rows_for, clock, self.hear)

    def hear(self, transitions: Sequence[Transition]) -> None:
        self.heard.append([one.transition_id for one in transitions])

    async def stored(self) -> list[str]:
        return [record.value.transition_id for record in reversed(await self.alerts.transitions())]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    store = await Store.open(tmp_path / "db.sqlite")
    yield Desk(store, tmp_path / "db.sqlite", ManualClock(100 * S))
    await store.close()


async def test_what_is_written_can_be_read_by_whoever_hears_of_it(desk: Desk) -> None:
    seen: list[list[str]] = []
    done = asyncio.Event()

    def hear(transitions: Sequence[Transition]) -> None:
        with sqlite3.connect(desk.path) as other:  # a connection of its own: only what is committed
            seen.append([name for (name,) in other.execute("SELECT transition_id FROM alert_transition")])
            seen.append([name for (name,) in other.execute("SELECT transition_id FROM outbox")])
        done.set()

    writer = TransitionWriter(desk.store, desk.alerts, rows_for, desk.clock, hear)
    running = asyncio.create_task(writer.run())
    writer.take((transition(1, TransitionKind.PENDING), transition(2, TransitionKind.FIRED)), (None, None))
    await asyncio.wait_for(done.wait(), 10)
    assert seen == [["t0001", "t0002"], ["t0002"]]
    assert (writer.n_fired, writer.n_rows) == (1, 1)
    running.cancel()


async def test_order_is_kept_and_every_batch_is_heard_of_once(desk: Desk) -> None:
    for number in range(1, 6):
        desk.writer.take((transition(number, TransitionKind.RAISED, f"a{number}"),), (None,))
    await desk.writer.flush()
    assert await desk.stored() == [f"t{number:04}" for number in range(1, 6)]
    assert [name for names in desk.heard for name in names] == [f"t{number:04}" for number in range(1, 6)]
    await desk.writer.flush()
    assert sum(len(names) for names in desk.heard) == 5


async def test_several_who_flush_at_once_write_and_tell_each_once(desk: Desk) -> None:
    running = asyncio.create_task(desk.writer.run())
    names = [f"t{number:04}" for number in range(1, 31)]
    flushing: list[asyncio.Task[None]] = []
    for number in range(1, 31):
        desk.writer.take((transition(number, TransitionKind.FIRED, f"a{number}"),), (None,))
        flushing += [asyncio.create_task(desk.writer.flush()) for _ in range(2)]
        await asyncio.sleep(0)
    await asyncio.gather(*flushing)
    assert [name for heard in desk.heard for name in heard] == await desk.stored() == names
    assert (desk.writer.n_fired, desk.writer.n_rows, desk.writer.is_failing) == (30, 30, False)
    running.cancel()


async def test_a_database_that_cannot_be_written_loses_nothing(desk: Desk) -> None:
    running = asyncio.create_task(desk.writer.run())
    with sqlite3.connect(desk.path) as other:
        other.execute("ALTER TABLE outbox RENAME TO elsewhere")
    desk.writer.take((transition(1, TransitionKind.FIRED),), (None,))
    for _ in range(200):
        await asyncio.sleep(0.01)
        if desk.writer.is_failing:
            break
    assert desk.writer.is_failing
    # Nothing of a commit that failed is there: the transition without its message would be an alert nobody hears of.
    assert await desk.stored() == []
    desk.writer.take((transition(2, TransitionKind.RESOLVED),), (None,))
    with sqlite3.connect(desk.path) as other:
        other.execute("ALTER TABLE elsewhere RENAME TO outbox")
    for _ in range(300):
        await desk.clock.advance(2.0)
        await asyncio.sleep(0.01)
        if len(desk.heard) and desk.heard[-1][-1] == "t0002":
            break
    assert await desk.stored() == ["t0001", "t0002"]
    assert not desk.writer.is_failing
    running.cancel()


async def test_a_long_outage_forgets_only_what_nobody_would_hear_of(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marginwatch.app.alerting.writer.THIN_OUT_FROM", 4)
    desk.writer.take((transition(1, TransitionKind.PENDING, "calm"),), (None,))
    desk.writer.take((transition(2, TransitionKind.PENDING, "hot"),), (None,))
    desk.writer.take((transition(3, TransitionKind.FIRED, "hot"),), (None,))
    desk.writer.take((transition(4, TransitionKind.CALMED, "calm"),), (None,))
    desk.writer.take((transition(5, TransitionKind.RESOLVED, "hot"),), (None,))
    await desk.writer.flush()
    assert await desk.stored() == ["t0002", "t0003", "t0004", "t0005"]
    assert [alert.alert_id for alert in await desk.alerts.open_alerts()] == []
    assert [alert.alert_id for alert in await desk.alerts.resolved_alerts()] == ["hot"]


async def test_latency_runs_from_the_message_to_the_commit(desk: Desk) -> None:
    both = (transition(1, TransitionKind.FIRED), transition(2, TransitionKind.RESOLVED))
    desk.writer.take(both, (100 * S - 7_000_000, None))
    desk.writer.take((transition(3, TransitionKind.RAISED),), (100 * S - 9_000_000,))
    await desk.writer.flush()
    assert list(desk.writer.latencies_ms) == [pytest.approx(7.0), pytest.approx(9.0)]


async def test_how_far_rules_have_judged_is_kept_every_five_seconds(desk: Desk) -> None:
    desk.writer.note_judged(50 * S)
    await desk.writer.flush()
    assert await desk.alerts.judged_until_ns() == 50 * S
    desk.writer.note_judged(51 * S)
    await desk.writer.flush()
    assert await desk.alerts.judged_until_ns() == 50 * S
    await desk.clock.advance(6.0)
    desk.writer.note_judged(56 * S)
    await desk.writer.flush()
    assert await desk.alerts.judged_until_ns() == 56 * S


async def test_whatever_keeps_alerts_from_being_written_is_seen_by_how_long_they_wait(desk: Desk) -> None:
    def broken(_transitions: Sequence[Transition], _now_ns: int) -> tuple[OutboxRow, ...]:
        raise RuntimeError("a defect")

    writer = TransitionWriter(desk.store, desk.alerts, broken, desk.clock, desk.hear)
    assert writer.behind_s() == 0.0
    await desk.clock.advance(100.0)
    writer.take((transition(1, TransitionKind.FIRED),), [None])
    await desk.clock.advance(7.0)
    writer.take((transition(2, TransitionKind.FIRED, "a2"),), [None])
    with pytest.raises(RuntimeError):
        await writer.flush()
    await desk.clock.advance(5.0)
    assert writer.behind_s() == 12.0
    assert not writer.is_failing
    writer._rows_for = rows_for
    await writer.flush()
    assert writer.behind_s() == 0.0


async def test_a_transition_that_cannot_be_written_stands_in_nobody_s_way(desk: Desk) -> None:
    broken = msgspec.structs.replace(transition(2, TransitionKind.FIRED, "a2"), transition_id="\ud800")
    desk.writer.take((transition(1, TransitionKind.FIRED), broken), (None, None))
    desk.writer.take((transition(3, TransitionKind.RAISED),), (None,))
    with capture_logs() as logged:
        await desk.writer.flush()
    assert await desk.stored() == ["t0001", "t0003"]
    assert (desk.writer.n_fired, desk.writer.n_rows, desk.writer.n_lost) == (1, 1, 1)
    assert [name for names in desk.heard for name in names] == ["t0001", "t0003"]
    assert [entry["what"] for entry in logged] == ["3 transitions", "fired of usage|account|a2"]
    assert desk.writer.behind_s() == 0.0

"""Rows are leased to one at a time, each is sent, and what came of it is one commit with all that follows from it."""

import asyncio
import json
import random
import signal
import subprocess
import sys

import pytest
import pytest_asyncio
from sqlalchemy import func, select
from tests.store.samples import (
    SECOND,
    T,
    a_delivery,
    a_row,
    a_told,
    a_transition,
    an_alert,
    sent,
    write,
)

from marginwatch.clock import ManualClock
from marginwatch.model.alert import TransitionKind
from marginwatch.model.delivery import RowOutcome, RowState, SendReason
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.store import Store
from marginwatch.store import outbox as outbox_module
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.outbox import StoredOutbox
from marginwatch.store.outbox_rows import alert_text
from marginwatch.store.retention import Retention
from marginwatch.store.tables import DELIVERY, DELIVERY_ROW, OUTBOX, TOLD


@pytest_asyncio.fixture
async def store(place):
    opened = await Store.open(place)
    yield opened
    await opened.close()


@pytest.fixture
def outbox(store):
    return StoredOutbox(store, ManualClock(T + 7))


@pytest.fixture
def alerts(store):
    return StoredAlerts(store)


def text_of(place):
    return place.reveal() if isinstance(place, Secret) else str(place)


def names(rows):
    return [row.alert.alert_id for row in rows]


async def count(store, table):
    [row] = await store.rows(select(func.count().label("n")).select_from(table))
    return row.n


async def test_the_most_severe_come_first_then_the_oldest(outbox):
    critical = an_alert(9, severity=Severity.CRITICAL)
    await outbox.add([a_row(1), a_row(2, alert=critical), a_row(3, "mail"), a_row(4)])
    claimed = await outbox.claim("me", "phone", T, 30, 10)
    assert names(claimed) == ["alert-9", "alert-1", "alert-4"]
    assert {(row.lease_owner, row.lease_until_ns) for row in claimed} == {("me", T + 30)}
    assert claimed[0] == a_row(2, alert=critical, row_id=2, lease_owner="me", lease_until_ns=T + 30)


async def test_what_is_not_due_or_leased_is_left_alone(outbox):
    await outbox.add([a_row(1), a_row(2, due_ns=T + 5), a_row(3)])
    assert names(await outbox.claim("me", "phone", T, 30, 1)) == ["alert-1"]
    assert names(await outbox.claim("other", "phone", T, 30, 10)) == ["alert-3"]
    assert await outbox.claim("third", "phone", T, 30, 10) == ()
    assert names(await outbox.claim("third", "phone", T + 5, 30, 10)) == ["alert-2"]


async def test_what_the_claimer_left_behind_is_leased_to_it_anew(outbox):
    await outbox.add([a_row(1)])
    [before] = await outbox.claim("me", "phone", T, 30, 1)
    [again] = await outbox.claim("me", "phone", T + 10, 30, 1)
    assert (again.row_id, again.lease_until_ns) == (before.row_id, T + 40)


async def test_all_that_waits_about_an_alert_comes_at_once(outbox):
    later = a_row(1, reason=SendReason.RESOLVED, due_ns=T + 500)
    await outbox.add([a_row(1), later, a_row(2), a_row(1, "mail"), a_row(3, due_ns=T + 500)])
    claimed = await outbox.claim("me", "phone", T, 30, 1)
    assert [(row.row_id, row.reason) for row in claimed] == [(1, SendReason.FIRED), (2, SendReason.RESOLVED)]
    assert names(await outbox.claim("other", "phone", T, 30, 5)) == ["alert-2"]


async def test_a_lease_that_has_run_out_is_taken_over_and_the_late_owner_changes_nothing(outbox, alerts):
    await outbox.add([a_row(1)])
    [late] = await outbox.claim("late", "phone", T, 30, 1)
    assert await outbox.claim("heir", "phone", T + 29, 30, 1) == ()
    [taken] = await outbox.claim("heir", "phone", T + 30, 30, 1)
    assert (taken.row_id, taken.lease_owner) == (late.row_id, "heir")
    await outbox.finish("late", [sent(late, detail="too late")], deliveries=[a_delivery([late])])
    [row] = await alerts.rows_of("alert-1")
    assert (row.state, row.lease_owner, row.attempts) == (RowState.WAITING, "heir", 0)
    # But the attempt was one, and the log says so.
    assert len(await alerts.deliveries()) == 1
    await outbox.finish("heir", [sent(taken)])
    [row] = await alerts.rows_of("alert-1")
    assert (row.state, row.lease_owner, row.attempts) == (RowState.SENT, None, 1)


async def test_who_was_slow_but_not_replaced_still_owns_the_row(outbox, alerts):
    await outbox.add([a_row(1)])
    [row] = await outbox.claim("me", "phone", T, 1, 1)
    await outbox.finish("me", [sent(row)])
    [row] = await alerts.rows_of("alert-1")
    assert row.state is RowState.SENT


async def test_a_failed_attempt_waits_and_is_claimed_again(outbox, alerts):
    await outbox.add([a_row(1)])
    [row] = await outbox.claim("me", "phone", T, 30, 1)
    again = RowOutcome(
        row_id=row.row_id, state=RowState.WAITING, detail="429", due_ns=T + 60, is_attempt=True
    )
    await outbox.finish("me", [again])
    assert await outbox.claim("me", "phone", T + 59, 30, 1) == ()
    [row] = await outbox.claim("other", "phone", T + 60, 30, 1)
    assert (row.attempts, row.due_ns) == (1, T + 60)


async def test_a_finished_row_stays_finished(outbox, alerts):
    await outbox.add([a_row(1)])
    [row] = await outbox.claim("me", "phone", T, 30, 1)
    await outbox.finish("me", [sent(row)])
    await outbox.finish("me", [sent(row, RowState.FAILED)])
    [row] = await alerts.rows_of("alert-1")
    assert (row.state, row.attempts) == (RowState.SENT, 1)
    assert await outbox.claim("me", "phone", T + 10**12, 30, 1) == ()
    standing = (await alerts.channel_standings(["alert-1"]))["alert-1"]
    assert [one.at_ns for one in standing] == [T + 7]


async def test_when_something_is_due_next(outbox):
    assert await outbox.next_due_ns("phone") is None
    await outbox.add([a_row(1, due_ns=T + 50), a_row(2, "mail", due_ns=T + 1)])
    assert await outbox.next_due_ns("phone") == T + 50
    await outbox.add([a_row(3, due_ns=T + 20)])
    assert await outbox.next_due_ns("phone") == T + 20
    [row] = await outbox.claim("me", "phone", T + 20, 10, 5)
    assert await outbox.next_due_ns("phone") == T + 30
    await outbox.finish("me", [sent(row)])
    assert await outbox.next_due_ns("phone") == T + 50


async def test_what_waits_is_counted_by_channel_leased_or_not(outbox):
    await outbox.add(
        [a_row(channel=name, made_at_ns=T + made) for name, made in (("a", 5), ("a", 3), ("b", 9))]
    )
    assert await outbox.pending() == {"a": (2, T + 3), "b": (1, T + 9)}
    [first, *_] = await outbox.claim("me", "a", T + 10, SECOND, 10)
    assert (await outbox.pending())["a"] == (2, T + 3)
    await outbox.finish("me", [sent(first)])
    await outbox.claim("me", "b", T + 10, SECOND, 10)
    assert {name: n for name, (n, _) in (await outbox.pending()).items()} == {"a": 1, "b": 1}


async def test_rows_that_time_caused_are_there_once_for_each_moment(outbox, alerts):
    repeat = a_row(1, reason=SendReason.REPEATED)
    await outbox.add([repeat])
    await outbox.add([repeat, a_row(1, reason=SendReason.REPEATED, made_at_ns=T + 1)])
    assert len(await alerts.rows_of("alert-1")) == 2
    await outbox.add([])


async def test_an_outcome_and_all_that_follows_are_one_commit(store, outbox, alerts):
    await outbox.add([a_row(1), a_row(2)])
    first, second = await outbox.claim("me", "phone", T, 30, 2)
    outcomes = [sent(first), sent(second, RowState.SKIPPED, detail="silenced")]
    broken = a_told(1, severity="no number")
    with pytest.raises(ValueError, match="no number"):
        await outbox.finish("me", outcomes, deliveries=[a_delivery([first])], told=[broken])
    assert {row.state for row in await alerts.rows_of("alert-1")} == {RowState.WAITING}
    assert await alerts.deliveries() == ()
    fell = a_row(1, "mail", "fired-1", reason=SendReason.FELL_OVER)
    everything = {"deliveries": [a_delivery([first])], "told": [a_told(1, reference="77")], "rows": [fell]}
    await outbox.finish("me", outcomes, **everything)
    # The answer to the commit was lost, so it is made again.
    await outbox.finish("me", outcomes, **everything)
    assert [row.state for row in await alerts.rows_of("alert-2")] == [RowState.SKIPPED]
    assert [row.channel for row in await alerts.rows_of("alert-1")] == ["mail", "phone"]
    assert [one.value for one in await alerts.deliveries()] == [a_delivery([first])]
    assert await outbox.told() == (a_told(1, reference="77"),)
    await outbox.finish("me", [])


async def test_deliveries_are_found_by_channel_and_key(outbox, alerts):
    await outbox.add([a_row(1), a_row(2), a_row(2, "mail")])
    one, two = await outbox.claim("me", "phone", T, 30, 2)
    [mail] = await outbox.claim("me", "mail", T, 30, 2)
    failed = a_delivery([mail], 2, channel="mail", reason="auth", detail="535", reference="r")
    await outbox.finish("me", [], deliveries=[a_delivery([one, two], 1), failed, a_delivery([one, two], 3)])
    assert [found.value for found in await alerts.deliveries()] == [
        a_delivery([one, two], 3),
        failed,
        a_delivery([one, two], 1),
    ]
    assert [found.value for found in await alerts.deliveries(channel="mail")] == [failed]
    newest = await alerts.deliveries(key="margin|account|mm-2", limit=2)
    assert [found.value.message_id for found in newest] == ["message-3", "message-2"]
    rest = await alerts.deliveries(key="margin|account|mm-2", before_id=newest[-1].id)
    assert [found.value.message_id for found in rest] == ["message-1"]
    assert await alerts.deliveries(key="margin|account|mm-3") == ()


async def test_the_memory_is_of_what_may_still_fire(store, outbox, alerts):
    await write(store, alerts, [a_transition(2), a_transition(3), a_transition(3, TransitionKind.RESOLVED)])
    over = a_told(3, is_firing=False)
    told = [a_told(1), a_told(2, is_firing=False), over, a_told(2, "mail")]
    await outbox.finish("me", [], told=told)
    assert set(await outbox.told()) == {told[0], told[1], told[3]}
    await outbox.finish("me", [], told=[a_told(1, at_ns=T + 99, severity=Severity.CRITICAL)])
    assert [one.severity for one in await outbox.told() if one.alert_id == "alert-1"] == [Severity.CRITICAL]
    # Something about it waits, so it matters again.
    await outbox.add([a_row(3)])
    assert over in await outbox.told()


async def test_logs_are_bounded_and_nothing_that_waits_goes(place, monkeypatch):
    monkeypatch.setattr(outbox_module, "TRIM_EVERY", 1)
    few = Retention(finished_rows_max=3, deliveries_max=2, told_max=2)
    store = await Store.open(place, retention=few)
    outbox, alerts = StoredOutbox(store), StoredAlerts(store)
    await write(store, alerts, [a_transition(0)])
    await outbox.add([a_row(n) for n in range(8)])
    rows = await outbox.claim("me", "phone", T, 30, 7)
    for row in rows[1:]:
        number = int(row.alert.alert_id.removeprefix("alert-"))
        await outbox.finish(
            "me", [sent(row)], deliveries=[a_delivery([row], number)], told=[a_told(number, is_firing=False)]
        )
    await outbox.finish("me", [], told=[a_told(0, at_ns=T - 5, is_firing=False)])
    assert [row.id for row in await store.rows(select(OUTBOX.c.id).order_by(OUTBOX.c.id))] == [1, 6, 7, 8]
    assert [one.value.message_id for one in await alerts.deliveries()] == ["message-6", "message-5"]
    assert await count(store, DELIVERY_ROW) == await count(store, DELIVERY) == 2
    kept = await store.rows(select(TOLD.c.alert_id).order_by(TOLD.c.at_ns))
    # That of the open alert, and two newer ones with what is as old as the next.
    assert [row.alert_id for row in kept] == ["alert-0", "alert-4", "alert-5", "alert-6"]
    await store.close()


async def test_dispatchers_in_a_race_send_each_row_once(store):
    await StoredOutbox(store).add([a_row(n, alert=an_alert(n)) for n in range(300)])
    told: list[int] = []
    held: set[int] = set()

    async def dispatch(owner, seed):
        outbox, chance = StoredOutbox(store), random.Random(seed)
        while claimed := await outbox.claim(owner, "phone", T, 3_600 * SECOND, chance.randint(1, 9)):
            ids = {row.row_id for row in claimed}
            assert not ids & held
            held.update(ids)
            await asyncio.sleep(0)
            told.extend(ids)
            held.difference_update(ids)
            await outbox.finish(owner, [sent(row) for row in claimed])

    await asyncio.gather(*(dispatch(f"d{n}", n) for n in range(8)))
    assert sorted(told) == list(range(1, 301))


DISPATCHER = """
import asyncio, os, sys, time
from marginwatch.model.delivery import RowOutcome, RowState
from marginwatch.store import Store
from marginwatch.store.outbox import StoredOutbox

async def main(place, owner, lease_ns, hold_s):
    store = await Store.open(place, is_alone=False)
    outbox = StoredOutbox(store)
    print("ready", flush=True)
    sys.stdin.readline()
    while claimed := await outbox.claim(owner, "phone", time.time_ns(), lease_ns, 7):
        for row in claimed:
            print(row.row_id, flush=True)
        await asyncio.sleep(hold_s)
        await outbox.finish(owner, [RowOutcome(row_id=row.row_id, state=RowState.SENT) for row in claimed])
    await store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
"""


def dispatcher(place, owner, lease_ns=3_600 * SECOND, hold_s=0.0):
    process = subprocess.Popen(
        [sys.executable, "-c", DISPATCHER, text_of(place), owner, str(lease_ns), str(hold_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def let_go(process):
    process.stdin.write("\n")
    process.stdin.flush()


async def test_processes_in_a_race_send_each_row_once(place, store):
    await StoredOutbox(store).add([a_row(n, alert=an_alert(n)) for n in range(200)])
    racers = [dispatcher(place, f"process-{number}") for number in range(3)]
    for racer in racers:
        let_go(racer)
    lines = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert sorted(int(line) for some in lines for line in some) == list(range(1, 201))
    assert await StoredOutbox(store).next_due_ns("phone") is None


async def test_the_rows_of_a_killed_dispatcher_are_taken_over(place, store):
    outbox = StoredOutbox(store)
    await outbox.add([a_row(n, alert=an_alert(n)) for n in range(20)])
    killed = dispatcher(place, "killed", lease_ns=SECOND // 2, hold_s=30)
    let_go(killed)
    held = {int(killed.stdout.readline()) for _ in range(7)}
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    killed.stdin.close()
    killed.stdout.close()
    lease_end_ns = max(row.lease_until_ns for row in await store.rows(select(OUTBOX.c.lease_until_ns)))
    free = await outbox.claim("heir", "phone", lease_end_ns - 1, SECOND, 100)
    assert {row.row_id for row in free} == set(range(1, 21)) - held
    taken = await outbox.claim("second heir", "phone", lease_end_ns, SECOND, 100)
    assert {row.row_id for row in taken} == held


WRITER = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from tests.store.samples import a_row, a_transition, write
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts

async def main():
    store = await Store.open(sys.argv[1])
    alerts = StoredAlerts(store)
    for number in range(100_000):
        rows = [a_row(number, channel, f"fired-{number}") for channel in ("chat", "mail", "phone")]
        await write(store, alerts, [a_transition(number)], rows)
        print(number, flush=True)

asyncio.run(main())
"""


def write_until_killed(place, root, lines):
    """Return the last transition that the writer said was committed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, text_of(place), root], stdout=subprocess.PIPE, text=True
    )
    told = [int(process.stdout.readline()) for _ in range(lines)][-1]
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    return told


@pytest.mark.parametrize("lines", [1, 23])
async def test_a_writer_killed_leaves_each_transition_with_all_its_messages(place, request, lines):
    told = write_until_killed(place, str(request.config.rootpath), lines)
    store = await Store.open(place)
    alerts = StoredAlerts(store)
    fired = [one.value.transition_id for one in reversed(await alerts.transitions(limit=1_000))]
    assert fired == [f"fired-{number}" for number in range(len(fired))]
    assert len(fired) > told
    rows = await store.rows(select(OUTBOX.c.transition_id, OUTBOX.c.channel).order_by(OUTBOX.c.id))
    assert [tuple(row) for row in rows] == [(one, c) for one in fired for c in ("chat", "mail", "phone")]
    assert names_of(await alerts.open_alerts()) == {one.replace("fired", "alert") for one in fired}
    await store.close()


def names_of(alerts):
    return {alert.alert_id for alert in alerts}


def test_an_alert_is_stored_as_json_that_people_can_read():
    text = alert_text(an_alert(1))
    assert json.loads(text)["context"] == {"usage": "71.25 %", "name": "保证金"}
    assert "保证金" in text

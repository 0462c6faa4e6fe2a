"""The dispatcher over both outboxes: what is learned in memory holds over a database, restarts among it."""

import pytest_asyncio
from tests.notify.samples import (
    SECOND,
    MemoryOutbox,
    Stand,
    T,
    a_row,
    a_setup,
    an_alert,
    over,
    refused,
    unreachable,
)

from marginwatch.clock import ManualClock
from marginwatch.model.delivery import RowOutcome, RowState, SendReason, Told
from marginwatch.model.severity import Severity
from marginwatch.store import Store
from marginwatch.store.outbox import StoredOutbox


@pytest_asyncio.fixture(params=["memory", "store"])
async def outbox(request, tmp_path):
    if request.param == "memory":
        yield MemoryOutbox()
        return
    store = await Store.open(tmp_path / "x.sqlite")
    yield StoredOutbox(store, ManualClock(T))
    await store.close()


def names(rows):
    return [(row.alert.alert_id, row.reason) for row in rows]


async def test_most_severe_first_and_with_them_all_that_waits_about_their_alerts(outbox):
    far = T + 1_000 * SECOND
    next_time = an_alert(5, account="mm-1")
    rows = [
        a_row(an_alert(2)),
        a_row(an_alert(1), due_ns=far),
        a_row(an_alert(3, severity=Severity.CRITICAL)),
        a_row(over(an_alert(1)), SendReason.RESOLVED),
        a_row(an_alert(4), due_ns=far),
        a_row(next_time, due_ns=far),
        a_row(an_alert(3), channel="b"),
    ]
    await outbox.add(rows)
    found = await outbox.claim("me", "a", T, 60 * SECOND, 2)
    assert names(found)[:2] == [("alert-3", SendReason.FIRED), ("alert-2", SendReason.FIRED)]
    assert len(found) == 2
    more = await outbox.claim("you", "a", T, 60 * SECOND, 9)
    assert sorted(names(more)) == [
        ("alert-1", SendReason.FIRED),
        ("alert-1", SendReason.RESOLVED),
        ("alert-5", SendReason.FIRED),
    ]
    assert await outbox.claim("third", "a", T, 60 * SECOND, 9) == ()
    assert len(await outbox.claim("me", "a", T + SECOND, 60 * SECOND, 9)) == 2
    assert len(await outbox.claim("third", "a", T + 61 * SECOND, 60 * SECOND, 9)) == 5


async def test_what_is_finished_is_recorded_at_once_with_all_that_follows(outbox):
    await outbox.add([a_row(an_alert(1)), a_row(an_alert(2))])
    first, second = await outbox.claim("me", "a", T, 60 * SECOND, 9)
    told = Told(
        channel="a",
        key=first.alert.key,
        alert_id="alert-1",
        is_firing=True,
        severity=Severity.HIGH,
        at_ns=T,
        first_at_ns=T,
    )
    waits = RowOutcome(
        row_id=second.row_id, state=RowState.WAITING, due_ns=T + 5 * SECOND, detail="later", is_attempt=True
    )
    outcomes = [RowOutcome(row_id=first.row_id, state=RowState.SENT, is_attempt=True), waits]
    await outbox.finish(
        "me", outcomes, told=[told], rows=[a_row(an_alert(2), SendReason.FELL_OVER, channel="b")]
    )
    assert await outbox.told() == (told,)
    assert await outbox.waiting() == {("a", "alert-2"), ("b", "alert-2")}
    assert await outbox.next_due_ns("a") == T + 5 * SECOND
    assert await outbox.claim("me", "a", T + 4 * SECOND, 60 * SECOND, 9) == ()
    [again] = await outbox.claim("me", "a", T + 5 * SECOND, 60 * SECOND, 9)
    assert (again.row_id, again.attempts) == (second.row_id, 1)


async def test_whoever_lost_the_lease_changes_nothing(outbox):
    await outbox.add([a_row()])
    [row] = await outbox.claim("me", "a", T, SECOND, 9)
    await outbox.claim("you", "a", T + 2 * SECOND, 60 * SECOND, 9)
    await outbox.finish("me", [RowOutcome(row_id=row.row_id, state=RowState.FAILED)])
    assert await outbox.waiting() == {("a", "alert-1")}


async def test_a_restart_goes_on_and_tells_nothing_twice(outbox):
    setup = a_setup("a", "b", a={"fall_over_to": "b"})
    first = Stand(setup, outbox=outbox)
    first.channels["a"].answers = [None, unreachable()]
    await first.put(a_row(an_alert(1)))
    await first.put(a_row(an_alert(2), group="other"))
    second = Stand(setup, outbox=outbox, channels=first.channels)
    await second.dispatcher.memory.load(outbox)
    await second.clock.advance(3)
    await second.put(
        a_row(over(an_alert(1)), SendReason.RESOLVED),
        a_row(over(an_alert(1)), SendReason.RESOLVED, channel="b"),
    )
    told = first.channels["a"].transition_ids
    assert sorted(told) == ["fired-alert-1", "fired-alert-2", "resolved-alert-1"]
    assert first.channels["b"].items == []


async def test_the_end_waits_for_a_beginning_that_may_yet_be_handed_over(outbox):
    stand = Stand(a_setup("a", "b", a={"fall_over_to": "b"}), outbox=outbox)
    stand.channels["a"].answers = [unreachable(), refused()]
    await stand.put(a_row(an_alert(1)))
    ends = [a_row(over(an_alert(1)), SendReason.RESOLVED, channel=name, due_ns=T) for name in ("b", "a")]
    await outbox.add(ends[:1])
    await stand.turn("b")
    assert stand.channels["b"].items == []
    assert await outbox.waiting() == {("a", "alert-1"), ("b", "alert-1")}
    await outbox.add(ends[1:])
    await stand.turn("a", "b")
    [item] = stand.channels["b"].items
    assert item.transition_ids == ("resolved-alert-1", "fired-alert-1")
    assert not item.is_firing
    assert await outbox.waiting() == frozenset()


async def test_what_only_changes_a_message_waits_quietly(outbox):
    await outbox.add([a_row(an_alert(1), SendReason.UPDATED), a_row(an_alert(2))])
    assert await outbox.waiting() == {("a", "alert-1"), ("a", "alert-2")}
    assert await outbox.waiting(is_loud=True) == {("a", "alert-2")}

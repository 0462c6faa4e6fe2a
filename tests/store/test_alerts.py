"""Transitions and the messages they cause are one commit, are there once, and say after a restart where alerts stand."""

import pytest
import pytest_asyncio
from sqlalchemy import func, select
from tests.store.samples import T, a_row, a_transition, an_alert, sent, write

from marginwatch.model.alert import Acknowledgement, AlertState, TransitionKind
from marginwatch.model.delivery import ChannelStanding, RowState, SendReason
from marginwatch.model.severity import Severity
from marginwatch.store import Store
from marginwatch.store import alerts as alerts_module
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.outbox import StoredOutbox
from marginwatch.store.retention import Retention
from marginwatch.store.tables import ACKNOWLEDGEMENT, ALERT, OUTBOX

K = TransitionKind


@pytest_asyncio.fixture
async def store(place):
    few = Retention(transitions_max=6, resolved_max=2, finished_rows_max=4, acknowledgements_max=2)
    opened = await Store.open(place, retention=few)
    yield opened
    await opened.close()


@pytest.fixture
def alerts(store):
    return StoredAlerts(store)


@pytest.fixture
def outbox(store):
    return StoredOutbox(store)


async def count(store, table):
    [row] = await store.rows(select(func.count().label("n")).select_from(table))
    return row.n


async def test_an_alert_comes_back_as_it_was(store, alerts, outbox):
    fired = a_transition(1, message="{usage} of {account}", unknown_since_ns=T, unknown_reason="stale")
    await write(store, alerts, [fired], [a_row(1, transition_id="fired-1", alert=fired.alert)])
    assert await alerts.open_alerts() == (fired.alert,)
    assert [one.value for one in await alerts.transitions()] == [fired]
    [row] = await alerts.rows_of("alert-1")
    assert row.alert == fired.alert
    assert (row.transition_id, row.state, row.lease_owner) == ("fired-1", RowState.WAITING, None)


async def test_open_alerts_outlive_a_restart_and_resolved_ones_are_told_apart(place):
    store = await Store.open(place)
    before = StoredAlerts(store)
    await write(
        store, before, [a_transition(1, K.PENDING), a_transition(2, K.PENDING), a_transition(3, K.PENDING)]
    )
    await write(store, before, [a_transition(2), a_transition(3)])
    await write(store, before, [a_transition(3, K.RESOLVED)])
    assert await before.judged_until_ns() is None
    await before.note_judged(T)
    await before.note_judged(T + 5)
    await store.close()
    store = await Store.open(place)
    after = StoredAlerts(store)
    assert [(one.alert_id, one.state) for one in await after.open_alerts()] == [
        ("alert-1", AlertState.PENDING),
        ("alert-2", AlertState.FIRING),
    ]
    assert [one.alert_id for one in await after.resolved_alerts()] == ["alert-3"]
    assert await after.judged_until_ns() == T + 5
    await store.close()


async def test_what_calmed_down_before_it_fired_is_no_alert_any_more(store, alerts):
    await write(store, alerts, [a_transition(1, K.PENDING)])
    await write(
        store, alerts, [a_transition(1, K.CALMED), a_transition(2, K.PENDING), a_transition(2, K.CALMED)]
    )
    assert await alerts.open_alerts() == ()
    assert await alerts.resolved_alerts() == ()
    assert len(await alerts.transitions()) == 4


async def test_a_commit_repeated_changes_nothing(store, alerts, outbox):
    first = ([a_transition(1)], [a_row(1, channel, "fired-1") for channel in ("mail", "phone")])
    await write(store, alerts, *first)
    await write(store, alerts, [a_transition(1, K.RESOLVED)])
    [row] = await outbox.claim("me", "phone", T, 10, 5)
    await outbox.finish("me", [sent(row)])
    before = await alerts.transitions(), await alerts.rows_of("alert-1")
    await write(store, alerts, *first)
    assert (await alerts.transitions(), await alerts.rows_of("alert-1")) == before
    # The late repetition did not open it again.
    assert await alerts.open_alerts() == ()
    assert await outbox.claim("me", "phone", T, 10, 5) == ()


async def test_a_transition_twice_in_one_commit_is_one(store, alerts):
    twice = a_transition(1)
    await write(store, alerts, [twice, twice], [a_row(1, transition_id="fired-1")] * 2)
    assert len(await alerts.transitions()) == 1
    assert len(await alerts.rows_of("alert-1")) == 1


async def test_steps_reasons_and_channels_of_one_transition_are_rows_of_their_own(store, alerts):
    rows = [
        a_row(1, "phone", "fired-1"),
        a_row(1, "phone", "fired-1", step=1),
        a_row(1, "phone", "fired-1", reason=SendReason.FELL_OVER),
        a_row(1, "mail", "fired-1"),
    ]
    await write(store, alerts, [a_transition(1)], rows)
    assert len(await alerts.rows_of("alert-1")) == 4


async def test_transitions_and_messages_are_one_commit(store, alerts):
    async def half():
        async with store.transaction() as unit:
            await alerts.write(unit, [a_transition(1)], [a_row(1, transition_id="fired-1")])
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert await alerts.open_alerts() == ()
    assert await alerts.transitions() == ()
    assert await alerts.rows_of("alert-1") == ()


async def test_pages_of_transitions(store, alerts):
    await write(store, alerts, [a_transition(n) for n in (1, 2, 3)] + [a_transition(1, K.RESOLVED)])
    newest = await alerts.transitions(limit=2)
    assert [one.value.transition_id for one in newest] == ["resolved-1", "fired-3"]
    rest = await alerts.transitions(before_id=newest[-1].id)
    assert [one.value.transition_id for one in rest] == ["fired-2", "fired-1"]
    assert [one.value.kind for one in await alerts.transitions(key="margin|account|mm-1")] == [
        K.RESOLVED,
        K.FIRED,
    ]
    assert [one.value.transition_id for one in await alerts.transitions(account_id="mm-2")] == ["fired-2"]
    assert await alerts.transitions(limit=0) == ()


async def test_a_thousand_transitions_and_their_messages_are_one_commit(place):
    store = await Store.open(place)
    alerts = StoredAlerts(store)
    many = [a_transition(n) for n in range(1_200)]
    await write(store, alerts, many, [a_row(n, transition_id=f"fired-{n}") for n in range(1_200)])
    await write(store, alerts, many, [a_row(n, transition_id=f"fired-{n}") for n in range(1_200)])
    assert [one.alert_id for one in await alerts.open_alerts()] == [f"alert-{n}" for n in range(1_200)]
    assert await count(store, OUTBOX) == 1_200
    assert len(await alerts.channel_standings([one.alert.alert_id for one in many])) == 1_200
    await store.close()


async def test_the_oldest_go_but_nothing_open_and_nothing_waiting(store, alerts, outbox, monkeypatch):
    monkeypatch.setattr(alerts_module, "TRIM_EVERY", 1)
    await write(
        store,
        alerts,
        [a_transition(n) for n in range(9)],
        [a_row(n, transition_id=f"fired-{n}") for n in range(9)],
    )
    assert len(await alerts.transitions()) == 6
    assert len(await alerts.open_alerts()) == 9
    rows = await outbox.claim("me", "phone", T, 10, 8)
    await outbox.finish("me", [sent(row) for row in rows if row.alert.alert_id != "alert-0"])
    await write(store, alerts, [a_transition(n, K.RESOLVED) for n in range(5)])
    assert [one.alert_id for one in await alerts.resolved_alerts()][:2] == ["alert-4", "alert-3"]
    assert await count(store, ALERT) == 4 + 3  # what is as old as the first one too many stays
    kept = [row.id for row in await store.rows(select(OUTBOX.c.id).order_by(OUTBOX.c.id))]
    waiting = [row.id for row in await store.rows(select(OUTBOX.c.id).where(OUTBOX.c.state == "waiting"))]
    assert kept == [1, 6, 7, 8, 9]
    assert sorted(waiting) == [1, 9]


async def test_how_messages_of_an_alert_stand_by_channel(store, alerts, outbox):
    rows = [a_row(1, "mail", "fired-1"), a_row(1, "phone", "fired-1"), a_row(2, "mail", "fired-2")]
    await write(store, alerts, [a_transition(1), a_transition(2)], rows)
    await outbox.add([a_row(1, "mail", reason=SendReason.REPEATED, made_at_ns=T + 9)])
    [row] = await outbox.claim("me", "phone", T, 10, 5)
    await outbox.finish("me", [sent(row, RowState.FAILED, detail="403")])
    standings = await alerts.channel_standings(["alert-1", "alert-7"])
    assert set(standings) == {"alert-1"}
    mail, phone = standings["alert-1"]
    assert mail == ChannelStanding(
        channel="mail", state=RowState.WAITING, reason=SendReason.REPEATED, at_ns=T + 9
    )
    assert (phone.channel, phone.state, phone.detail, phone.attempts) == ("phone", RowState.FAILED, "403", 1)
    assert phone.at_ns > T


def given(number=1, at=T, **changed):
    alert = an_alert(number)
    return Acknowledgement(
        key=alert.key,
        alert_id=alert.alert_id,
        severity=Severity.HIGH,
        author="lin",
        comment="on it",
        at_ns=at,
        until_ns=at + 60,
        **changed,
    )


async def test_the_last_acknowledgement_of_each_open_alert(store, alerts):
    await write(store, alerts, [a_transition(1), a_transition(2), a_transition(3)])
    for one in (given(1), given(2), given(1, T + 5), given(1, T + 5)):
        await alerts.add_acknowledgement(one)
    assert await alerts.acknowledgements() == (given(2), given(1, T + 5))
    await write(store, alerts, [a_transition(2, K.RESOLVED)])
    assert await alerts.acknowledgements() == (given(1, T + 5),)


async def test_old_acknowledgements_go_but_those_of_open_alerts(store, alerts):
    await write(store, alerts, [a_transition(1)])
    for number in (1, 2, 3, 4, 5):
        await alerts.add_acknowledgement(given(number))
    kept = await store.rows(select(ACKNOWLEDGEMENT.c.alert_id).order_by(ACKNOWLEDGEMENT.c.id))
    assert [row.alert_id for row in kept] == ["alert-1", "alert-4", "alert-5"]


async def test_text_that_no_database_takes_stops_nothing(store, alerts):
    await write(store, alerts, [a_transition(1, rule="a\x00b")])
    [found] = await store.rows(select(ALERT.c.rule, ALERT.c.alert))
    assert found.rule == "a\ufffdb"
    [back] = await alerts.open_alerts()
    assert back.rule == "a\x00b"

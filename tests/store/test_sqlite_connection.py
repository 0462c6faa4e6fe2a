"""How often a commit asks the database's thread, and that what was put off is kept or lost as a whole."""

import sqlite3

import pytest
import pytest_asyncio
from sqlalchemy import insert, select, text
from tests.store.samples import SECOND, T, a_delivery, a_row, a_told, a_transition, sent

from marginwatch.errors import ConnectivityError
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.outbox import StoredOutbox
from marginwatch.store.sqlite_connection import OneTripConnection
from marginwatch.store.tables import ALERT_TRANSITION, ALERTING_CLOCK


@pytest.fixture
def file(tmp_path):
    return tmp_path / "x.sqlite"


@pytest_asyncio.fixture
async def store(file):
    opened = await Store.open(file)
    yield opened
    await opened.close()


@pytest.fixture
def trips(monkeypatch):
    """What the thread was asked, in order."""
    found = []
    plain = OneTripConnection._execute

    async def counted(connection, ask, *arguments, **named):
        found.append(ask)
        return await plain(connection, ask, *arguments, **named)

    monkeypatch.setattr(OneTripConnection, "_execute", counted)
    return found


async def written(store, number):
    """Store one transition with a message for each of two channels."""
    one = a_transition(number, alert_id=f"alert-{number}")
    rows = [
        a_row(alert=one.alert, transition_id=one.transition_id, channel=name) for name in ("desk", "phone")
    ]
    async with store.transaction(is_urgent=True) as unit:
        await StoredAlerts(store).write(unit, [one], rows, is_new=True)


async def test_an_alert_with_its_messages_is_one_trip_and_what_came_of_an_attempt_two(store, trips):
    alerts = StoredAlerts(store)
    # Every fiftieth commit looks after the bounds of its tables as well.
    alerts._writes = 1
    one = a_transition(1)
    rows = [a_row(alert=one.alert, transition_id="fired-1", channel=name) for name in ("desk", "phone")]
    async with store.transaction(is_urgent=True) as unit:
        await alerts.write(unit, [one], rows, is_new=True)
    assert len(trips) == 1
    outbox = StoredOutbox(store)
    outbox._commits = 1
    claimed = await outbox.claim("me", "phone", T, 60 * SECOND, 10)
    trips.clear()
    await outbox.finish(
        "me", [sent(row) for row in claimed], deliveries=[a_delivery(claimed)], told=[a_told(1)]
    )
    assert len(trips) == 2
    [delivery] = await alerts.deliveries()
    assert delivery.value.row_ids == (claimed[0].row_id,)


async def test_what_is_asked_within_a_transaction_sees_what_was_added_before(store):
    async with store.transaction() as unit:
        await unit.connection.execute(insert(ALERTING_CLOCK), [{"id": 1, "judged_until_ns": 7}])
        assert (await unit.connection.execute(select(ALERTING_CLOCK.c.judged_until_ns))).scalar_one() == 7


async def judged(store, *then):
    """Add one row, then do what else is given, in one transaction."""
    async with store.transaction() as unit:
        await unit.connection.execute(insert(ALERTING_CLOCK), [{"id": 1, "judged_until_ns": 7}])
        for statement, values in then:
            await unit.connection.execute(statement, values)


async def test_a_statement_that_cannot_be_put_together_leaves_nothing(store, file):
    with pytest.raises(ConnectivityError, match="no such table"):
        await judged(store, (text("UPDATE nowhere SET attempts = :n"), {"n": 1}))
    await written(store, 2)
    assert await StoredAlerts(store).judged_until_ns() is None
    with sqlite3.connect(file) as looking:
        assert looking.execute("SELECT transition_id FROM alert_transition").fetchall() == [("fired-2",)]


async def test_an_addition_that_fails_at_the_commit_takes_all_of_it_along_and_nothing_else(store):
    await written(store, 1)
    names = ("transition_id", "kind", "at_ns", "alert_id", "key", "account_id", "alert")
    twice = dict(zip(names, ("fired-1", "fired", T, "a", "k", None, "{}"), strict=True))
    with pytest.raises(ConnectivityError, match="UNIQUE"):
        await judged(store, (insert(ALERT_TRANSITION), [twice]))
    assert await StoredAlerts(store).judged_until_ns() is None
    await written(store, 3)
    assert len(await StoredAlerts(store).transitions()) == 2


async def test_a_change_says_at_once_how_many_rows_it_changed(store):
    await written(store, 1)
    async with store.transaction() as unit:
        changed = await unit.connection.execute(text("UPDATE outbox SET attempts = 3"))
        assert changed.rowcount == 2

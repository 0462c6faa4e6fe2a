import pytest_asyncio
from sqlalchemy import select
from tests.store.samples import T

from marginwatch.model.silence import Matcher, Silence
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.retention import Retention
from marginwatch.store.tables import SILENCE


def a_silence(number, start=0, end=100, **changed):
    matchers = (
        Matcher("account", "mm-.*", is_pattern=True),
        Matcher("severity", "critical", is_negated=True),
    )
    return Silence(
        silence_id=f"s{number}",
        matchers=matchers,
        author="lin",
        comment="rebalancing",
        from_ns=T + start,
        until_ns=T + end,
        **changed,
    )


@pytest_asyncio.fixture
async def alerts(place):
    store = await Store.open(place, retention=Retention(ended_silences_max=2))
    yield StoredAlerts(store)
    await store.close()


async def test_silences_that_hold_or_will_come_back_as_they_were(alerts):
    for one in (
        a_silence(1),
        a_silence(2, 50, 200),
        a_silence(3, 0, 10),
        a_silence(4, 0, 100, ended_at_ns=T + 20),
    ):
        await alerts.add_silence(one)
    assert await alerts.silences(T + 9) == (
        a_silence(1),
        a_silence(3, 0, 10),
        a_silence(4, 0, 100, ended_at_ns=T + 20),
        a_silence(2, 50, 200),
    )
    assert await alerts.silences(T + 20) == (a_silence(1), a_silence(2, 50, 200))
    assert await alerts.silences(T + 200) == ()


async def test_a_silence_of_the_same_name_replaces_the_other(alerts):
    await alerts.add_silence(a_silence(1))
    await alerts.add_silence(a_silence(1, 0, 500))
    assert await alerts.silences(T) == (a_silence(1, 0, 500),)


async def test_a_silence_is_ended_once(alerts):
    await alerts.add_silence(a_silence(1))
    await alerts.add_silence(a_silence(2, 50, 60))
    assert await alerts.end_silence("s1", T + 5)
    assert not await alerts.end_silence("s1", T + 6)
    assert not await alerts.end_silence("s9", T + 6)
    assert await alerts.silences(T + 4) == (
        a_silence(1, ended_at_ns=T + 5),
        a_silence(2, 50, 60),
    )
    # One that has not begun can be ended as well, one that is over cannot.
    assert await alerts.end_silence("s2", T + 7)
    assert await alerts.silences(T + 7) == ()


async def test_ended_silences_are_bounded_and_others_are_not(alerts):
    for number in range(6):
        await alerts.add_silence(a_silence(number, 0, 10 + number))
    for number in range(10, 14):
        await alerts.add_silence(a_silence(number, 0, 1_000))
    await alerts.note_judged(T + 15)
    kept = await alerts._store.rows(
        select(SILENCE.c.silence_id).order_by(SILENCE.c.over_at_ns, SILENCE.c.silence_id)
    )
    assert [row.silence_id for row in kept] == ["s3", "s4", "s5", "s10", "s11", "s12", "s13"]

"""Samples of equity: added once, thinned out, found again by subject, by minute, and after a restart."""

import pytest_asyncio

from marginwatch.model.equity import EquitySample
from marginwatch.store import Store
from marginwatch.store.equity_minutes import EquityMinutes
from marginwatch.store.retention import Retention

NS = 1_000_000_000
HOUR_S, DAY_S = 3_600, 86_400
NOW_S = 20_000 * DAY_S


def sample(name, minute_s, usd=None, scope="account", **more):
    return EquitySample(scope=scope, name=name, minute_s=minute_s, equity_usd=usd, **more)


@pytest_asyncio.fixture
async def store(place):
    opened = await Store.open(place)
    yield opened
    await opened.close()


async def all_minutes(minutes, *args, **more):
    return [one async for one in minutes.minutes(*args, **more)]


async def test_a_sample_comes_back_as_it_was_and_the_first_of_a_minute_stays(store):
    minutes = EquityMinutes(store)
    full = EquitySample(
        scope="account",
        name="mm-1",
        minute_s=NOW_S,
        equity_usd=1.5,
        money_at_ns=NOW_S * NS + 123,
        initial_margin_usage=0.25,
        maintenance_margin_usage=0.125,
        liquidation_distance=0.5,
        long_usd=3.0,
        short_usd=4.0,
        pnl_usd=-0.5,
        growth_index=1.25,
        peak_index=1.5,
    )
    nothing = sample("mm-2", NOW_S)
    await minutes.add([full, nothing])
    await minutes.add([sample("mm-1", NOW_S, 99.0)])
    # Another process knows nothing of ids handed out before.
    again = EquityMinutes(store)
    await again.add([sample("mm-1", NOW_S, 98.0), sample("mm-3", NOW_S, 7.0)])
    assert await again.equity("mm-1", 0, NOW_S * NS) == (full,)
    assert await again.equity("mm-2", 0, NOW_S * NS) == (nothing,)
    assert await again.equity("mm-4", 0, NOW_S * NS) == ()
    assert await again.began_ns() == NOW_S * NS


async def test_a_name_that_cannot_be_stored_as_it_is_keeps_its_history(store):
    name, other = "mm\x00-1", "mm-2"
    minutes = EquityMinutes(store)
    await minutes.add([sample(name, NOW_S, 1.0), sample(other, NOW_S, 2.0)])
    await minutes.add([sample(name, NOW_S + 60, 3.0)])
    # Another process knows nothing of ids handed out before.
    await EquityMinutes(store).add([sample(name, NOW_S + 120, 4.0)])
    assert [one.equity_usd for one in await minutes.equity(name, 0, (NOW_S + 120) * NS)] == [1.0, 3.0, 4.0]
    assert await minutes.equity_at([name], [NOW_S]) == {name: {NOW_S: 1.0}}
    of_one = await all_minutes(minutes, 0, (NOW_S + 120) * NS, [name])
    assert [[one.equity_usd for one in samples] for _, samples in of_one] == [[1.0], [3.0], [4.0]]


async def test_desks_and_all_together_have_histories_of_their_own(store):
    minutes = EquityMinutes(store)
    await minutes.add(
        [sample("a", NOW_S, 1.0), sample("a", NOW_S, 2.0, "desk"), sample("", NOW_S, 3.0, "portfolio")]
    )
    for name, scope, usd in (("a", "account", 1.0), ("a", "desk", 2.0), (None, "account", 3.0)):
        assert [one.equity_usd for one in await minutes.equity(name, 0, NOW_S * NS, scope)] == [usd]
    only = await all_minutes(minutes, 0, NOW_S * NS, accounts=["a"])
    assert [(at, [(one.scope, one.equity_usd) for one in found]) for at, found in only] == [
        (NOW_S, [("account", 1.0)])
    ]


async def test_minutes_come_in_order_between_two_moments(store):
    minutes = EquityMinutes(store)
    for k in (3, 1, 2, 5):
        await minutes.add([sample(name, NOW_S + 60 * k, float(k)) for name in ("a", "b")])
    found = await all_minutes(minutes, (NOW_S + 60) * NS + 1, (NOW_S + 300) * NS)
    assert [(at - NOW_S, [one.name for one in of]) for at, of in found] == [
        (120, ["a", "b"]),
        (180, ["a", "b"]),
        (300, ["a", "b"]),
    ]
    assert [
        one.minute_s - NOW_S for one in await minutes.equity("a", (NOW_S + 60) * NS, (NOW_S + 180) * NS)
    ] == [
        60,
        120,
        180,
    ]


async def test_the_last_sample_of_each_is_found_however_long_ago_unless_it_has_no_number(store):
    minutes = EquityMinutes(store)
    await minutes.add([sample("old", NOW_S - 9 * HOUR_S, 1.0), sample("silent", NOW_S - 60, 2.0)])
    await minutes.add([sample("silent", NOW_S), sample("new", NOW_S, 3.0), sample("later", NOW_S + 60, 4.0)])
    found = {one.name: one.equity_usd for one in await minutes.last_samples(NOW_S, NOW_S - DAY_S)}
    assert found == {"old": 1.0, "silent": 2.0, "new": 3.0}
    found = {one.name: one.equity_usd for one in await minutes.last_samples(NOW_S, NOW_S - HOUR_S)}
    assert found == {"silent": 2.0, "new": 3.0}


async def test_old_minutes_are_thinned_to_hours_and_old_hours_go(place):
    kept = Retention(minute_days_max=1, hour_days_max=3, minute_rows_max=10_000, hour_rows_max=10_000)
    store = await Store.open(place, retention=kept)
    minutes = EquityMinutes(store)
    await minutes.add([sample("a", NOW_S - at_s, 1.0) for at_s in range(0, 4 * DAY_S, 900)])
    await minutes.thin(NOW_S)
    left = [one.minute_s - NOW_S for one in await minutes.equity("a", 0, NOW_S * NS)]
    hours = [-at_s for at_s in range(3 * DAY_S, DAY_S, -HOUR_S)]
    assert left == [*hours, *range(-DAY_S, 1, 900)]
    # What grows old from now on goes as well.
    later_s = NOW_S + 2 * HOUR_S
    await minutes.add([sample("a", later_s, 1.0)])
    await minutes.thin(later_s)
    left = [one.minute_s - NOW_S for one in await minutes.equity("a", 0, later_s * NS)]
    assert left[0] == -3 * DAY_S + 2 * HOUR_S
    assert -DAY_S + HOUR_S + 900 not in left
    assert -DAY_S + 2 * HOUR_S + 900 in left
    await store.close()


async def test_many_accounts_share_the_rows(place):
    store = await Store.open(place, retention=Retention(minute_rows_max=20, hour_rows_max=20))
    minutes = EquityMinutes(store)
    for k in range(12):
        await minutes.add([sample(name, NOW_S + 60 * k, 1.0) for name in "abcd"])
    await minutes.thin(NOW_S + 660)
    found = await all_minutes(minutes, 0, (NOW_S + 660) * NS)
    # The last five minutes of four accounts, and before them the full hour.
    assert [at - NOW_S for at, _ in found] == [0, 360, 420, 480, 540, 600, 660]
    await store.close()

"""Closes kept, found again after a restart, and bounded."""

import pytest
import pytest_asyncio

from marginwatch.model.ids import Asset, VenueId
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.store import Store
from marginwatch.store.price_closes import PriceCloses
from marginwatch.store.retention import Retention

HOUR_S = 3_600
BTC = PriceSeries(VenueId("bybit"), "linear", "BTCUSDT", Asset("BTC"), HOUR_S)
ETH = PriceSeries(VenueId("bybit"), "linear", "ETHUSDT", Asset("ETH"), HOUR_S)
DAILY = PriceSeries(VenueId("bybit"), "linear", "BTCUSDT", Asset("BTC"), 86_400)


def closes(first, last):
    return [PriceClose(hour * HOUR_S, f"{hour}.50") for hour in range(first, last + 1)]


@pytest_asyncio.fixture
async def store(place):
    opened = await Store.open(place, retention=Retention(hourly_closes_max=10))
    yield opened
    await opened.close()


async def test_what_was_added_is_there_after_a_restart(place):
    first = await Store.open(place)
    await PriceCloses(first).add(BTC, closes(1, 5))
    await PriceCloses(first).add(ETH, closes(2, 3))
    await PriceCloses(first).add(DAILY, [PriceClose(86_400, "7")])
    await first.close()
    second = await Store.open(place)
    kept = PriceCloses(second)
    assert await kept.last_ends(VenueId("bybit")) == {BTC: 5 * HOUR_S, ETH: 3 * HOUR_S, DAILY: 86_400}
    assert await kept.last_ends(VenueId("okx")) == {}
    assert await kept.closes(HOUR_S) == {BTC: tuple(closes(1, 5)), ETH: tuple(closes(2, 3))}
    await second.close()


async def test_a_close_that_is_known_is_replaced_and_none_is_doubled(store):
    kept = PriceCloses(store)
    await kept.add(BTC, closes(1, 4))
    await kept.add(
        BTC, [PriceClose(4 * HOUR_S, "9"), PriceClose(5 * HOUR_S, "8"), PriceClose(5 * HOUR_S, "7")]
    )
    found = (await kept.closes(HOUR_S))[BTC]
    assert [(one.ended_at_s // HOUR_S, one.close) for one in found] == [
        (1, "1.50"),
        (2, "2.50"),
        (3, "3.50"),
        (4, "9"),
        (5, "7"),
    ]


async def test_the_oldest_go_beyond_the_bound_of_each_series(store):
    kept = PriceCloses(store)
    await kept.add(ETH, closes(1, 3))
    await kept.add(BTC, closes(1, 25))
    await kept.add(BTC, closes(26, 27))
    found = await kept.closes(HOUR_S)
    assert [one.ended_at_s // HOUR_S for one in found[BTC]] == list(range(18, 28))
    assert len(found[ETH]) == 3


async def test_nothing_to_add_is_nothing(store):
    await PriceCloses(store).add(BTC, [])
    assert await PriceCloses(store).closes(HOUR_S) == {}


@pytest.mark.parametrize("interval_s", [HOUR_S, 86_400])
async def test_intervals_are_kept_apart(store, interval_s):
    kept = PriceCloses(store)
    await kept.add(BTC, closes(1, 2))
    await kept.add(DAILY, [PriceClose(86_400, "7")])
    assert {one.interval_s for one in await kept.closes(interval_s)} == {interval_s}

"""The keeper that forgets keeps what the one on disk keeps."""

import pytest

from marginwatch.collect.closes_in_memory import ROWS_MAX, ClosesInMemory
from marginwatch.model.ids import Asset, VenueId
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.store import Store
from marginwatch.store.price_closes import PriceCloses
from marginwatch.store.retention import Retention

BTC = PriceSeries(VenueId("bybit"), "linear", "BTCUSDT", Asset("BTC"), 3_600)
DAILY = PriceSeries(VenueId("bybit"), "linear", "BTCUSDT", Asset("BTC"), 86_400)
OTHER = PriceSeries(VenueId("okx"), "swap", "BTC-USDT-SWAP", Asset("BTC"), 3_600)


@pytest.mark.parametrize("n", [0, 1, 5, ROWS_MAX + 7])
async def test_it_answers_as_the_store_does(tmp_path, n):
    store = await Store.open(tmp_path / "x.sqlite", retention=Retention(hourly_closes_max=ROWS_MAX))
    keepers = ClosesInMemory(), PriceCloses(store)
    for keeper in keepers:
        await keeper.add(BTC, [PriceClose(3_600 * number, str(number)) for number in range(1, n + 1)])
        await keeper.add(BTC, [PriceClose(3_600, "changed")] if n == 5 else [])
        await keeper.add(DAILY, [PriceClose(86_400, "7")])
        await keeper.add(OTHER, [PriceClose(3_600, "8")])
    ours, theirs = keepers
    for venue in ("bybit", "okx", "none"):
        assert await ours.last_ends(VenueId(venue)) == await theirs.last_ends(VenueId(venue))
    for interval_s in (3_600, 86_400):
        assert await ours.closes(interval_s) == await theirs.closes(interval_s)
    await store.close()

"""Kept closes as series."""

import numpy as np

from marginwatch.model.ids import Asset, VenueId
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.risk.history.kept import series_by_coin


def series(symbol, coin="BTC", category="linear"):
    return PriceSeries(VenueId("bybit"), category, symbol, Asset(coin), 3_600)


def closes(n):
    return [PriceClose(3_600 * number, str(number)) for number in range(1, n + 1)]


def test_each_coin_has_the_longest_of_its_series():
    found = series_by_coin(
        {
            series("BTCUSDT"): closes(3),
            series("BTCUSD", category="inverse"): closes(5),
            series("ETHUSDT", "ETH"): closes(1),
        }
    )
    assert {one.name: one.closes.tolist() for one in found} == {"BTC": [1, 2, 3, 4, 5], "ETH": [1]}
    assert found[0].times_s.dtype == np.int64


def test_of_two_equally_long_ones_it_is_always_the_same():
    kept = {series("A"): closes(2), series("B"): [PriceClose(3_600, "7"), PriceClose(7_200, "8")]}
    both = series_by_coin(kept), series_by_coin(dict(reversed(kept.items())))
    assert both[0][0].closes.tolist() == both[1][0].closes.tolist()


def test_what_is_no_number_is_a_hole_and_nothing_is_nothing():
    found = series_by_coin({series("BTCUSDT"): [PriceClose(3_600, "x"), PriceClose(7_200, "5")]})
    assert np.isnan(found[0].closes[0])
    assert series_by_coin({}) == ()


def test_a_contract_that_is_traded_no_more_gives_way_to_a_shorter_one_that_is():
    renamed = [PriceClose(3_600 * number, str(number)) for number in range(8, 11)]
    kept = {
        series("OLDUSDT", "NEW"): closes(6),
        series("NEWUSDT", "NEW"): renamed,
        series("BTCUSDT"): closes(10),
    }
    found = {one.name: one.closes.tolist() for one in series_by_coin(kept)}
    assert found["NEW"] == [8, 9, 10]
    # A top-up under way is no end, and a dead coin keeps what it has.
    late = {series("A"): closes(7), series("B"): closes(10)[5:], series("DEAD", "DEAD"): closes(2)}
    found = {one.name: one.closes.tolist() for one in series_by_coin(late)}
    assert (len(found["BTC"]), found["DEAD"]) == (7, [1, 2])

import pytest

from marginwatch.venues.bybit.parse.instruments import parse_instruments

PERPETUAL = {
    "symbol": "BTCUSDT",
    "contractType": "LinearPerpetual",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "settleCoin": "USDT",
    "deliveryTime": "0",
    "priceFilter": {"tickSize": "0.10"},
    "lotSizeFilter": {"qtyStep": "0.001"},
    "fundingInterval": 480,
    "preListingInfo": None,
}


def only(raw, catalog, category="linear", **changes):
    page = parse_instruments(raw({"list": [PERPETUAL | changes], "category": category}), catalog)
    assert page.failures == ()
    return page.rows[0]


def test_a_perpetual(raw, catalog) -> None:
    found = only(raw, catalog)
    assert (found.instrument_id, found.instrument_kind) == ("bybit:linear:BTCUSDT", "perpetual")
    assert (found.tick_size, found.quantity_step, found.status) == ("0.10", "0.001", "trading")
    assert (found.funding_interval_s, found.expiry_ns, found.is_inferred) == (8 * 3600, None, False)


def test_contracts_by_the_thousand_group_with_their_coin(result_of, catalog) -> None:
    page = parse_instruments(result_of("rest_instruments_linear_2023.json"), catalog)
    bonk = next(one for one in page.rows if one.venue_symbol == "1000BONKUSDT")
    assert (bonk.base_asset, bonk.underlying_asset, bonk.multiplier) == ("1000BONK", "BONK", "1")


def test_a_perpetual_with_a_delivery_time_does_not_expire(result_of, catalog) -> None:
    (found,) = parse_instruments(result_of("rest_instruments_inverse_nautilus.json"), catalog).rows
    assert (found.expiry_ns, found.category, found.is_inverse) == (None, "inverse", True)


def test_a_future_and_an_option_expire(raw, result_of, catalog) -> None:
    future = only(raw, catalog, contractType="LinearFutures", deliveryTime="1740124800000")
    assert (future.expiry_ns, future.funding_interval_s) == (1740124800000_000_000, None)
    (option,) = parse_instruments(result_of("rest_instruments_option_usdt_settled_docs.json"), catalog).rows
    assert (option.strike_price, option.option_kind, option.expiry_ns) == (
        "70000",
        "put",
        1774598400000_000_000,
    )


def test_a_spot_pair(raw, catalog) -> None:
    pair = only(
        raw,
        catalog,
        category="spot",
        contractType=None,
        settleCoin=None,
        lotSizeFilter={"basePrecision": "0.000001"},
    )
    assert (pair.instrument_id, pair.settle_asset, pair.quantity_step) == (
        "bybit:spot:BTCUSDT",
        "USDT",
        "0.000001",
    )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"contractType": "LinearOption"}, "contractType"),
        ({"contractType": None}, "contractType"),
        ({"deliveryTime": "later", "contractType": "LinearFutures"}, "deliveryTime"),
        ({"baseCoin": None}, "baseCoin"),
        ({"symbol": ""}, "symbol"),
        ({"priceFilter": {"tickSize": "x"}}, "tickSize"),
        ({"contractType": None, "optionsType": "Straddle"}, "optionsType"),
    ],
)
def test_a_contract_that_makes_no_sense_costs_only_itself(raw, catalog, changes, named) -> None:
    page = parse_instruments(raw({"list": [PERPETUAL | changes, PERPETUAL], "category": "linear"}), catalog)
    assert len(page.rows) == 1
    assert named in page.failures[0].message

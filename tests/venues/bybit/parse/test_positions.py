import json
from decimal import Decimal

import msgspec
import pytest

from marginwatch.model.position import Greeks
from marginwatch.venues.bybit.parse.positions import parse_positions

LONG = {
    "positionIdx": 0,
    "symbol": "BTCUSDT",
    "side": "Buy",
    "size": "0.5",
    "avgPrice": "50000.00",
    "markPrice": "50500.0",
    "liqPrice": "45000",
    "leverage": "10",
    "positionIM": "2500",
    "positionMM": "250",
    "unrealisedPnl": "250",
    "updatedTime": "1697673600012",
    "seq": 7,
}


def parse(catalog, *rows, category="linear"):
    result = msgspec.Raw(json.dumps({"list": list(rows), "nextPageCursor": ""}).encode())
    return parse_positions(result, category, catalog)


def only(catalog, category="linear", **changes):
    page = parse(catalog, LONG | changes, category=category)
    assert page.failures == ()
    return page.rows[0]


def failure(catalog, **changes):
    page = parse(catalog, LONG | changes)
    assert page.rows == ()
    return page.failures[0]


def test_every_field_lands_in_its_place(catalog) -> None:
    position = only(
        catalog,
        positionStatus="Liq",
        isReduceOnly=True,
        adlRankIndicator=4,
        autoAddMargin=1,
        riskId=3,
        riskLimitValue="2000000",
        takeProfit="60000",
        stopLoss="40000.5",
        trailingStop="100",
        curRealisedPnl="-1.5",
        sessionAvgPrice="49999",
        mmrSysUpdatedTime="1700000000000",
        openTime=1690000000000,
        tradeMode=1,
    )
    assert msgspec.structs.asdict(position) | {"instrument": None} == {
        "instrument": None,
        "position_side": "net",
        "quantity": "0.5",
        "entry_price": "50000.00",
        "mark_price": "50500.0",
        "unrealized_pnl": "250",
        "initial_margin": "2500",
        "maintenance_margin": "250",
        "liquidation_price": "45000",
        "leverage_setting": "10",
        "margin_mode": "isolated",
        "status": "liquidating",
        "is_reduce_only": True,
        "adl_rank": 4,
        "auto_add_margin": True,
        "risk_limit": "2000000",
        "take_profit": "60000",
        "stop_loss": "40000.5",
        "trailing_stop": "100",
        "realized_pnl": "-1.5",
        "session_average_price": "49999",
        "greeks": None,
        "margin_change_at_ns": 1700000000000_000_000,
        "opened_at_ns": 1690000000000_000_000,
        "sequence": 7,
        "ts_venue_ns": 1697673600012_000_000,
    }
    assert position.instrument.instrument_id == "bybit:linear:BTCUSDT"


@pytest.mark.parametrize(
    ("side", "index", "quantity", "leg"),
    [
        ("Buy", 0, "0.5", "net"),
        ("Sell", 0, "-0.5", "net"),
        ("Buy", 1, "0.5", "long"),
        ("Sell", 2, "-0.5", "short"),
        ("Sell", "2", "-0.5", "short"),
    ],
)
def test_side_and_leg_give_the_sign(catalog, side, index, quantity, leg) -> None:
    position = only(catalog, side=side, positionIdx=index)
    assert (position.quantity, position.position_side) == (quantity, leg)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"side": "Sell", "positionIdx": 1}, "side"),
        ({"side": "Buy", "positionIdx": 2}, "side"),
        ({"side": "None"}, "side"),
        ({"side": ""}, "side"),
        ({"side": None}, "side"),
        ({"side": "buy"}, "side"),
        ({"positionIdx": 3}, "positionIdx"),
        ({"positionIdx": "x"}, "positionIdx"),
        ({"size": "-0.5"}, "size"),
        ({"size": ""}, "size"),
        ({"size": "abc"}, "size"),
        ({"size": "nan"}, "size"),
        ({"size": "1e999"}, "size"),
        ({"size": 0.5}, "size"),
        ({"size": None}, "size"),
        ({"avgPrice": "1,5"}, "avgPrice"),
        ({"markPrice": "inf"}, "markPrice"),
        ({"markPrice": {}}, "markPrice"),
        ({"positionMM": "--1"}, "positionMM"),
        ({"takeProfit": "x"}, "takeProfit"),
        ({"updatedTime": "yesterday"}, "updatedTime"),
        ({"updatedTime": "9" * 30}, "updatedTime"),
        ({"openTime": "x"}, "openTime"),
        ({"mmrSysUpdatedTime": "x"}, "mmrSysUpdatedTime"),
        ({"seq": 2**70}, "seq"),
        ({"seq": "x"}, "seq"),
        ({"adlRankIndicator": "x"}, "adlRankIndicator"),
        ({"symbol": 5}, "symbol"),
    ],
)
def test_a_row_that_makes_no_sense_is_a_failure_that_names_the_field(catalog, changes, named) -> None:
    found = failure(catalog, **changes)
    assert found.reason == "protocol"
    assert named in found.message
    assert found.subject == ("row 0" if named == "symbol" else "BTCUSDT")


@pytest.mark.parametrize("field", ["positionIdx", "symbol", "side", "size"])
def test_a_row_without_its_identity_is_a_failure(catalog, field) -> None:
    page = parse(catalog, {name: value for name, value in LONG.items() if name != field})
    assert page.rows == ()
    assert field in page.failures[0].message


def test_one_bad_row_costs_only_itself(catalog) -> None:
    page = parse(catalog, LONG, LONG | {"symbol": "ETHUSDT", "size": "?"}, LONG | {"symbol": "SOLUSDT"})
    assert [position.instrument.venue_symbol for position in page.rows] == ["BTCUSDT", "SOLUSDT"]
    assert [found.subject for found in page.failures] == ["ETHUSDT"]


@pytest.mark.parametrize("size", ["0", "0.00", "0.000000000000"])
@pytest.mark.parametrize("side", ["", "None", None, "Sell"])
def test_a_flat_row_is_kept_and_holds_no_price_of_its_own(catalog, size, side) -> None:
    position = only(
        catalog, size=size, side=side, positionIdx=2, avgPrice="0", liqPrice="0", adlRankIndicator=0
    )
    assert (position.quantity, position.position_side) == ("0", "short")
    assert (position.entry_price, position.liquidation_price, position.adl_rank) == (None, None, None)


@pytest.mark.parametrize(
    "liquidation", ["", "0", "0.00", "999999", "999999.00", "9999999", "99999999.9999", None]
)
def test_a_price_out_of_reach_is_no_liquidation_price(catalog, liquidation) -> None:
    assert only(catalog, liqPrice=liquidation).liquidation_price is None


@pytest.mark.parametrize("liquidation", ["9999.99", "99999", "999998.5", "0.0001"])
def test_a_real_liquidation_price_is_kept(catalog, liquidation) -> None:
    assert only(catalog, liqPrice=liquidation).liquidation_price == liquidation


def test_empty_texts_are_none_everywhere(catalog) -> None:
    texts = [
        "avgPrice",
        "markPrice",
        "liqPrice",
        "leverage",
        "positionIM",
        "positionMM",
        "unrealisedPnl",
        "curRealisedPnl",
        "sessionAvgPrice",
        "riskLimitValue",
        "takeProfit",
        "stopLoss",
        "trailingStop",
        "positionStatus",
        "mmrSysUpdatedTime",
        "updatedTime",
        "openTime",
        "seq",
        "adlRankIndicator",
        "autoAddMargin",
    ]
    position = only(catalog, **dict.fromkeys(texts, ""))
    fields = msgspec.structs.asdict(position)
    kept = {"instrument", "position_side", "quantity", "status"}
    assert {name: value for name, value in fields.items() if value is not None}.keys() == kept
    assert position.status == "normal"


def test_portfolio_margin_rows_have_no_margins_and_no_risk_limit(catalog) -> None:
    position = only(
        catalog, leverage="", positionIM="", positionMM="", liqPrice="", riskId=0, riskLimitValue="0"
    )
    assert position.initial_margin is None
    assert position.risk_limit is None


@pytest.mark.parametrize(("sent", "sequence"), [(-1, None), ("-1", None), ("", None), (0, 0), ("12", 12)])
def test_sequence(catalog, sent, sequence) -> None:
    assert only(catalog, seq=sent).sequence == sequence


def test_an_unknown_status_is_kept_in_lower_case(catalog) -> None:
    assert only(catalog, positionStatus="Frozen").status == "frozen"


def test_both_spellings_of_the_announced_change(catalog) -> None:
    assert only(catalog, mmrSysUpdateTime="1700000000000").margin_change_at_ns == 1700000000000_000_000


def test_greeks_belong_to_options_only(catalog) -> None:
    greeks = {"delta": "0.5", "gamma": "0.001", "vega": "", "theta": "-3"}
    option = only(catalog, category="option", symbol="ETH-28FEB25-2800-C", **greeks)
    assert option.greeks == Greeks(delta="0.5", gamma="0.001", vega=None, theta="-3")
    assert only(catalog, **greeks).greeks is None
    page = parse(catalog, LONG | {"symbol": "ETH-28FEB25-2800-C", "delta": "x"}, category="option")
    assert "delta" in page.failures[0].message


def test_the_last_of_two_equal_keys_counts_and_unknown_keys_are_ignored(catalog) -> None:
    row = json.dumps(LONG | {"brandNew": [1, {"deep": None}]})[:-1] + ',"size":"2"}'
    page = parse_positions(msgspec.Raw(f'{{"list":[{row}]}}'.encode()), "linear", catalog)
    assert page.rows[0].quantity == "2"


def test_the_cursor_is_passed_on_as_it_came(result_of, catalog) -> None:
    page = parse_positions(result_of("rest_position_linear_ltc_long.json"), "linear", catalog)
    assert page.next_cursor == "LTCUSDT%2C1699948800031%2C0"
    assert (
        parse_positions(result_of("rest_position_inverse_empty_list.json"), None, catalog).next_cursor is None
    )


def test_an_inverse_short_agrees_with_its_own_profit(result_of, catalog) -> None:
    # Profit of an inverse short is quantity × (1/mark − 1/entry), in the coin.
    position = parse_positions(result_of("rest_position_inverse_btcusd_short_docs.json"), None, catalog).rows[
        0
    ]
    assert (position.instrument.is_inverse, position.instrument.settle_asset) == (True, "BTC")
    profit = 300 * (1 / Decimal(position.mark_price or 0) - 1 / Decimal(position.entry_price or 0))
    assert round(profit, 8) == Decimal(position.unrealized_pnl or 0)


def test_without_a_category_the_symbol_tells_it_or_the_row_fails(catalog) -> None:
    page = parse(catalog, LONG | {"symbol": "BTCUSD"}, LONG | {"symbol": "NOSUCHTHING"}, category=None)
    assert [position.instrument.category for position in page.rows] == ["inverse"]
    assert "category" in page.failures[0].message

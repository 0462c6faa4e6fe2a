import json
from decimal import Decimal

import msgspec
import pytest

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.tiers import deductions, parse_tiers, parse_tiers_v2


def row(limit, maintenance, initial, leverage, symbol="BTCUSD", **more):
    return {
        "symbol": symbol,
        "riskLimitValue": limit,
        "maintenanceMargin": maintenance,
        "initialMargin": initial,
        "maxLeverage": leverage,
    } | more


def test_fractions_stay_as_they_were_sent(result_of, catalog) -> None:
    tiers = parse_tiers(result_of("rest_risk_limit_btcusdt_2023.json"), "linear", catalog).rows
    assert [tier.tier for tier in tiers] == list(range(1, len(tiers) + 1))
    assert (tiers[1].initial_margin_rate, tiers[1].maintenance_margin_rate) == ("0.0111", "0.0056")
    assert (tiers[1].limit, tiers[1].max_leverage, tiers[1].maintenance_deduction) == (
        "2600000",
        "90.00",
        None,
    )


def test_percent_becomes_fractions(raw, result_of, catalog) -> None:
    page = parse_tiers(raw({"list": [row("150", "0.5", "1", "100.00", mmDeduction="")]}), "inverse", catalog)
    (tier,) = page.rows
    assert (tier.initial_margin_rate, tier.maintenance_margin_rate) == ("0.01", "0.005")
    old = parse_tiers_v2(result_of("rest_risk_limit_inverse_v2_fragment.json"), None, catalog).rows
    assert [(t.limit, t.initial_margin_rate, t.maintenance_margin_rate) for t in old] == [
        ("150", "0.01", "0.005"),
        ("300", "0.015", "0.01"),
        ("450", "0.02", "0.015"),
    ]
    assert old[0].instrument_id == "bybit:inverse:BTCUSD"


def test_tiers_are_sorted_by_their_limits_within_each_contract(raw, catalog) -> None:
    rows = [
        row("300", "1", "2", "50", mmDeduction="0.75"),
        row("2000000", "0.005", "0.01", "100", symbol="BTCUSDT"),
        row("150", "0.5", "1", "100"),
    ]
    page = parse_tiers(raw({"list": rows}), None, catalog)
    found = [(t.venue_symbol, t.tier, t.limit, t.maintenance_deduction) for t in page.rows]
    assert found == [
        ("BTCUSD", 1, "150", None),
        ("BTCUSD", 2, "300", "0.75"),
        ("BTCUSDT", 1, "2000000", None),
    ]


def test_json_numbers_keep_their_digits(catalog) -> None:
    body = (
        b'{"list":[{"symbol":"BTCUSDT","riskLimitValue":2000000,"maintenanceMargin":0.0050,'
        b'"initialMargin":0.010,"maxLeverage":100.0}]}'
    )
    (tier,) = parse_tiers(msgspec.Raw(body), "linear", catalog).rows
    assert (tier.limit, tier.maintenance_margin_rate) == ("2000000", "0.0050")


@pytest.mark.parametrize(
    "bad",
    [
        row("300", "x", "2", "50"),
        row("", "1", "2", "50"),
        row("300", "", "2", "50"),
        row("300", True, "2", "50"),
        row("NaN", "1", "2", "50"),
        {"symbol": "BTCUSD"},
    ],
)
def test_a_table_with_a_bad_row_is_left_out_whole(raw, catalog, bad) -> None:
    good = row("2000000", "0.005", "0.01", "100", symbol="BTCUSDT")
    page = parse_tiers(raw({"list": [row("150", "0.5", "1", "100"), bad, good]}), None, catalog)
    assert [tier.venue_symbol for tier in page.rows] == ["BTCUSDT"]
    assert [failure.subject for failure in page.failures] == ["BTCUSD"]


def test_a_unit_that_cannot_be_told_is_a_failure_not_a_guess(raw, catalog) -> None:
    page = parse_tiers(raw({"list": [row("150", "0.5", "1", "10")]}), None, catalog)
    assert page.rows == ()
    assert "fraction" in page.failures[0].message


def test_deductions_are_the_published_ones(payload, raw, catalog) -> None:
    # The exchange's own table of 2025, with the deductions it publishes.
    published = json.loads(payload("tiers_btcusdt_margin_parameters.json"))["tiers"]
    rows = [
        row(str(limit), str(rate), str(Decimal(1) / leverage), str(leverage), symbol="BTCUSDT")
        for limit, leverage, rate, _ in published
    ]
    tiers = parse_tiers(raw({"list": rows}), "linear", catalog).rows
    assert [Decimal(text) for text in deductions(tiers)] == [deduction for *_, deduction in published]
    assert deductions(()) == ()


def test_an_absent_list_is_an_error(raw, catalog) -> None:
    with pytest.raises(ProtocolError, match="list"):
        parse_tiers(raw({}), "linear", catalog)

"""Candles of the documents, and rows that are none."""

import json

import msgspec
import pytest

from marginwatch.errors import ProtocolError
from marginwatch.model.price_history import PriceClose
from marginwatch.venues.bybit.parse.candles import parse_candles

# The document's example, v5/market/kline, as of 2026-07.
RESULT = {
    "symbol": "BTCUSD",
    "category": "inverse",
    "list": [
        ["1670608800000", "17071", "17073", "17027", "17055.5", "268611", "15.74462667"],
        ["1670605200000", "17071.5", "17071.5", "17061", "17071", "4177", "0.24469757"],
        ["1670601600000", "17086.5", "17088", "16978", "17071.5", "6356", "0.37288112"],
    ],
}


def raw(result):
    return msgspec.Raw(json.dumps(result).encode())


def test_the_documents_example_is_three_closes_at_the_ends_of_their_hours():
    page = parse_candles(raw(RESULT), 3_600)
    assert page.rows == (
        PriceClose(1_670_612_400, "17055.5"),
        PriceClose(1_670_608_800, "17071"),
        PriceClose(1_670_605_200, "17071.5"),
    )
    assert page.failures == ()


@pytest.mark.parametrize(
    "row",
    [
        [],
        ["1670608800000"],
        ["", "1", "1", "1", "1"],
        ["1670608800001", "1", "1", "1", "1"],
        ["1670608860000", "1", "1", "1", "1"],
        ["1670608800000", "1", "1", "1", ""],
        ["1670608800000", "1", "1", "1", "0.00"],
        ["1670608800000", "1", "1", "1", "-5"],
        ["1670608800000", "1", "1", "1", "NaN"],
        [1670608800000, 1, 1, 1, 1],
        {"start": 1},
    ],
)
def test_a_row_that_is_no_candle_costs_only_itself(row):
    page = parse_candles(raw({**RESULT, "list": [RESULT["list"][0], row]}), 3_600)
    assert len(page.rows) == 1
    assert len(page.failures) == 1


@pytest.mark.parametrize("broken", [{}, {"list": None}, {"list": 5}])
def test_no_list_is_an_error(broken):
    with pytest.raises(ProtocolError):
        parse_candles(raw(broken), 3_600)


def test_there_is_no_price_in_an_empty_list():
    assert parse_candles(raw({"list": []}), 86_400).rows == ()

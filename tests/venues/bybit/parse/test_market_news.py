"""Public topics beside tickers: examples of the venue's documents, and what must be refused."""

import json

import pytest

from marginwatch.errors import ProtocolError
from marginwatch.model.events import AdlAlertsUpdate, InsurancePoolsUpdate, LiquidationsSeen
from marginwatch.model.market import BookChange
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.market_news import parse_market_frame
from marginwatch.venues.bybit.stream import BybitStream

BOOK = {
    "topic": "orderbook.50.AAPLUSDT",
    "type": "delta",
    "ts": 1790134716101,
    "data": {"s": "AAPLUSDT", "b": [["340.82", "3.37"]], "a": [], "u": 29443257, "seq": 301632783305},
    "cts": 1790134716094,
}
LIQUIDATION = {
    "topic": "allLiquidation.ROSEUSDT",
    "type": "snapshot",
    "ts": 1739502303204,
    "data": [{"T": 1739502302929, "s": "ROSEUSDT", "S": "Sell", "v": "20000", "p": "0.04499"}],
}
POOL = {
    "topic": "insurance.USDT",
    "type": "delta",
    "ts": 1747722930000,
    "data": [
        {"coin": "USDT", "symbols": "GRIFFAINUSDT, XLMUSDT", "balance": "25.7", "updateTime": "1747722930000"}
    ],
}
ALERT = {
    "topic": "adlAlert.USDT",
    "type": "snapshot",
    "ts": 1757736794000,
    "data": [
        {
            "c": "USDT",
            "s": "FWOGUSDT",
            "b": 18837.75,
            "mb": "",
            "i_pr": -0.3,
            "pr": -0.31,
            "adl_tt": 10000,
            "adl_sr": -0.25,
        }
    ],
}


def parse(frame, category="linear"):
    data = frame if isinstance(frame, bytes) else json.dumps(frame, separators=(",", ":")).encode()
    return parse_market_frame(data, category, "bybit", InstrumentCatalog("bybit"), 7)


def test_an_order_book_s_levels_stay_exact_texts():
    said = parse(BOOK)
    assert isinstance(said, BookChange)
    assert (said.bids, said.asks, said.number) == ((("340.82", "3.37"),), (), 29443257)
    assert (said.is_snapshot, said.instrument.venue_symbol) == (False, "AAPLUSDT")
    assert said.ts_venue_ns == 1790134716101 * 1_000_000


def test_a_liquidation_names_the_position_that_was_taken_over():
    said = parse(LIQUIDATION)
    assert isinstance(said, LiquidationsSeen)
    (one,) = said.liquidations
    assert (one.position_side, one.quantity, one.bankruptcy_price) == ("short", "20000", "0.04499")
    assert one.ts_venue_ns == 1739502302929 * 1_000_000
    bought = json.loads(json.dumps(LIQUIDATION).replace("Sell", "Buy"))
    assert parse(bought).liquidations[0].position_side == "long"


def test_insurance_pools_name_their_contracts():
    said = parse(POOL)
    assert isinstance(said, InsurancePoolsUpdate)
    assert (said.pools[0].balance, said.pools[0].venue_symbols) == ("25.7", ("GRIFFAINUSDT", "XLMUSDT"))


@pytest.mark.parametrize(
    ("changes", "is_triggered"),
    [
        ({}, True),
        ({"pr": -0.29}, False),
        ({"b": 9_000.0}, False),  # below the threshold the ratio does not count
        ({"b": 0}, True),
        ({"b": "-5", "pr": None}, True),
        ({"pr": ""}, False),
    ],
)
def test_an_alert_is_triggered_by_the_documented_conditions(changes, is_triggered):
    frame = ALERT | {"data": [ALERT["data"][0] | changes]}
    said = parse(frame)
    assert isinstance(said, AdlAlertsUpdate)
    assert said.alerts[0].is_triggered is is_triggered


@pytest.mark.parametrize(
    "frame",
    [
        BOOK | {"type": "patch"},
        BOOK | {"data": BOOK["data"] | {"b": [["340.82"]]}},
        BOOK | {"data": BOOK["data"] | {"b": [["x", "1"]]}},
        BOOK | {"data": BOOK["data"] | {"b": [["", "1"]]}},
        BOOK | {"data": BOOK["data"] | {"b": [["1", "-1"]]}},
        BOOK | {"data": BOOK["data"] | {"u": "x"}},
        LIQUIDATION | {"data": [LIQUIDATION["data"][0] | {"S": "Both"}]},
        LIQUIDATION | {"data": [LIQUIDATION["data"][0] | {"v": ""}]},
        POOL | {"data": [POOL["data"][0] | {"balance": ""}]},
        ALERT | {"data": [ALERT["data"][0] | {"b": "much"}]},
        ALERT | {"data": [ALERT["data"][0] | {"b": ""}]},
        ALERT | {"topic": "tickers.BTCUSDT"},
        ALERT | {"topic": "publicTrade.BTCUSDT"},
        b'{"topic":"orderbook.50.BTCUSDT",',
        b'{"topic":"insurance.USDT","data":[\xff]}',
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_topic(frame):
    with pytest.raises(ProtocolError) as error:
        parse(frame)
    assert error.value.endpoint or error.value.message


def test_answers_are_told_from_news():
    said = parse({"success": True, "ret_msg": "", "conn_id": "x", "req_id": "", "op": "subscribe"})
    assert (said.kind, said.is_success) == ("subscribe", True)


def test_topics_follow_the_contract():
    catalog = InstrumentCatalog("bybit")
    stream = BybitStream(catalog)
    assert stream.market_topics(catalog.resolve("linear", "BTCUSDT")) == (
        "orderbook.50.BTCUSDT",
        "allLiquidation.BTCUSDT",
        "insurance.USDT",
        "adlAlert.USDT",
    )
    assert stream.market_topics(catalog.resolve("inverse", "BTCUSD"))[2:] == (
        "insurance.inverse",
        "adlAlert.inverse",
    )
    assert stream.market_topics(catalog.resolve("linear", "BTCPERP"))[2:] == (
        "insurance.USDC",
        "adlAlert.USDC",
    )
    assert stream.market_topics(catalog.resolve("spot", "BTCUSDT")) == ()
    assert stream.market_topics(catalog.resolve("option", "BTC-25DEC26-100000-C")) == ()

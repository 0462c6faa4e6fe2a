import msgspec
import pytest

from marginwatch.model.position import Greeks
from marginwatch.venues.bybit.parse.public_stream import parse_public_frame
from marginwatch.venues.bybit.parse.tickers import merge, parse_tickers

FULL = {
    "symbol": "BTCUSDT",
    "markPrice": "100",
    "indexPrice": "101",
    "lastPrice": "102",
    "bid1Price": "99.5",
    "ask1Price": "100.5",
    "fundingRate": "0.0001",
    "nextFundingTime": "1700000000000",
    "openInterest": "12",
}


def test_every_field_lands_in_its_place(raw, catalog) -> None:
    (mark,) = parse_tickers(raw({"list": [FULL]}), "linear", catalog, 5).rows
    assert msgspec.structs.asdict(mark) | {"instrument": None} == {
        "instrument": None,
        "mark_price": "100",
        "index_price": "101",
        "last_price": "102",
        "bid_price": "99.5",
        "ask_price": "100.5",
        "underlying_price": None,
        "usd_index_price": None,
        "mark_volatility": None,
        "greeks": None,
        "funding_rate": "0.0001",
        "next_funding_at_ns": 1700000000000_000_000,
        "open_interest": "12",
        "is_snapshot": True,
        "sequence": None,
        "ts_venue_ns": 5,
    }


def test_options_speak_two_dialects(result_of, payload, catalog) -> None:
    (rest,) = parse_tickers(result_of("rest_tickers_option_docs.json"), None, catalog).rows
    assert (rest.mark_volatility, rest.ask_price, rest.underlying_price) == ("0.7567", "435", "16590.42")
    assert rest.greeks == Greeks(
        delta="0.00000001", gamma="0.00000001", vega="0.00000004", theta="-0.00000152"
    )
    (stream,) = parse_public_frame(payload("ws_tickers_option_btc_put.json"), "option", catalog, 1).marks
    assert (stream.mark_volatility, stream.bid_price) == ("0.5513", "3475")
    assert stream.greeks is not None
    assert stream.greeks.delta == "-0.37596534"


def test_a_spot_ticker_has_no_mark_but_a_usd_index(payload, catalog) -> None:
    (mark,) = parse_public_frame(payload("ws_tickers_spot_docs.json"), None, catalog, 1).marks
    assert (mark.mark_price, mark.usd_index_price) == (None, "21120.2400136")
    assert mark.instrument.instrument_kind == "spot"


def test_a_dated_future_sends_no_funding(raw, catalog) -> None:
    row = FULL | {
        "symbol": "BTCUSDT-21FEB25",
        "fundingRate": "",
        "nextFundingTime": "",
        "deliveryTime": "2025-02-21T08:00:00Z",
    }
    (mark,) = parse_tickers(raw({"list": [row]}), "linear", catalog).rows
    assert (mark.funding_rate, mark.next_funding_at_ns) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("markPrice", "x"), ("bid1Price", "1e999"), ("nextFundingTime", "soon"), ("indexPrice", 5)],
)
def test_a_bad_ticker_costs_only_itself(raw, catalog, field, value) -> None:
    page = parse_tickers(raw({"list": [FULL | {field: value}, FULL]}), "linear", catalog)
    assert len(page.rows) == 1
    assert page.failures[0].subject == "BTCUSDT"
    assert {"bid1Price": "bid1_price", "markPrice": "mark_price"}.get(field, field) in page.failures[
        0
    ].message


def frame(kind: str, **data) -> bytes:
    return msgspec.json.encode(
        {"topic": "tickers.BTCUSDT", "type": kind, "data": {"symbol": "BTCUSDT"} | data, "cs": 3, "ts": 1}
    )


def mark(catalog, kind: str, **data):
    return parse_public_frame(frame(kind, **data), "linear", catalog, 1).marks[0]


def test_a_delta_changes_what_it_names_and_a_snapshot_replaces(catalog) -> None:
    base = mark(catalog, "snapshot", markPrice="100", indexPrice="101", fundingRate="0.0001")
    moved = merge(base, mark(catalog, "delta", markPrice="99"))
    assert (moved.mark_price, moved.index_price, moved.funding_rate) == ("99", "101", "0.0001")
    assert not moved.is_snapshot
    fresh = merge(moved, mark(catalog, "snapshot", markPrice="98"))
    assert (fresh.mark_price, fresh.index_price, fresh.is_snapshot) == ("98", None, True)


def test_marks_of_two_contracts_are_not_merged(catalog) -> None:
    other = parse_public_frame(frame("delta").replace(b"BTCUSDT", b"ETHUSDT"), "linear", catalog, 1).marks[0]
    with pytest.raises(ValueError, match="one contract"):
        merge(mark(catalog, "snapshot"), other)


def test_a_delta_before_any_snapshot_says_what_it_is(catalog) -> None:
    lone = mark(catalog, "delta", markPrice="99")
    assert (lone.is_snapshot, lone.mark_price, lone.index_price, lone.sequence) == (False, "99", None, 3)

"""What a decimal and a whole number are, in every parser alike."""

import json

import msgspec
import pytest

from marginwatch.errors import ProtocolError
from marginwatch.model.ids import VenueId
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.account import parse_fee_rates
from marginwatch.venues.bybit.parse.envelope import open_envelope
from marginwatch.venues.bybit.parse.positions import parse_positions
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame
from marginwatch.venues.bybit.parse.public_stream import parse_public_frame
from marginwatch.venues.bybit.parse.text import (
    count_or_none,
    number_or_none,
    prove_numbers,
    sequence_or_none,
    time_ns_or_none,
)
from marginwatch.venues.bybit.parse.tiers import parse_tiers
from marginwatch.venues.bybit.parse.wallet import parse_wallet

NO_DECIMALS = [
    "1_000",
    "١٢٣",
    "１２",
    " 5",
    "5 ",
    "5\t",
    "\n5",
    "5\r",
    "\x1c5",
    "\u00a05",
    "+5",
    "1e999",
    "-1e999",
    "9" * 309,
    "0." + "0" * 200 + "1",
    "nan",
    "inf",
    "-Infinity",
    "null",
    "true",
    "0x10",
    "1,2",
    "1,",
    ",1",
    ",",
    "[1]",
    "1]",
    "],[",
    "5.",
    "--5",
    "-",
    "abc",
]
DECIMALS = ["0", "-0", "5", "-5", "0.00", "12.50", "-0.00148", "1e-8", "1E5", "9" * 40, ".005", "-.5"]


@pytest.mark.parametrize("text", NO_DECIMALS)
def test_what_is_no_decimal_is_refused_alone_and_among_others(text: str) -> None:
    with pytest.raises(ProtocolError, match="is not a decimal number"):
        number_or_none(text, "size")
    for texts in ((text, "1", "2"), ("1", text, None), ("1", "", text)):
        with pytest.raises(ValueError, match=r"."):
            prove_numbers(texts)


@pytest.mark.parametrize("text", DECIMALS)
def test_decimals_are_kept_as_sent(text: str) -> None:
    assert number_or_none(text, "size") == text
    assert prove_numbers((None, text, "", "3")) == [float(text), 3.0]


def test_many_long_decimals_are_fine_together() -> None:
    assert prove_numbers(["1." + "2" * 60] * 10) == [1.2222222222222223] * 10
    assert prove_numbers(()) == prove_numbers(("", None)) == []


@pytest.mark.parametrize("text", ["1_000", "١", "²", " 5", "+5", "5.0", "1e3", "--5", "-", "9" * 5000, "5\n"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    for read in (
        lambda: count_or_none(text, "cs"),
        lambda: time_ns_or_none(text, "ts"),
        lambda: sequence_or_none(text),
        lambda: open_envelope(json.dumps({"retCode": text, "result": {}}).encode(), endpoint="/v5/x"),
    ):
        with pytest.raises(ProtocolError):
            read()


def raw(payload: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(payload).encode())


def position(**changes: object) -> dict[str, object]:
    row = {
        "symbol": "BTCUSDT",
        "side": "Buy",
        "size": "1",
        "positionIdx": 0,
        "avgPrice": "5",
        "markPrice": "6",
    }
    return row | changes


BAD = ["1_000", "٣", " 5", "+5", "1e999", "7" * 101]


@pytest.mark.parametrize("bad", BAD)
def test_every_parser_keeps_to_it(bad: str) -> None:
    catalog = InstrumentCatalog(VenueId("bybit"))
    for field in ("size", "avgPrice", "markPrice", "liqPrice", "riskLimitValue", "unrealisedPnl", "stopLoss"):
        page = parse_positions(raw({"list": [position(**{field: bad}), position()]}), "linear", catalog)
        assert (len(page.rows), [failure.subject for failure in page.failures]) == (1, ["BTCUSDT"])
        assert field in page.failures[0].message
    with pytest.raises(ProtocolError, match="totalEquity"):
        parse_wallet(raw({"list": [{"accountType": "UNIFIED", "totalEquity": bad, "coin": []}]}))
    wallet = parse_wallet(raw({"list": [{"coin": [{"coin": "USDT", "equity": bad}, {"coin": "BTC"}]}]}))
    assert ([one.asset for one in wallet.balances], len(wallet.failures)) == (["BTC"], 1)
    fees = parse_fee_rates(raw({"list": [{"symbol": "BTCUSDT", "takerFeeRate": bad, "makerFeeRate": "0"}]}))
    assert (fees.rows, len(fees.failures)) == ((), 1)
    tier = {"symbol": "BTCUSDT", "riskLimitValue": bad, "maintenanceMargin": "0.5", "initialMargin": "1"}
    tiers = parse_tiers(raw({"list": [tier | {"maxLeverage": "100"}]}), "linear", catalog)
    assert (tiers.rows, len(tiers.failures)) == ((), 1)
    ticker = {"topic": "tickers.BTCUSDT", "type": "snapshot", "ts": 1, "cs": 1}
    frame = json.dumps(ticker | {"data": {"symbol": "BTCUSDT", "markPrice": bad}}).encode()
    with pytest.raises(ProtocolError, match="mark_price"):
        parse_public_frame(frame, "linear", catalog, 0)


@pytest.mark.parametrize("bad", ["1_700_000_000_000", "١", " 1700000000000", "+1700000000000"])
def test_times_of_a_push_are_whole_numbers(bad: str) -> None:
    catalog = InstrumentCatalog(VenueId("bybit"))
    good = {"topic": "position", "creationTime": 1_700_000_000_000, "data": [position(category="linear")]}
    assert parse_private_frame(json.dumps(good).encode(), "a", catalog, 0)
    row = position(category="linear", updatedTime=bad)
    for frame in (good | {"creationTime": bad}, good | {"data": [row]}):
        with pytest.raises(ProtocolError, match="Time"):
            parse_private_frame(json.dumps(frame).encode(), "a", catalog, 0)

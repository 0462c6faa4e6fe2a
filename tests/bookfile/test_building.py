import numpy as np
import pytest

from marginwatch.bookfile.building import build_book
from marginwatch.bookfile.text import parse_book
from marginwatch.errors import ConfigError
from marginwatch.risk.frame import FramePress
from marginwatch.risk.tables import account_rows

AT_NS = 1_790_000_000_000_000_000


@pytest.fixture
def rows_of(as_bytes):
    def measure(given):
        filed = build_book(parse_book(as_bytes(given), "x"), now_ns=1)
        frame = FramePress(filed.book).frame(filed.at_ns)
        return {row.account_id: row for row in account_rows(frame)}, filed

    return measure


def test_a_hand_written_book_gives_the_margins_that_paper_gives(given, rows_of):
    rows, filed = rows_of(given)
    row = rows["a"]
    # 50,000 at 0.5 % and 0.055 % fee to close at the bankruptcy price of a long with 10×: 50,000 × 0.9 × 0.055 %.
    assert row.maintenance_margin_usd == pytest.approx(250 + 24.75)
    assert row.equity_usd == pytest.approx(10_000)
    assert row.adjusted_equity_usd == pytest.approx(10_000)
    assert row.is_included
    assert filed.at_ns == AT_NS


def test_what_is_assumed_or_missing_is_said(given, rows_of):
    rows, filed = rows_of(given)
    assert filed.assumptions == (
        "the file has no fees: Bybit's published standard rates are taken",
        "the file has no borrow tiers: a debt is taken to need 10% initial and 4% maintenance margin",
    )
    assert rows["a"].is_estimated
    del given["collateral"]
    rows, filed = rows_of(given)
    assert rows["a"].maintenance_margin_usd is None or rows["a"].adjusted_equity_usd is None
    assert any("collateral" in one for one in rows["a"].reasons.values())
    assert any("no collateral bands" in one for one in filed.assumptions)


def test_no_risk_limits_is_missing_and_never_nothing(given, rows_of):
    del given["tiers"]
    rows, filed = rows_of(given)
    assert rows["a"].maintenance_margin_usd is None
    assert rows["a"].reasons["maintenance_margin_usd"].startswith("missing: ")
    assert any("no risk limits" in one for one in filed.assumptions)


def test_no_mark_is_missing(given, rows_of):
    given["marks"] = []
    rows, _ = rows_of(given)
    assert rows["a"].maintenance_margin_usd is None
    assert rows["a"].net_usd is None


def test_accounts_that_only_have_rows_are_cross_and_named(given, rows_of):
    del given["accounts"]
    rows, filed = rows_of(given)
    assert rows["a"].margin_mode == "cross"
    assert "not in accounts, so taken for cross margin without desk or owner: a" in filed.assumptions


def test_inverse_dated_and_option_symbols_tell_their_contracts(given, rows_of):
    given["positions"] = [
        {"account_id": "a", "venue_symbol": symbol, "quantity": "1", "entry_price": "1", **more}
        for symbol, more in (
            ("BTCUSD", {}),
            ("BTCUSDT-25DEC26", {}),
            ("BTC-25DEC26-70000-C-USDT", {}),
            ("BTCUSDT", {"instrument_kind": "spot", "is_inverse": False}),
        )
    ]
    _, filed = rows_of(given)
    table = filed.book.columns.instruments
    kinds = {one.venue_symbol: (one.category, one.settle_asset) for one in table.instruments if one}
    assert kinds["BTCUSD"] == ("inverse", "BTC")
    assert kinds["BTCUSDT-25DEC26"] == ("linear", "USDT")
    assert kinds["BTC-25DEC26-70000-C-USDT"] == ("option", "USDT")
    assert "bybit:spot:BTCUSDT" in {one.instrument_id for one in table.instruments if one}


def test_described_contracts_go_before_their_symbols(given, rows_of):
    given["instruments"] = [{"venue_symbol": "BTCUSDT", "is_inverse": False, "multiplier": "0.01"}]
    rows, filed = rows_of(given)
    assert rows["a"].gross_usd == pytest.approx(500)
    assert np.isclose(filed.book.columns.instruments.multiplier[:5], 0.01).any()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (
            lambda book: book["accounts"].append({"account_id": "a"}),
            "accounts[1].account_id: 'a' is there twice",
        ),
        (
            lambda book: book["positions"][0].update(venue="okx"),
            "positions[0].venue: account 'a' is at bybit",
        ),
        (
            lambda book: book["positions"][0].update(venue_symbol="FOO"),
            "positions[0].category: 'FOO' does not tell",
        ),
        (
            lambda book: book.update(instruments=[{"venue_symbol": "FOO", "is_inverse": False}]),
            "instruments[0].quote_asset",
        ),
        (
            lambda book: book.update(instruments=[{"venue_symbol": "BTCUSDT", "multiplier": "0"}]),
            "instruments[0].multiplier: must be greater than 0",
        ),
        (
            lambda book: book.update(instruments=[{"venue_symbol": "BTCUSDT", "instrument_kind": "swap"}]),
            "instruments[0].instrument_kind: 'swap' is none of",
        ),
    ],
)
def test_contradictions_are_told_with_row_and_field(given, rows_of, change, part):
    change(given)
    with pytest.raises(ConfigError) as caught:
        rows_of(given)
    assert part in str(caught.value)


def test_the_latest_moment_of_any_row_is_that_of_the_book(given, as_bytes):
    del given["taken_at_ns"]
    assert build_book(parse_book(as_bytes(given), "x"), now_ns=77).at_ns == 77
    given["positions"][0]["ts_venue_ns"] = 500
    given["accounts"][0]["as_of_ns"] = 400
    assert build_book(parse_book(as_bytes(given), "x"), now_ns=77).at_ns == 500

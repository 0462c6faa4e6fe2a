from datetime import UTC, datetime

import pytest

from marginwatch.errors import ProtocolError
from marginwatch.model.ids import VenueId
from marginwatch.venues.bybit.contract_names import category_of, infer_instrument, underlying_of

CONTRACTS = [
    ("linear", "BTCUSDT", "perpetual", "BTC", "USDT", "BTC", None),
    ("linear", "BTCPERP", "perpetual", "BTC", "USDC", "BTC", None),
    ("linear", "BTCUSDT-21FEB25", "future", "BTC", "USDT", "BTC", "2025-02-21"),
    ("linear", "BTC-24MAR23", "future", "BTC", "USDC", "BTC", "2023-03-24"),
    ("linear", "1000PEPEUSDT", "perpetual", "1000PEPE", "USDT", "PEPE", None),
    ("linear", "10000LADYSUSDT", "perpetual", "10000LADYS", "USDT", "LADYS", None),
    ("linear", "1000000MOGUSDT", "perpetual", "1000000MOG", "USDT", "MOG", None),
    ("linear", "SHIB1000USDT", "perpetual", "SHIB1000", "USDT", "SHIB", None),
    ("linear", "1INCHUSDT", "perpetual", "1INCH", "USDT", "1INCH", None),
    ("inverse", "BTCUSD", "perpetual", "BTC", "BTC", "BTC", None),
    ("inverse", "BTCUSDH23", "future", "BTC", "BTC", "BTC", "2023-03-31"),
    ("inverse", "ETHUSDZ25", "future", "ETH", "ETH", "ETH", "2025-12-26"),
    ("option", "ETH-28FEB25-2800-C", "option", "ETH", "USDC", "ETH", "2025-02-28"),
    ("option", "BTC-6JAN23-17500-C", "option", "BTC", "USDC", "BTC", "2023-01-06"),
    ("option", "BTC-27MAR26-70000-P-USDT", "option", "BTC", "USDT", "BTC", "2026-03-27"),
    ("spot", "BTCUSDT", "spot", "BTC", "USDT", "BTC", None),
    ("spot", "ETHBTC", "spot", "ETH", "BTC", "ETH", None),
]


@pytest.mark.parametrize(("category", "symbol", "kind", "base", "settle", "underlying", "day"), CONTRACTS)
def test_a_symbol_tells_its_contract(category, symbol, kind, base, settle, underlying, day) -> None:
    found = infer_instrument(VenueId("bybit"), category, symbol)
    expiry = None
    if day is not None:
        expiry = int(datetime.fromisoformat(f"{day}T08:00").replace(tzinfo=UTC).timestamp()) * 10**9
    assert (found.instrument_kind, found.base_asset, found.settle_asset) == (kind, base, settle)
    assert (found.underlying_asset, found.expiry_ns, found.multiplier) == (underlying, expiry, "1")
    assert found.is_inverse == (category == "inverse")
    assert found.is_inferred
    assert found.instrument_id == f"bybit:{category}:{symbol}"


@pytest.mark.parametrize(("category", "symbol"), [row[:2] for row in CONTRACTS if row[0] != "spot"])
def test_the_form_of_a_derivative_tells_its_segment(category, symbol) -> None:
    assert category_of(symbol) == category


@pytest.mark.parametrize("symbol", ["", "USDT", "PERP", "USD", "USDC", "NOSUCHTHING", "BTC-", "btcusdt-x"])
def test_a_symbol_of_no_form_tells_nothing(symbol) -> None:
    assert category_of(symbol) is None


def test_options_carry_strike_and_kind() -> None:
    put = infer_instrument(VenueId("bybit"), "option", "BTC-27MAR26-70000-P-USDT")
    assert (put.strike_price, put.option_kind) == ("70000", "put")
    call = infer_instrument(VenueId("bybit"), "option", "XRP-27MAR26-0.55-C-USDT")
    assert (call.strike_price, call.option_kind) == ("0.55", "call")


def test_what_a_symbol_does_not_tell_stays_unknown() -> None:
    odd = infer_instrument(VenueId("bybit"), "linear", "ODDTHING")
    assert (odd.base_asset, odd.quote_asset, odd.settle_asset) == ("ODDTHING", "", "")
    assert infer_instrument(VenueId("bybit"), "linear", "BTCUSDT-99FEB25").expiry_ns is None


@pytest.mark.parametrize(("category", "symbol"), [("swap", "BTCUSDT"), ("", "BTCUSDT"), ("linear", "")])
def test_a_guess_that_would_decide_a_sign_is_refused(category, symbol) -> None:
    with pytest.raises(ProtocolError):
        infer_instrument(VenueId("bybit"), category, symbol)


@pytest.mark.parametrize(("base", "coin"), [("100X", "100X"), ("1000", "1000"), ("10000SATS", "SATS")])
def test_only_thousands_before_or_after_a_name_are_a_multiplier(base, coin) -> None:
    assert underlying_of(base) == coin

"""Every recorded payload decodes to what its oracle says. The oracles and their origins are in payloads/index.toml."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from marginwatch.venues.bybit.decode import decode_payload

PAYLOADS = Path(__file__).parent / "payloads"
INDEX = tomllib.loads((PAYLOADS / "index.toml").read_text())["payloads"]
WIRE = {name: entry for name, entry in INDEX.items() if entry["kind"] != "tiers"}

POSITION_FIELDS = {
    # oracle's or ccxt's word → ours. ccxt's notional is left out: it is the value at entry, not at mark.
    "entryPrice": "entry_price",
    "markPrice": "mark_price",
    "unrealizedPnl": "unrealized_pnl",
    "unrealisedPnl": "unrealized_pnl",
    "unrealisedPnl_coin": "unrealized_pnl",
    "liquidationPrice": "liquidation_price",
    "initialMargin": "initial_margin",
    "maintenanceMargin": "maintenance_margin",
    "leverage": "leverage_setting",
}
SIZES = ("contracts", "size", "size_usd")


def decoded(name):
    return decode_payload((PAYLOADS / name).read_bytes())


def assert_position(position, expected) -> None:
    side = expected.get("side")
    sign = {"long": 1, "short": -1, None: 0}[side]
    for word in SIZES:
        if word in expected:
            assert Decimal(position.quantity) == sign * Decimal(str(expected[word]))
    for word, name in POSITION_FIELDS.items():
        if word in expected and expected[word] != "":
            assert Decimal(getattr(position, name)) == Decimal(str(expected[word])), word


def test_the_index_names_every_file_and_each_has_its_origin() -> None:
    assert {path.name for path in PAYLOADS.glob("*.json")} == set(INDEX)
    assert all(entry["source"] and entry["provenance"] for entry in INDEX.values())


@pytest.mark.parametrize("name", WIRE)
def test_the_shape_alone_tells_the_kind_and_nothing_fails(name) -> None:
    by_shape, by_kind = decoded(name), decode_payload((PAYLOADS / name).read_bytes(), WIRE[name]["kind"])
    assert by_shape.failures == []
    assert repr(by_shape) == repr(by_kind) or by_shape.error is not None
    assert (by_shape.error is None) == (WIRE[name]["kind"] not in ("error", "ws error"))


@pytest.mark.parametrize("name", [n for n, e in WIRE.items() if "position" in e.get("oracle", {})])
def test_positions_agree_with_their_oracle(name) -> None:
    (position,) = decoded(name).positions
    oracle = WIRE[name]["oracle"]["position"]
    assert_position(position, oracle)
    if oracle.get("settleCoin"):
        assert position.instrument.settle_asset == oracle["settleCoin"]


@pytest.mark.parametrize("name", [n for n, e in WIRE.items() if "ccxt_run" in e])
def test_positions_agree_with_an_independent_parse(name) -> None:
    rows = WIRE[name]["ccxt_run"]
    positions = decoded(name).positions
    assert len(positions) == len(rows)
    for position, row in zip(positions, rows, strict=True):
        # On a flat hedge leg ccxt still names the side of the leg.
        assert_position(position, row | ({"side": None} if row["contracts"] == 0 else {}))
        assert position.instrument.is_inverse == (row["symbol"] == "BTC/USD:BTC")


@pytest.mark.parametrize("name", [n for n, e in WIRE.items() if "positions_open" in e.get("oracle", {})])
def test_closed_rows_are_kept_as_closed(name) -> None:
    open_ones = [position for position in decoded(name).positions if position.quantity != "0"]
    assert len(open_ones) == WIRE[name]["oracle"]["positions_open"]


@pytest.mark.parametrize("name", [n for n, e in WIRE.items() if "after" in e.get("oracle", {})])
def test_the_last_mark_of_a_sequence_holds_the_state(name) -> None:
    marks = decoded(name).marks
    assert [mark.is_snapshot for mark in marks] == [True, False]
    after = WIRE[name]["oracle"]["after"]
    names = {"markPrice": "mark_price", "indexPrice": "index_price", "lastPrice": "last_price"}
    for word, ours in names.items():
        if word in after:
            assert getattr(marks[-1], ours) == after[word]
    assert marks[-1].funding_rate == marks[0].funding_rate is not None


def test_wallets_add_up_as_their_oracles_say() -> None:
    two = decoded("rest_wallet_unified_btc_usdt.json")
    oracle = INDEX["rest_wallet_unified_btc_usdt.json"]["oracle"]
    assert sum(Decimal(coin.usd_value) for coin in two.balances) == Decimal(oracle["sum_usdValue"])
    assert two.account.equity == oracle["totalEquity"]
    six = decoded("ws_wallet_unified_six_coins_docs2022.json")
    oracle = INDEX["ws_wallet_unified_six_coins_docs2022.json"]["oracle"]
    assert sum(Decimal(coin.usd_value) for coin in six.balances) == Decimal(oracle["sum_usdValue"])
    assert six.account.equity == oracle["totalEquity"]


def test_a_classic_account_has_coins_but_no_totals() -> None:
    classic = decoded("rest_wallet_contract_account_empty_totals.json")
    oracle = INDEX["rest_wallet_contract_account_empty_totals.json"]["oracle"]
    (coin,) = classic.balances
    assert (coin.equity, coin.wallet_balance, coin.unrealized_pnl) == (
        oracle["equity_usdt"],
        oracle["wallet_usdt"],
        oracle["upl_usdt"],
    )
    assert (coin.usd_value, coin.borrowed, coin.maintenance_margin) == (None, None, None)
    account = classic.account
    assert (account.equity, account.wallet_balance, account.maintenance_margin_usage) == (None, None, None)


def test_funding_paid_is_negative() -> None:
    (entry,) = decoded("rest_transaction_log_settlement_ltc.json").ledger
    paid = INDEX["rest_transaction_log_settlement_ltc.json"]["oracle"]["funding_paid"]
    assert (entry.kind, entry.asset, entry.venue_symbol) == ("settlement", "USDT", "LTCUSDT")
    assert Decimal(entry.funding_payment) == -Decimal(paid) == Decimal(entry.change)


def test_errors_are_what_their_oracles_say() -> None:
    clock = decoded("error_10002_recv_window.json").error
    assert (type(clock).__name__, clock.reason, clock.retryable) == ("AuthError", "clock_skew", True)
    skew = INDEX["error_10002_recv_window.json"]["oracle"]["skew_ms"]
    assert f"{skew} ms behind" in clock.message
    rate = decoded("error_10006_too_many_visits.json").error
    assert (type(rate).__name__, rate.code, rate.retryable) == ("RateLimitedError", 10006, True)
    login = decoded("ws_auth_failure.json").error
    assert (type(login).__name__, login.code, login.retryable) == ("AuthError", 10003, False)
    topic = decoded("ws_subscription_failure.json").error
    assert (type(topic).__name__, topic.code) == ("RejectedError", None)

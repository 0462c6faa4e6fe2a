from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange


def test_a_row_shows_value_at_entry_and_margins_at_mark(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded()
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(uid, "BTCUSDT", "-0.500", "80000.00")
    quiet.set_price("BTCUSDT", "78000.00")
    (row,) = quiet.positions(uid, "linear")
    assert (row.side, row.size, row.position_value) == ("Sell", Decimal("0.500"), Decimal(40_000))
    assert row.unrealized_pnl == 1000
    assert row.initial_margin == pytest.approx(
        Decimal(39_000) / 10 + Decimal(44_000) * Decimal("0.00055"), abs=Decimal("0.0000001")
    )
    assert row.session_average_price is None
    assert row.risk_limit_value == 2_000_000


def test_session_price_is_for_usdc_contracts(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded()
    quiet.open_position(uid, "BTCPERP", "0.010", "80000.00")
    assert quiet.positions(uid, "linear")[0].session_average_price == 80_000


def test_live_break_even_price(quiet: Exchange, funded: Callable[..., str]) -> None:
    """Live position 2026-03-29: BTCPERP entry 66473.5, 0.001 long, 0.0664735 paid to open: 66606.58008008."""
    uid = funded()
    quiet.set_fees(uid, "0.001", "0.0004")
    quiet.open_position(uid, "BTCPERP", "0.001", "66473.50")
    (row,) = quiet.positions(uid, "linear")
    assert row.current_realized_pnl == Decimal("-0.0664735")
    assert row.break_even_price == Decimal("66606.58008008")


def test_a_coin_switched_off_is_no_collateral(quiet: Exchange) -> None:
    uid = quiet.open_account("coin").uid
    quiet.deposit(uid, "ETH", "10")
    quiet.deposit(uid, "DOGE", "1000")
    quiet.set_collateral(uid, "ETH", is_on=False)
    wallet = quiet.wallet(uid)
    assert wallet.totals.total_margin_balance == 0
    assert wallet.totals.total_equity > 20_000
    assert [(row.margin_collateral, row.collateral_switch) for row in wallet.coins] == [
        (True, False),
        (False, True),
    ]
    assert quiet.withdrawable(uid, "ETH") == 10
    assert quiet.withdrawable(uid, "DOGE") == 1000


def test_equity_ignores_haircuts_and_margin_balance_does_not(quiet: Exchange) -> None:
    uid = quiet.open_account("coin").uid
    quiet.deposit(uid, "BTC", "1")
    totals = quiet.wallet(uid).totals
    assert totals.total_margin_balance == pytest.approx(
        totals.total_equity * Decimal("0.98"), abs=Decimal("0.000001")
    )
    assert totals.total_available_balance == totals.total_margin_balance
    assert totals.account_im_rate == 0


def test_inverse_profit_is_in_the_coin(quiet: Exchange) -> None:
    uid = quiet.open_account("coin").uid
    quiet.deposit(uid, "BTC", "1")
    quiet.set_price("BTCUSD", "80000.00")
    quiet.open_position(uid, "BTCUSD", "-8000", "80000.00")
    quiet.set_price("BTCUSD", "64000.00")
    (row,) = quiet.positions(uid, "inverse")
    assert row.position_value == Decimal("0.1")
    assert row.unrealized_pnl == Decimal("0.025")
    assert row.break_even_price is None
    (coin,) = quiet.wallet(uid).coins
    assert coin.equity == coin.wallet_balance + Decimal("0.025")

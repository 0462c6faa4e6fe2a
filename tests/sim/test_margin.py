"""The margin engine against figures that the exchange published or showed on live accounts."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim import listing, margin
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.instruments import Contract
from marginwatch.sim.margin import AccountMargin

CONTRACTS = {contract.symbol: contract for contract in listing.contracts(1_795_000_000_000)}


def contract(symbol: str) -> Contract:
    return CONTRACTS[symbol]


def test_live_btcperp_position() -> None:
    """Live account, 2026-03-29: BTCPERP long 0.001 at 66473.5, mark 66472.02, 10x, taker 0.1 %, rate 0.4 %."""
    _, initial, maintenance, pnl = margin.leg_margin(
        contract("BTCPERP"), 0.001, 66473.5, 66472.02, 10.0, taker_fee=0.001
    )
    assert round(initial, 8) == 6.70702815
    assert round(maintenance, 8) == 0.32571423
    assert round(pnl, 8) == -0.00148


def test_live_solusdt_position() -> None:
    """Live account, 2025-10-02: SOLUSDT long 0.2 at 233.02, mark 233.029, 10x, taker 0.0649 %, rate 0.5 %.

    The account's whole maintenance margin was 0.26041992 USD: ours at a USDT index of 1.00065.
    """
    _, _, maintenance, _ = margin.leg_margin(
        contract("SOLUSDT"), 0.2, 233.02, 233.029, 10.0, taker_fee=0.000649
    )
    assert 0.26041992 / maintenance == pytest.approx(1.00065, abs=2e-5)


def test_documented_inverse_profit() -> None:
    """Documentation example: short 300 USD of BTCUSD at 27464.50441675, mark 28224.50: −0.00029413 BTC."""
    value, _, _, pnl = margin.leg_margin(contract("BTCUSD"), -300.0, 27464.50441675, 28224.50, 10.0)
    assert round(pnl, 8) == -0.00029413
    assert value == pytest.approx(300.0 / 28224.50)


def test_published_tier_deduction_counts() -> None:
    """2.6 M USDT of BTCUSDT need 13,360 before the fee to close."""
    value, _, maintenance, _ = margin.leg_margin(
        contract("BTCUSDT"), 26.0, 100_000.0, 100_000.0, 10.0, taker_fee=0.0
    )
    assert value == 2_600_000.0
    assert maintenance == pytest.approx(13_360.0)


def test_fee_to_close_is_taken_at_the_bust_price() -> None:
    linear, inverse = contract("BTCUSDT"), contract("BTCUSD")
    assert margin.fee_to_close(linear, 2.0, 1.0, 50_000.0, 10.0, 0.001) == pytest.approx(2 * 45_000 * 0.001)
    assert margin.fee_to_close(linear, 2.0, -1.0, 50_000.0, 10.0, 0.001) == pytest.approx(2 * 55_000 * 0.001)
    bust_long, bust_short = 50_000.0 * 10 / 11, 50_000.0 * 10 / 9
    assert margin.fee_to_close(inverse, 900.0, 1.0, 50_000.0, 10.0, 0.001) == pytest.approx(0.9 / bust_long)
    assert margin.fee_to_close(inverse, 900.0, -1.0, 50_000.0, 10.0, 0.001) == pytest.approx(0.9 / bust_short)


def test_the_tier_limits_leverage() -> None:
    small = margin.leg_margin(contract("BTCUSDT"), 1.0, 100_000.0, 100_000.0, 100.0, taker_fee=0.0)
    large = margin.leg_margin(contract("BTCUSDT"), 300.0, 100_000.0, 100_000.0, 100.0, taker_fee=0.0)
    assert small[1] == pytest.approx(1_000.0)
    assert large[1] == pytest.approx(30_000_000.0 / 25.0)


def test_single_position_liquidation_price_is_the_observed_one(
    quiet: Exchange, funded: Callable[..., str]
) -> None:
    """Observed 2025-10-02: mark − (margin balance − maintenance margin) ÷ size, USD totals, for a long."""
    uid = funded("12")
    quiet.set_price("SOLUSDT", "233.03")
    quiet.open_position(uid, "SOLUSDT", "0.2", "233.02")
    (row,) = quiet.positions(uid, "linear")
    totals = quiet.wallet(uid).totals
    assert totals.total_margin_balance is not None
    assert totals.total_maintenance_margin is not None
    room = totals.total_margin_balance - totals.total_maintenance_margin
    assert row.liquidation_price is not None
    assert float(row.liquidation_price) == pytest.approx(233.03 - float(room) / 0.2, abs=1e-6)


def test_no_liquidation_price_where_none_can_be_traded(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("1000000")
    quiet.open_position(uid, "BTCUSDT", "0.001")
    (row,) = quiet.positions(uid, "linear")
    assert row.liquidation_price is None


def test_a_hedged_leg_carries_no_liquidation_price(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("20000", is_hedge_mode=True)
    quiet.open_position(uid, "BTCUSDT", "1.000")
    quiet.open_position(uid, "BTCUSDT", "-0.400")
    long, short = quiet.positions(uid, "linear")
    assert (long.position_idx, short.position_idx) == (1, 2)
    assert long.liquidation_price is not None
    assert long.liquidation_price < long.mark_price
    assert short.liquidation_price is None


def test_what_is_owed_needs_margin_and_counts_in_full(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("0")
    quiet.deposit(uid, "BTC", "2")
    quiet.deposit(uid, "USDT", "-50000")
    wallet = quiet.wallet(uid)
    coins = {coin.coin: coin for coin in wallet.coins}
    assert coins["USDT"].borrow_amount == 50_000
    assert wallet.totals.total_maintenance_margin == pytest.approx(
        coins["USDT"].usd_value * Decimal("-0.04"), abs=Decimal("0.0001")
    )
    collateral = coins["BTC"].usd_value * Decimal("0.98") + coins["USDT"].usd_value
    assert wallet.totals.total_margin_balance == pytest.approx(collateral, abs=Decimal("0.0001"))
    assert wallet.totals.total_equity == pytest.approx(
        coins["BTC"].usd_value + coins["USDT"].usd_value, abs=Decimal("0.0001")
    )


def test_rates_of_an_account_with_nothing() -> None:
    assert AccountMargin().maintenance_rate == 0.0
    assert AccountMargin(maintenance=1.0).maintenance_rate == float("inf")


def test_open_orders_count_for_the_tier_of_the_position(quiet: Exchange) -> None:
    """Published tiers of BTCUSDT: 0.5 % up to 2.0 million, then 0.56 % less 1,200. 1.6 and 0.79 million are in the second."""
    uid = quiet.open_account("large").uid
    quiet.deposit(uid, "USDT", "1000000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(uid, "BTCUSDT", "20.000", "80000.00")
    (alone,) = quiet.positions(uid, "linear")
    fee_to_close = 1_600_000 * 0.9 * 0.00055
    assert float(alone.maintenance_margin) == pytest.approx(1_600_000 * 0.005 + fee_to_close)
    order = quiet.place_order(uid, "BTCUSDT", "10.000", "79000.00")
    (row,) = quiet.positions(uid, "linear")
    share_of_deduction = 1200 * 1_600_000 / 2_390_000
    assert float(row.maintenance_margin) == pytest.approx(
        1_600_000 * 0.0056 - share_of_deduction + fee_to_close
    )
    quiet.cancel_order(uid, order.order_id)
    assert quiet.positions(uid, "linear")[0].maintenance_margin == alone.maintenance_margin

"""Liquidation starts exactly when maintenance margin reaches margin balance, and leaves no loose ends."""

from collections.abc import Callable
from decimal import Decimal

from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import Change

TICK = Decimal("0.10")


def limit_price(wallet: Decimal, size: Decimal, entry: Decimal, leverage: int) -> Decimal:
    """Solve wallet + q(p − E) = q·p·r + F for a long on tier 1 of BTCUSDT (r = 0.5 %, taker 0.055 %)."""
    fee = size * entry * (1 - Decimal(1) / leverage) * Decimal("0.00055")
    return (size * entry + fee - wallet) / (size * Decimal("0.995"))


def test_it_happens_at_the_tick_where_usage_crosses_one(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(uid, "BTCUSDT", "1.000", "80000.00")
    balance = quiet.wallet(uid).coins[0].wallet_balance
    limit = limit_price(balance, Decimal(1), Decimal(80_000), 10)
    above = limit - limit % TICK + TICK
    quiet.set_price("BTCUSDT", above)
    rate = quiet.wallet(uid).totals.account_mm_rate
    assert rate is not None
    assert Decimal("0.9997") < rate < 1
    assert quiet.truth(uid).liquidations == 0
    quiet.set_price("BTCUSDT", above - TICK)
    assert quiet.truth(uid).liquidations == 1
    assert quiet.positions(uid, "linear") == ()


def test_what_it_tells_and_in_which_order(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(uid, "BTCUSDT", "1.000", "80000.00")
    quiet.place_order(uid, "BTCUSDT", "0.010", "50000.00")
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    quiet.set_price("BTCUSDT", "70000.00")
    private = [change for change in heard if change.uid == uid]
    cancelled = next(row for change in private for row in change.orders)
    assert (cancelled.status, cancelled.cancel_type) == ("Cancelled", "CancelAllBeforeLiq")
    statuses = [row.status for change in private for row in change.positions]
    assert statuses == ["Normal", "Liq", "Normal"]
    (fill,) = (row for change in private for row in change.executions)
    assert (fill.kind, fill.create_type) == ("BustTrade", "CreateByTakeOver_PassThrough")
    assert (fill.side, fill.qty, fill.closed_size) == ("Sell", Decimal(1), Decimal(1))
    last = [row for change in private for row in change.positions][-1]
    assert (last.size, last.side, last.entry_price) == (0, "", None)
    kinds = [row.kind for row in quiet.transaction_log(uid)]
    assert "LIQUIDATION" in kinds
    quiet.check_books()


def test_a_gap_through_zero_is_paid_by_insurance(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(uid, "BTCUSDT", "1.000", "80000.00")
    quiet.set_price("BTCUSDT", "50000.00")
    truth = quiet.truth(uid)
    assert truth.positions == ()
    assert all(coin.wallet_balance == 0 for coin in truth.wallet.coins)
    assert truth.wallet.totals.account_mm_rate == 0
    quiet.check_books()


def test_other_coins_repay_what_is_owed(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("0")
    quiet.deposit(uid, "BTC", "0.2")
    quiet.set_price("ETHUSDT", "3000.00")
    quiet.open_position(uid, "ETHUSDT", "40.00", "3000.00")
    quiet.set_price("ETHUSDT", "2600.00")
    coins = {coin.coin: coin.wallet_balance for coin in quiet.wallet(uid).coins}
    assert quiet.positions(uid, "linear") == ()
    assert coins["USDT"] == 0
    assert 0 < coins["BTC"] < Decimal("0.2")
    quiet.check_books()


def test_a_large_position_is_cut_tier_by_tier_until_safe(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("900000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.set_leverage(uid, "BTCUSDT", "25")
    quiet.open_position(uid, "BTCUSDT", "150.000", "80000.00")
    quiet.set_price("BTCUSDT", "74700.00")
    fills = [row for row in quiet.executions(uid, "linear") if row.kind == "BustTrade"]
    (left,) = quiet.positions(uid, "linear")
    assert len(fills) >= 1
    assert all(row.closed_size < 150 for row in fills)
    assert Decimal(0) < left.size < Decimal(150)
    assert left.status == "Normal"
    rate = quiet.wallet(uid).totals.account_mm_rate
    assert rate is not None
    assert rate < 1


def test_the_largest_loss_goes_first(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.set_price("ETHUSDT", "3000.00")
    quiet.open_position(uid, "ETHUSDT", "3.00", "3000.00")
    quiet.open_position(uid, "BTCUSDT", "1.000", "80000.00")
    quiet.set_price("BTCUSDT", "70300.00")
    fills = [row for row in quiet.executions(uid, "linear") if row.kind == "BustTrade"]
    assert fills[-1].symbol == "BTCUSDT"


def test_a_deposit_in_time_saves_the_account(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(uid, "BTCUSDT", "1.000", "80000.00")
    quiet.set_price("BTCUSDT", "71000.00")
    quiet.deposit(uid, "USDT", "5000")
    quiet.set_price("BTCUSDT", "68000.00")
    assert quiet.truth(uid).liquidations == 0
    quiet.set_price("BTCUSDT", "65000.00")
    assert quiet.truth(uid).liquidations == 1


def test_a_withdrawal_can_bring_it_about(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.open_position(uid, "BTCUSDT", "1.000")
    quiet.deposit(uid, "USDT", "-9700")
    quiet.step()
    assert quiet.truth(uid).liquidations == 1


def test_debts_are_repaid_before_any_position_is_touched(quiet: Exchange, funded: Callable[..., str]) -> None:
    """10 SOL at 90 % back a debt in USDT; sold for it, they count in full and the debt's own margin is gone."""
    uid = funded("0")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.deposit(uid, "SOL", "10")
    quiet.open_position(uid, "SOLUSDT", "1")
    quiet.deposit(uid, "USDT", "-1120")
    quiet.set_price("SOLUSDT", "129.500")
    assert quiet.stats().liquidated_uids == (uid,)
    (row,) = quiet.positions(uid, "linear")
    assert row.size == 1
    coins = {coin.coin: coin for coin in quiet.wallet(uid).coins}
    assert coins["USDT"].wallet_balance >= 0
    assert 0 < coins["SOL"].wallet_balance < 2
    assert "LIQUIDATION" not in {line.kind for line in quiet.transaction_log(uid)}
    quiet.check_books()

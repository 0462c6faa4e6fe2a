"""USDC contracts pay profit out every eight hours; what a position earned in all does not depend on it."""

from decimal import Decimal

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange

NEAR_SESSION_NS = 1_795_017_570_000_000_000
"""30 seconds before 16:00 UTC."""


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(
        7, ManualClock(NEAR_SESSION_NS), n_accounts=1, activity_per_s=0.0, tick_s=10.0, funding_interval_s=1e6
    )


def test_profit_is_paid_and_the_average_entry_stays(exchange: Exchange) -> None:
    uid = exchange.open_account("trader").uid
    for coin in ("USDC", "USDT"):
        exchange.deposit(uid, coin, "100000")
    exchange.open_position(uid, "BTCPERP", "1", "80000")
    exchange.open_position(uid, "BTCUSDT", "1", "80000")
    exchange.advance(20.0)
    (before,) = exchange.positions(uid, "linear", settle_coin="USDC")
    assert before.session_average_price == before.entry_price == 80_000
    exchange.advance(20.0)
    (after,) = exchange.positions(uid, "linear", settle_coin="USDC")
    line = next(row for row in exchange.transaction_log(uid) if row.kind == "SETTLEMENT")
    assert after.entry_price == 80_000
    assert after.session_average_price == line.trade_price != 80_000
    assert line.cash_flow == line.trade_price - 80_000
    assert after.unrealized_pnl == after.mark_price - line.trade_price
    assert after.current_realized_pnl == before.current_realized_pnl + line.cash_flow
    assert after.position_value == 80_000
    (other,) = exchange.positions(uid, "linear", settle_coin="USDT")
    assert other.unrealized_pnl == other.mark_price - 80_000
    exchange.check_books()


@pytest.mark.parametrize("second", ["1", "-0.4", "-1.7"])
def test_what_was_earned_in_all_is_the_same_with_and_without_a_session(
    exchange: Exchange, second: str
) -> None:
    across, within = exchange.open_account("across").uid, exchange.open_account("within").uid
    for uid in (across, within):
        exchange.deposit(uid, "USDC", "200000")
    exchange.open_position(across, "BTCPERP", "1", "80000")
    exchange.advance(40.0)
    exchange.open_position(within, "BTCPERP", "1", "80000")
    for uid in (across, within):
        exchange.open_position(uid, "BTCPERP", second, "81000")
    (ours,), (theirs,) = (exchange.positions(uid, "linear") for uid in (across, within))
    assert ours.entry_price == theirs.entry_price
    coins = [next(c for c in exchange.wallet(uid).coins if c.coin == "USDC") for uid in (across, within)]
    assert coins[0].equity == pytest.approx(coins[1].equity, abs=Decimal("0.00001"))
    exchange.check_books()


def test_a_session_leaves_a_record_and_a_piece_of_closed_profit(exchange: Exchange) -> None:
    uid = exchange.open_account("trader").uid
    for coin in ("USDC", "USDT"):
        exchange.deposit(uid, coin, "100000")
    exchange.open_position(uid, "BTCPERP", "-0.5", "80000")
    exchange.open_position(uid, "BTCUSDT", "1", "80000")
    assert exchange.settlements(uid) == ()
    exchange.advance(40.0)
    (row,) = exchange.settlements(uid)
    line = next(row for row in exchange.transaction_log(uid) if row.kind == "SETTLEMENT")
    assert (row.symbol, row.side, row.size) == ("BTCPERP", "Sell", Decimal("0.5"))
    assert row.realized_pnl == line.cash_flow == (80_000 - row.mark_price) / 2
    (closed,) = exchange.closed_pnl(uid, "linear")
    assert (closed.kind, closed.side, closed.closed_size) == ("SessionSettlePnL", "Buy", Decimal("0.5"))
    assert (closed.entry_price, closed.exit_price) == (80_000, row.mark_price)
    assert closed.entry_value - closed.exit_value == closed.closed_pnl == row.realized_pnl
    assert exchange.settlements(uid, end_ms=row.ts_ms - 1) == ()

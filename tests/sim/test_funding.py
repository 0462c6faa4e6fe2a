from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import ExecutionRow


def funding_of(exchange: Exchange, uid: str, category: str = "linear") -> list[ExecutionRow]:
    return [row for row in exchange.executions(uid, category) if row.kind == "Funding"]


def test_what_longs_pay_shorts_receive(quiet: Exchange, funded: Callable[..., str]) -> None:
    long, short = funded("100000"), funded("100000")
    quiet.open_position(long, "BTCUSDT", "1.500")
    quiet.open_position(short, "BTCUSDT", "-1.500")
    before = {uid: quiet.wallet(uid).coins[0].wallet_balance for uid in (long, short)}
    quiet.advance(61.0)
    (paid,), (received,) = funding_of(quiet, long), funding_of(quiet, short)
    assert paid.fee == -received.fee
    assert paid.fee_rate == -received.fee_rate
    assert (paid.fee > 0) == (paid.fee_rate > 0)
    assert paid.fee == pytest.approx(paid.qty * paid.mark_price * paid.fee_rate, abs=Decimal("0.00000001"))
    after = {uid: quiet.wallet(uid).coins[0].wallet_balance for uid in (long, short)}
    assert after[long] - before[long] == -paid.fee
    assert after[short] - before[short] == paid.fee


def test_the_ledger_shows_it_with_the_opposite_sign(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("100000")
    quiet.open_position(uid, "BTCUSDT", "1.000")
    quiet.advance(61.0)
    line = quiet.transaction_log(uid)[0]
    assert line.kind == "SETTLEMENT"
    assert line.funding == line.change == -funding_of(quiet, uid)[0].fee
    assert line.cash_balance == quiet.wallet(uid).coins[0].wallet_balance


def test_inverse_funding_is_paid_in_the_coin(quiet: Exchange) -> None:
    uid = quiet.open_account("coin").uid
    quiet.deposit(uid, "BTC", "1")
    quiet.open_position(uid, "BTCUSD", "-10000")
    quiet.advance(61.0)
    (row,) = funding_of(quiet, uid, "inverse")
    assert row.settle_coin == "BTC"
    assert abs(row.fee) < Decimal("0.001")


def test_dated_contracts_and_flat_positions_pay_nothing(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("100000")
    quiet.open_position(uid, "BTCUSDT-26MAR27", "1.000")
    quiet.open_position(uid, "ETHUSDT", "1.00")
    quiet.open_position(uid, "ETHUSDT", "-1.00")
    quiet.advance(61.0)
    assert funding_of(quiet, uid) == []
    assert quiet.stats().fundings == 1


def test_funding_keeps_the_sequence_of_the_last_trade(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("100000")
    seq = quiet.open_position(uid, "BTCUSDT", "1.000").seq
    (before,) = quiet.positions(uid, "linear")
    quiet.advance(61.0)
    (after,) = quiet.positions(uid, "linear")
    assert after.seq == before.seq == seq
    assert after.updated_ms > before.updated_ms
    assert after.current_realized_pnl == before.current_realized_pnl - funding_of(quiet, uid)[0].fee

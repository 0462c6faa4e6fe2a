from collections.abc import Callable
from decimal import Decimal

from marginwatch.sim.exchange import Exchange


def test_a_trade_is_booked_everywhere_at_once(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.open_position(uid, "BTCUSDT", "0.100", "80000.00")
    row = quiet.open_position(uid, "BTCUSDT", "-0.040", "81000.00")
    assert (row.side, row.closed_size, row.realized_pnl) == ("Sell", Decimal("0.040"), Decimal(40))
    assert row.fee == Decimal(3240) * Decimal("0.00055")
    line = quiet.transaction_log(uid)[0]
    assert (line.kind, line.size, line.cash_flow) == ("TRADE", Decimal("0.060"), Decimal(40))
    assert line.change == line.cash_flow + line.funding - line.fee
    assert line.cash_balance == Decimal(10_000) + 40 - row.fee - Decimal("4.4")
    (closed,) = quiet.closed_pnl(uid, "linear")
    assert (closed.side, closed.closed_size, closed.entry_price) == (
        "Sell",
        Decimal("0.040"),
        Decimal(80_000),
    )
    assert closed.closed_pnl == Decimal(40) - Decimal("1.76") - row.fee


def test_sequence_and_update_time_grow_with_every_trade(quiet: Exchange, funded: Callable[..., str]) -> None:
    one, two = funded(), funded()
    seqs = [quiet.open_position(uid, "BTCUSDT", "0.001").seq for uid in (one, two, one, two, one)]
    stamps: list[int] = []
    assert seqs == sorted(set(seqs))
    for _ in range(3):
        quiet.open_position(one, "BTCUSDT", "0.001")
        stamps.append(quiet.positions(one, "linear")[0].updated_ms)
    assert stamps == sorted(set(stamps))


def test_a_reopened_position_starts_its_realized_profit_anew(
    quiet: Exchange, funded: Callable[..., str]
) -> None:
    uid = funded()
    quiet.open_position(uid, "BTCUSDT", "0.010", "80000.00")
    quiet.open_position(uid, "BTCUSDT", "-0.010", "82000.00")
    (flat,) = quiet.positions(uid, "linear", symbol="BTCUSDT")
    assert (flat.size, flat.side, flat.open_ms) == (0, "", 0)
    assert flat.current_realized_pnl == Decimal(20) - Decimal("0.44") - Decimal("0.451")
    quiet.open_position(uid, "BTCUSDT", "-0.010", "80000.00")
    (row,) = quiet.positions(uid, "linear")
    assert row.current_realized_pnl == Decimal("-0.44")
    assert row.cumulative_realized_pnl == flat.cumulative_realized_pnl - Decimal("0.44")


def test_histories_can_be_read_by_time_and_category(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded()
    first = quiet.open_position(uid, "BTCUSDT", "0.001")
    quiet.advance(5.0)
    second = quiet.open_position(uid, "ETHUSDT", "0.01")
    assert quiet.executions(uid, "linear") == (second, first)
    assert quiet.executions(uid, "linear", start_ms=first.ts_ms + 1) == (second,)
    assert quiet.executions(uid, "linear", end_ms=first.ts_ms) == (first,)
    assert quiet.executions(uid, "inverse") == ()

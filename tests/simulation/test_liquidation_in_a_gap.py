"""An account is liquidated while nobody hears its stream: it is told afterwards, and the book ends flat."""

from decimal import Decimal
from typing import Any

from marginwatch.model.events import FillsUpdate
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.risk.tables import account_rows


async def test_a_liquidation_in_a_gap_is_told_afterwards_and_leaves_nothing(
    set_stage: Any, until: Any, all_stream: Any
) -> None:
    events: list[object] = []
    async with set_stage(31, n_accounts=2, activity_per_s=0.0) as stage:
        exchange = stage.exchange
        info = exchange.open_account("reckless", "directional")
        exchange.deposit(info.uid, "USDT", "10000")
        exchange.set_leverage(info.uid, "BTCUSDT", "50")
        before = float(exchange.tickers("linear", "BTCUSDT")[0].mark_price)
        quantity = Decimal(f"{400_000 / before:.3f}")
        exchange.open_position(info.uid, "BTCUSDT", quantity)
        async with stage.watched(stage.config(backoff_first_s=1.0), events.append) as service:
            await until(lambda: service.is_complete() and all_stream(service), 40, service.statuses)
            held = next(
                row for row in account_rows(service.engine.run_frame()) if row.account_id == "reckless"
            )
            assert held.n_positions == 1
            # No await in between: the stream is cut before the exchange acts.
            assert stage.server.cut_account(info.uid) == 1
            exchange.set_price("BTCUSDT", Decimal(f"{before * 0.95:.1f}"))
            truth = exchange.truth(info.uid)
            assert truth.liquidations == 1
            assert not truth.positions

            def told() -> list[FillsUpdate]:
                return [
                    event
                    for event in events
                    if isinstance(event, FillsUpdate)
                    and event.account_id == "reckless"
                    and any(fill.kind == "liquidation" for fill in event.fills)
                ]

            await until(told, 40, service.statuses)
            await until(lambda: stage.difference(service) is None, 40, lambda: stage.difference(service))
            await until(lambda: all_stream(service), 40, service.statuses)
            after = next(
                row for row in account_rows(service.engine.run_frame()) if row.account_id == "reckless"
            )
            assert after.n_positions == 0
            assert after.is_fresh
            assert after.gross_usd == 0.0
            assert all(event.is_backfill for event in told())
            fills = [fill for event in told() for fill in event.fills if fill.kind == "liquidation"]
            assert sum(Decimal(fill.quantity or 0) for fill in fills) == quantity
            assert {fill.side for fill in fills} <= {"Sell", "sell"}
            assert len({fill.fill_id for fill in fills}) == len(fills), "told once"
            swept = [event for event in events if isinstance(event, AccountSnapshot)]
            assert [one.positions for one in swept if one.account_id == "reckless"][-1] == ()

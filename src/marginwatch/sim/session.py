"""Sessions of USDC contracts: every eight hours profit is paid out and counted from the mark again."""

from decimal import Decimal

from marginwatch.sim.account import Account
from marginwatch.sim.money import EXACT, ZERO, to_cents
from marginwatch.sim.position import Position
from marginwatch.sim.records import SettlementRow
from marginwatch.sim.rows import ClosedPnlRow, TransactionRow
from marginwatch.sim.world import World

SESSION_MS = 8 * 3_600_000


def settle_sessions(world: World) -> None:
    """Pay the session's profit of every USDC future and perpetual; average entries stay, session entries move."""
    for account in world.accounts.values():
        legs = [
            position
            for position in account.positions.values()
            if position.size and position.contract.settle == "USDC" and not position.is_option
        ]
        for position in legs:
            _settle(world, account, position)
        if legs:
            world.tell_wallet(account, "USDC")


def _settle(world: World, account: Account, position: Position) -> None:
    contract, coin = position.contract, position.contract.settle
    mark = world.market.quotes[contract.symbol].mark_exact
    entry = position.entry
    realized, house_cost = position.settle_session(mark)
    held = account.coin(coin)
    held.balance = EXACT.add(held.balance, realized) or ZERO
    held.cumulative_realized += realized
    world.house.cost[contract.symbol] = EXACT.add(world.house.cost[contract.symbol], house_cost)
    position.current_realized += realized
    position.cumulative_realized += realized
    position.updated_ms = max(world.now_ms, position.updated_ms + 1)
    account.transactions.append(
        TransactionRow(
            uid=account.uid,
            transaction_id=f"{account.uid}_{contract.symbol}_{world.identifier()[:8]}",
            category=contract.category,
            symbol=contract.symbol,
            side="Buy" if position.size > 0 else "Sell",
            kind="SETTLEMENT",
            qty=abs(position.size),
            size=position.size,
            coin=coin,
            trade_price=mark,
            funding=ZERO,
            fee=ZERO,
            cash_flow=realized,
            change=realized,
            cash_balance=held.balance,
            fee_rate=ZERO,
            trade_id="",
            order_id="",
            ts_ms=world.now_ms,
        )
    )
    _record(world, account, position, entry, realized)
    account.watch.slack_usd = 0.0
    world.touch(account, contract)
    world.tell_position(account, position)


def _record(world: World, account: Account, position: Position, entry: Decimal, realized: Decimal) -> None:
    """Keep what a session paid as a record of its own and as a piece of closed profit, which has no fees."""
    contract, size, mark = position.contract, abs(position.size), position.entry
    is_long = position.size > 0
    account.settlements.append(
        SettlementRow(
            uid=account.uid,
            symbol=contract.symbol,
            side="Buy" if is_long else "Sell",
            size=size,
            mark_price=mark,
            realized_pnl=realized,
            ts_ms=world.now_ms,
        )
    )
    account.closed.append(
        ClosedPnlRow(
            uid=account.uid,
            category=contract.category,
            symbol=contract.symbol,
            order_id=world.identifier(),
            side="Sell" if is_long else "Buy",
            kind="SessionSettlePnL",
            qty=size,
            closed_size=size,
            entry_value=to_cents(abs(contract.value(size, entry))),
            entry_price=to_cents(entry),
            exit_value=to_cents(abs(contract.value(size, mark))),
            exit_price=mark,
            closed_pnl=realized,
            open_fee=ZERO,
            close_fee=ZERO,
            leverage=position.leverage,
            ts_ms=world.now_ms,
        )
    )

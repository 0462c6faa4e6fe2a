"""Funding: at every interval longs pay shorts the funding rate of their value at mark, or the other way round."""

from decimal import Decimal

from marginwatch.sim import isolated
from marginwatch.sim.account import Account
from marginwatch.sim.money import EXACT, ZERO, from_float, to_cents, to_step
from marginwatch.sim.position import Position
from marginwatch.sim.rows import ExecutionRow, TransactionRow
from marginwatch.sim.world import World


def pay_funding(world: World) -> None:
    """Settle one funding interval of every perpetual; the house, being the other side of all, balances the payments."""
    rates = {symbol: world.market.funding_rate(contract) for symbol, contract in world.contracts.items()}
    for account in world.accounts.values():
        coins: dict[str, None] = {}
        for position in account.positions.values():
            rate = rates[position.contract.symbol]
            if position.size and rate:
                _pay(world, account, position, rate)
                coins[position.contract.settle] = None
        if coins:
            world.tell_wallet(account, *coins)
    world.counts["funding"] += 1


def _pay(world: World, account: Account, position: Position, rate: Decimal) -> None:
    contract = position.contract
    quote = world.market.quotes[contract.symbol]
    mark = quote.mark_exact
    value = abs(contract.value(position.size, mark))
    paid = to_cents(EXACT.multiply(value, rate))
    if position.size < 0:
        paid = -paid or ZERO
    held = account.coin(contract.settle)
    held.balance = EXACT.subtract(held.balance, paid) or ZERO
    held.cumulative_realized -= paid
    world.house.cash[contract.settle] += paid
    position.current_realized -= paid
    position.cumulative_realized -= paid
    position.updated_ms = max(world.now_ms, position.updated_ms + 1)
    side = "Buy" if position.size > 0 else "Sell"
    row = ExecutionRow(
        uid=account.uid,
        category=contract.category,
        symbol=contract.symbol,
        settle_coin=contract.settle,
        exec_id=world.identifier(),
        order_id=world.identifier(),
        order_link_id="",
        side=side,
        order_type="UNKNOWN",
        order_price=ZERO,
        order_qty=ZERO,
        leaves_qty=ZERO,
        kind="Funding",
        create_type="",
        price=mark,
        qty=abs(position.size),
        value=to_cents(value),
        fee=paid,
        fee_rate=rate if position.size > 0 else -rate,
        is_maker=False,
        closed_size=ZERO,
        realized_pnl=ZERO,
        mark_price=mark,
        index_price=to_step(quote.index, contract.tick),
        ts_ms=world.now_ms,
        seq=position.seq,
    )
    account.executions.append(row)
    account.transactions.append(_ledger_line(account, position, row))
    world.touch(account, None, abs(world.usd(contract.settle, paid)))
    if account.is_isolated and paid > 0:
        _draw_on_margin(world, account, position, paid)
    world.tell_execution(row)
    world.tell_position(account, position)


def _draw_on_margin(world: World, account: Account, position: Position, paid: Decimal) -> None:
    """Take from a position's own margin what the coin's available balance did not have for its funding."""
    missing = -isolated.available(world.measure(account), position.contract.settle)
    if missing > 0.0:
        position.extra_margin -= min(paid, to_cents(from_float(missing)))
        position.margin_version = -1
        world.touch(account)


def _ledger_line(account: Account, position: Position, row: ExecutionRow) -> TransactionRow:
    return TransactionRow(
        uid=account.uid,
        transaction_id=f"{account.uid}_{row.symbol}_{row.exec_id[:8]}",
        category=row.category,
        symbol=row.symbol,
        side=row.side,
        kind="SETTLEMENT",
        qty=row.qty,
        size=position.size,
        coin=row.settle_coin,
        trade_price=row.price,
        funding=-row.fee or ZERO,
        fee=ZERO,
        cash_flow=ZERO,
        change=-row.fee or ZERO,
        cash_balance=account.coin(row.settle_coin).balance,
        fee_rate=row.fee_rate,
        trade_id=row.exec_id,
        order_id=row.order_id,
        ts_ms=row.ts_ms,
    )

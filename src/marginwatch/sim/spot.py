"""Spot orders: what they give is locked until they are filled or cancelled; a fill swaps one coin for another."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from marginwatch.sim.account import SPOT_FEE, Account, SpotOrder, spot_value
from marginwatch.sim.instruments import PRICE_TICKS_MAX, SPOT_QTY_MAX, SPOT_STEP, SpotPair
from marginwatch.sim.isolated import available
from marginwatch.sim.money import EXACT, ZERO, from_float, to_cents, to_step
from marginwatch.sim.orders import new_order
from marginwatch.sim.rows import ExecutionRow, OrderRow, TransactionRow
from marginwatch.sim.world import World


@dataclass(frozen=True, slots=True)
class Swap:
    """A spot trade: what the wallet gives and gets, coin by coin; the fee is taken from what it gets."""

    order: OrderRow
    price: Decimal
    quantity: Decimal
    gives: tuple[str, Decimal]
    gets: tuple[str, Decimal]
    fee: Decimal
    is_maker: bool


def place(world: World, account: Account, pair: SpotPair, quantity: Decimal, price: Decimal) -> OrderRow:
    """Open a limit order of signed ``quantity`` of the base coin; one that the index has reached is filled at once.

    Raises
    ------
    ValueError
        If quantity or price cannot be traded, or the coin that it would give is not there.
    """
    _check(pair, quantity, price)
    row = new_order(world, account, ("spot", pair.symbol, pair.quote), quantity, price)
    order = SpotOrder(row, pair, quantity, float(price), float(quantity))
    _check_funds(world, account, order, ZERO)
    account.spot_orders[row.order_id] = order
    _told(world, account, row, order.gives)
    if _is_reached(world, order):
        _fill(world, account, row.order_id, index_price(world, pair), abs(quantity), is_maker=False)
    return row


def amend(world: World, account: Account, order_id: str, price: Decimal) -> OrderRow:
    """Move an open order to ``price``; KeyError if it is not open, ValueError as from :func:`place`."""
    order = account.spot_orders[order_id]
    _check(order.pair, order.left, price)
    row = msgspec.structs.replace(order.row, price=price, updated_ms=world.now_ms)
    moved = SpotOrder(row, order.pair, order.left, float(price), order.left_float)
    _check_funds(world, account, moved, order.locked)
    account.spot_orders[order_id] = moved
    _told(world, account, row, moved.gives)
    return row


def cancel(world: World, account: Account, order_id: str, cancel_type: str = "CancelByUser") -> OrderRow:
    """Cancel an open order and unlock its coin; KeyError if it is not open."""
    order = account.spot_orders.pop(order_id)
    row = msgspec.structs.replace(
        order.row, status="Cancelled", cancel_type=cancel_type, leaves_qty=ZERO, updated_ms=world.now_ms
    )
    _told(world, account, row, order.gives)
    return row


def fill_crossed(world: World, account: Account) -> None:
    """Fill every order whose price the index has reached, at that price, as maker."""
    for order_id, order in tuple(account.spot_orders.items()):
        if _is_reached(world, order):
            _fill(world, account, order_id, order.row.price, abs(order.left), is_maker=True)


def fill_order(
    world: World, account: Account, order_id: str, quantity: Decimal | None = None
) -> ExecutionRow:
    """Fill an open order at its price, as maker: the rest of it (None), or ``quantity`` (unsigned) of it.

    Raises
    ------
    KeyError
        If it is not open; ValueError if not so much is left of it.
    """
    order = account.spot_orders[order_id]
    taken = abs(order.left) if quantity is None else quantity
    if not taken.is_finite() or not 0 < taken <= abs(order.left) or taken % SPOT_STEP:
        raise ValueError(
            f"quantity of order {order_id} must be a multiple of {SPOT_STEP} up to {abs(order.left)}, got {quantity}"
        )
    return _fill(world, account, order_id, order.row.price, taken, is_maker=True)


def index_price(world: World, pair: SpotPair) -> Decimal:
    """Return what the base coin costs in the quote coin now, on the tick."""
    usd = world.market.usd
    return max(to_step(usd[pair.base] / usd[pair.quote], pair.tick), pair.tick)


def _is_reached(world: World, order: SpotOrder) -> bool:
    now = index_price(world, order.pair)
    return now <= order.row.price if order.is_buy else now >= order.row.price


def _check(pair: SpotPair, quantity: Decimal, price: Decimal) -> None:
    if not quantity.is_finite() or not quantity or quantity % SPOT_STEP:
        raise ValueError(
            f"quantity of {pair.symbol} must be a multiple of {SPOT_STEP} and not 0, got {quantity}"
        )
    if abs(quantity) > SPOT_QTY_MAX:
        raise ValueError(f"quantity of {pair.symbol} must be {SPOT_QTY_MAX} at most, got {quantity}")
    if not price.is_finite() or price <= 0 or price % pair.tick or price > pair.tick * PRICE_TICKS_MAX:
        raise ValueError(
            f"price of {pair.symbol} must be a positive multiple of {pair.tick}, {pair.tick * PRICE_TICKS_MAX} at most, "
            f"got {price}"
        )


def _check_funds(world: World, account: Account, order: SpotOrder, locked_before: Decimal) -> None:
    """Raise ValueError unless the coin that an order gives is held and free: spot orders do not borrow here."""
    coin = order.gives
    held = account.wallet.get(coin)
    free = (held.balance if held else ZERO) - account.locked(coin)
    if account.is_isolated:
        free = min(free, from_float(available(world.measure(account), coin)))
    if order.locked > free + locked_before:
        raise ValueError(
            f"{order.pair.symbol} order needs {order.locked} {coin}, available {free + locked_before}"
        )


def _fill(
    world: World, account: Account, order_id: str, price: Decimal, taken: Decimal, *, is_maker: bool
) -> ExecutionRow:
    order = account.spot_orders[order_id]
    value, is_buy = spot_value(taken, price), order.is_buy
    gets, gives = (taken, value) if is_buy else (value, taken)
    fee = to_cents(EXACT.multiply(gets, SPOT_FEE))
    order.row = _filled(order, price, taken, fee, world.now_ms)
    order.left -= taken if is_buy else -taken
    order.left_float = float(order.left)
    swap = Swap(order.row, price, taken, (order.gives, gives), (order.gets, gets), fee, is_maker)
    if not order.left:
        del account.spot_orders[order_id]
    world.tell_order(order.row)
    return _book(world, account, swap, value)


def _filled(order: SpotOrder, price: Decimal, taken: Decimal, fee: Decimal, now_ms: int) -> OrderRow:
    row, left = order.row, abs(order.left) - taken
    quantity, worth = row.cum_exec_qty + taken, row.cum_exec_value + spot_value(taken, price)
    return msgspec.structs.replace(
        row,
        status="PartiallyFilled" if left else "Filled",
        leaves_qty=left,
        cum_exec_qty=quantity,
        cum_exec_value=worth,
        cum_exec_fee=row.cum_exec_fee + fee,
        average_price=to_cents(EXACT.divide(worth, quantity)) if row.cum_exec_qty else price,
        updated_ms=now_ms,
        fee_coin=order.gets,
    )


def _book(world: World, account: Account, swap: Swap, value: Decimal) -> ExecutionRow:
    house, (given, gives), (gotten, gets) = world.house, swap.gives, swap.gets
    account.coin(given).balance = EXACT.subtract(account.coin(given).balance, gives) or ZERO
    account.coin(gotten).balance = EXACT.add(account.coin(gotten).balance, gets - swap.fee) or ZERO
    house.cash[given] = EXACT.add(house.cash[given], gives)
    house.cash[gotten] = EXACT.subtract(house.cash[gotten], gets)
    house.fees[gotten] = EXACT.add(house.fees[gotten], swap.fee)
    row = _execution(world, swap, value)
    account.executions.append(row)
    account.transactions.append(_ledger_line(account, row, given, -gives, ZERO))
    account.transactions.append(_ledger_line(account, row, gotten, gets, swap.fee))
    _touch(world, account)
    world.tell_execution(row)
    world.tell_wallet(account, given, gotten)
    return row


def _execution(world: World, swap: Swap, value: Decimal) -> ExecutionRow:
    order = swap.order
    world.spot_seq += 1
    return ExecutionRow(
        uid=order.uid,
        category="spot",
        symbol=order.symbol,
        settle_coin=order.settle_coin,
        exec_id=world.identifier(),
        order_id=order.order_id,
        order_link_id=order.order_link_id,
        side=order.side,
        order_type=order.order_type,
        order_price=order.price,
        order_qty=order.qty,
        leaves_qty=order.leaves_qty,
        kind="Trade",
        create_type=order.create_type,
        price=swap.price,
        qty=swap.quantity,
        value=value,
        fee=swap.fee,
        fee_rate=SPOT_FEE,
        is_maker=swap.is_maker,
        closed_size=ZERO,
        realized_pnl=ZERO,
        mark_price=swap.price,
        index_price=swap.price,
        ts_ms=world.now_ms,
        seq=world.spot_seq,
        fee_coin=order.fee_coin,
    )


def _ledger_line(
    account: Account, row: ExecutionRow, coin: str, cash: Decimal, fee: Decimal
) -> TransactionRow:
    return TransactionRow(
        uid=account.uid,
        transaction_id=f"{account.uid}_{row.symbol}_{row.seq}",
        category="spot",
        symbol=row.symbol,
        side=row.side,
        kind="TRADE",
        qty=row.qty,
        size=ZERO,
        coin=coin,
        trade_price=row.price,
        funding=ZERO,
        fee=fee,
        cash_flow=cash,
        change=cash - fee,
        cash_balance=account.coin(coin).balance,
        fee_rate=row.fee_rate,
        trade_id=row.exec_id,
        order_id=row.order_id,
        ts_ms=row.ts_ms,
    )


def _touch(world: World, account: Account) -> None:
    # Collateral and haircut losses change with what is ordered and swapped: the account is looked at after the next move.
    account.watch.slack_usd = 0.0
    world.touch(account)


def _told(world: World, account: Account, row: OrderRow, coin: str) -> None:
    _touch(world, account)
    world.tell_order(row)
    world.tell_wallet(account, coin)

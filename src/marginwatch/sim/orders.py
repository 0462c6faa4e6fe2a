"""Open orders of the simulated traders: placed, amended, cancelled, filled when the mark crosses them."""

from dataclasses import replace
from decimal import Decimal

import msgspec

from marginwatch.sim.account import NOTHING_ORDERED, Account, Order
from marginwatch.sim.instruments import Contract
from marginwatch.sim.money import EXACT, ZERO, to_cents
from marginwatch.sim.rows import Category, ExecutionRow, OrderRow
from marginwatch.sim.trading import Fill, book_fill, check_price, check_quantity, fee_of
from marginwatch.sim.world import World

RISK_OF_ORDER = 0.6
"""Part of an order's value that bounds what choosing another tier for it can take from an account's room."""


def place(
    world: World,
    account: Account,
    contract: Contract,
    quantity: Decimal,
    price: Decimal,
    *,
    position_idx: int | None = None,
    is_reduce_only: bool = False,
) -> OrderRow:
    """Open a limit order of signed ``quantity`` and tell order, position (unchanged, as the exchange does) and wallet.

    Raises
    ------
    ValueError
        If quantity or price cannot be traded.
    """
    check_quantity(contract, quantity)
    check_price(contract, price)
    if position_idx is None:
        position_idx = account.index_for(contract, quantity, is_closing=is_reduce_only)
    row = new_order(
        world, account, (contract.category, contract.symbol, contract.settle), quantity, price,
        position_idx=position_idx, is_reduce_only=is_reduce_only,
    )  # fmt: skip
    account.orders[row.order_id] = Order(row, contract, quantity, float(price), float(quantity))
    _told(world, account, contract, row, price)
    return row


def new_order(
    world: World,
    account: Account,
    listed: tuple[Category, str, str],
    quantity: Decimal,
    price: Decimal,
    *,
    position_idx: int = 0,
    is_reduce_only: bool = False,
) -> OrderRow:
    """Return the row of an order just placed; ``listed`` is category, symbol and settle coin, ``quantity`` signed."""
    category, symbol, settle_coin = listed
    return OrderRow(
        uid=account.uid,
        category=category,
        symbol=symbol,
        settle_coin=settle_coin,
        order_id=world.identifier(),
        order_link_id="",
        position_idx=position_idx,
        side="Buy" if quantity > 0 else "Sell",
        order_type="Limit",
        price=price,
        qty=abs(quantity),
        leaves_qty=abs(quantity),
        cum_exec_qty=ZERO,
        cum_exec_value=ZERO,
        cum_exec_fee=ZERO,
        average_price=None,
        status="New",
        cancel_type="UNKNOWN",
        create_type="CreateByUser",
        reject_reason="EC_NoError",
        time_in_force="GTC",
        is_reduce_only=is_reduce_only,
        created_ms=world.now_ms,
        updated_ms=world.now_ms,
    )


def amend(world: World, account: Account, order_id: str, price: Decimal) -> OrderRow:
    """Move an open order to ``price``; KeyError if it is not open, ValueError if the price is not positive."""
    order = account.orders[order_id]
    check_price(order.contract, price)
    order.row = msgspec.structs.replace(order.row, price=price, updated_ms=world.now_ms)
    order.price_float = float(price)
    _told(world, account, order.contract, order.row, price)
    return order.row


def cancel(world: World, account: Account, order_id: str, cancel_type: str = "CancelByUser") -> OrderRow:
    """Cancel an open order; KeyError if it is not open."""
    order = account.orders.pop(order_id)
    row = msgspec.structs.replace(
        order.row, status="Cancelled", cancel_type=cancel_type, leaves_qty=ZERO, updated_ms=world.now_ms
    )
    _told(world, account, order.contract, row, row.price)
    return row


def fill_order(
    world: World, account: Account, order_id: str, quantity: Decimal | None = None
) -> ExecutionRow:
    """Fill an open order at its price, as maker: the rest of it (None), or ``quantity`` (unsigned) of it.

    Raises
    ------
    KeyError
        If it is not open; ValueError if not so much is left of it.
    """
    order = account.orders[order_id]
    taken = order.left if quantity is None else quantity.copy_sign(order.left)
    check_quantity(order.contract, taken)
    if abs(taken) > abs(order.left):
        raise ValueError(f"quantity of order {order_id} must be {abs(order.left)} at most, got {quantity}")
    filling = Fill(order.contract, taken, order.row.price, order.row.position_idx, is_maker=True)
    order.row = _filled(order, taken, fee_of(world, account, filling), world.now_ms)
    order.left -= taken
    order.left_float = float(order.left)
    if not order.left:
        del account.orders[order_id]
    world.tell_order(order.row)
    return book_fill(world, account, replace(filling, order=order.row))


def _filled(order: Order, taken: Decimal, fee: Decimal, now_ms: int) -> OrderRow:
    """Return an order's row after a fill at its price; its average is of all fills, harmonic for inverse contracts."""
    row, contract = order.row, order.contract
    value = row.cum_exec_value + to_cents(abs(contract.value(taken, row.price)))
    quantity, is_first = row.cum_exec_qty + abs(taken), not row.cum_exec_qty
    average = EXACT.divide(quantity, value) if contract.is_inverse else EXACT.divide(value, quantity)
    return msgspec.structs.replace(
        row,
        status="Filled" if taken == order.left else "PartiallyFilled",
        leaves_qty=abs(order.left - taken),
        cum_exec_qty=quantity,
        cum_exec_value=value,
        cum_exec_fee=row.cum_exec_fee + fee,
        average_price=row.price if is_first else to_cents(average),
        updated_ms=now_ms,
    )


def fill_crossed(world: World, account: Account) -> None:
    """Fill every open order whose price the mark has reached; cancel reduce-only orders with nothing to reduce."""
    crossed: list[str] = []
    quotes = world.market.quotes
    for order_id, order in account.orders.items():
        mark = quotes[order.contract.symbol].mark
        if mark <= order.price_float if order.left_float > 0.0 else mark >= order.price_float:
            crossed.append(order_id)
    for order_id in crossed:
        order = account.orders[order_id]
        position = account.positions.get((order.contract.symbol, order.row.position_idx))
        held = position.size if position else ZERO
        is_opening = held * order.left >= 0
        would_turn = not is_opening and abs(held) < abs(order.left)
        if (order.row.is_reduce_only and is_opening) or (
            would_turn and (order.row.is_reduce_only or order.row.position_idx)
        ):
            cancel(world, account, order_id, "CancelByReduceOnly")
        else:
            fill_order(world, account, order_id)


def _told(world: World, account: Account, contract: Contract, row: OrderRow, price: Decimal) -> None:
    before = account.order_margins.get(contract.symbol, NOTHING_ORDERED).tied
    at_risk = RISK_OF_ORDER * world.usd(contract.settle, abs(contract.value(row.qty, price)))
    world.touch(account, contract, at_risk)
    world.tell_order(row)
    world.tell_position(account, account.position(contract, row.position_idx, world.now_ms))
    if account.order_margins.get(contract.symbol, NOTHING_ORDERED).tied != before:
        world.tell_wallet(account, contract.settle)

"""Delivery: what expires is settled in cash at the index, leaves the board, and makes room for the next expiry."""

from decimal import Decimal

from marginwatch.sim import orders
from marginwatch.sim.account import Account
from marginwatch.sim.instruments import Contract
from marginwatch.sim.money import EXACT, ZERO, to_cents, to_step
from marginwatch.sim.option_board import DELIVERY_FEE
from marginwatch.sim.position import Position
from marginwatch.sim.trading import Fill, book_fill
from marginwatch.sim.world import World

HIGHEST_FEE = Decimal("0.125")
"""Part of an option's payoff that its delivery fee never exceeds."""


def deliver_due(world: World) -> None:
    """Settle every contract whose time has come, and list what follows it.

    The price is the index of the moment; the exchange averages its index over the last half hour.
    """
    if world.now_ms < world.market.next_delivery_ms:
        return
    due = [contract for contract in world.contracts.values() if 0 < contract.delivery_ms <= world.now_ms]
    for contract in due:
        price = settlement_price(world, contract)
        for account in world.accounts.values():
            _deliver(world, account, contract, price)
    for contract in due:
        world.delist(contract)
    world.list_next()


def settlement_price(world: World, contract: Contract) -> Decimal:
    """Return what a contract is settled at: the index, or an option's payoff at it."""
    index = to_step(world.market.quotes[contract.symbol].index, Decimal("0.01"))
    if not contract.is_option:
        return to_step(float(index), contract.tick)
    return max(ZERO, index - contract.strike if contract.is_call else contract.strike - index)


def _deliver(world: World, account: Account, contract: Contract, price: Decimal) -> None:
    for order_id, order in tuple(account.orders.items()):
        if order.contract is contract:
            orders.cancel(world, account, order_id, "CancelBySettle")
    for leg in (0, 1, 2):
        position = account.positions.get((contract.symbol, leg))
        if position is not None and position.size:
            kind = "Settle" if contract.is_inverse else "Delivery"
            fee = _fee(world, contract, position, price)
            fill = Fill(contract, -position.size, price, leg, kind=kind, create_type="", fee=fee)
            book_fill(world, account, fill)


def _fee(world: World, contract: Contract, position: Position, price: Decimal) -> Decimal:
    """Return the delivery fee: of the index, for an option no more than a part of its payoff; none if it is worthless."""
    quantity = abs(position.size)
    if not contract.is_option:
        return to_cents(EXACT.multiply(abs(contract.value(quantity, price)), DELIVERY_FEE))
    index = to_step(world.market.quotes[contract.symbol].index, Decimal("0.01"))
    return to_cents(EXACT.multiply(quantity, min(index * DELIVERY_FEE, price * HIGHEST_FEE)))

"""Delivery: what expires is settled in cash at its index of the last half hour, leaves the board, and makes room for the next expiry."""

from decimal import Decimal

from marginwatch.sim import orders
from marginwatch.sim.account import Account
from marginwatch.sim.instruments import Contract
from marginwatch.sim.money import EXACT, ZERO, to_cents, to_step
from marginwatch.sim.option_board import DELIVERY_FEE
from marginwatch.sim.position import Position
from marginwatch.sim.records import DeliveryRow
from marginwatch.sim.trading import Fill, book_fill
from marginwatch.sim.world import World

HIGHEST_FEE = Decimal("0.125")
"""Part of an option's payoff that its delivery fee never exceeds."""

CENT_OF_A_UNIT = Decimal("0.01")
"""Step of the index that options are settled by."""


def watch_index(world: World) -> None:
    """Take the indexes of this moment into the averages of the next delivery, once its half hour has begun."""
    delivery_ms = world.market.next_delivery_ms
    if not world.delivery_index.is_open(world.now_ms, delivery_ms):
        return
    usd = world.market.usd
    pairs = {_pair(one): one for one in world.contracts.values() if one.delivery_ms == delivery_ms}
    indexes = {pair: usd[one.coin] * one.coin_factor / usd[one.quote] for pair, one in pairs.items()}
    world.delivery_index.add(world.now_ms, delivery_ms, indexes)


def deliver_due(world: World) -> None:
    """Settle every contract whose time has come at its index averaged over the last half hour; list what follows."""
    if world.now_ms < world.market.next_delivery_ms:
        return
    due = [contract for contract in world.contracts.values() if 0 < contract.delivery_ms <= world.now_ms]
    for contract in due:
        index = delivery_price(world, contract)
        for account in world.accounts.values():
            _deliver(world, account, contract, index)
    for contract in due:
        world.delist(contract)
    world.list_next()


def delivery_price(world: World, contract: Contract) -> Decimal:
    """Return the average index that a contract is settled by, or that it has come to so far."""
    average = world.delivery_index.average(_pair(contract))
    index = world.market.quotes[contract.symbol].index if average is None else average
    return to_step(index, CENT_OF_A_UNIT if contract.is_option else contract.tick)


def settlement_price(contract: Contract, index: Decimal) -> Decimal:
    """Return what one unit of a contract is settled at: the index, or an option's payoff at it."""
    if not contract.is_option:
        return index
    return max(ZERO, index - contract.strike if contract.is_call else contract.strike - index)


def _pair(contract: Contract) -> tuple[str, str]:
    return contract.base, contract.quote


def _deliver(world: World, account: Account, contract: Contract, index: Decimal) -> None:
    for order_id, order in tuple(account.orders.items()):
        if order.contract is contract:
            orders.cancel(world, account, order_id, "CancelBySettle")
    for leg in (0, 1, 2):
        position = account.positions.get((contract.symbol, leg))
        if position is not None and position.size:
            _settle(world, account, position, index)


def _settle(world: World, account: Account, position: Position, index: Decimal) -> None:
    contract, size, entry = position.contract, position.size, position.average
    price = settlement_price(contract, index)
    kind = "Settle" if contract.is_inverse else "Delivery"
    fee = _fee(contract, position, price, index)
    fill = Fill(contract, -size, price, position.position_idx, kind=kind, create_type="", fee=fee)
    row = book_fill(world, account, fill)
    account.deliveries.append(
        DeliveryRow(
            uid=account.uid,
            category=contract.category,
            symbol=contract.symbol,
            side="Buy" if size > 0 else "Sell",
            size=abs(size),
            entry_price=to_cents(entry),
            price=index,
            strike=contract.strike if contract.is_option else None,
            fee=fee,
            realized_pnl=row.realized_pnl,
            ts_ms=world.now_ms,
        )
    )


def _fee(contract: Contract, position: Position, price: Decimal, index: Decimal) -> Decimal:
    """Return the delivery fee: of the index, for an option no more than a part of its payoff; none if it is worthless."""
    quantity = abs(position.size)
    if not contract.is_option:
        return to_cents(EXACT.multiply(abs(contract.value(quantity, price)), DELIVERY_FEE))
    return to_cents(EXACT.multiply(quantity, min(index * DELIVERY_FEE, price * HIGHEST_FEE)))

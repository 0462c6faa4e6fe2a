"""Take-overs and auto-deleveraging: the insurance pool carries what losers could not keep, and when it is spent, winners."""

from decimal import Decimal

from marginwatch.sim import orders
from marginwatch.sim.account import Account
from marginwatch.sim.instruments import Contract
from marginwatch.sim.insurance import shortfall_of
from marginwatch.sim.margin import position_margin
from marginwatch.sim.position import Position
from marginwatch.sim.trading import Fill, book_fill
from marginwatch.sim.world import World


def hand_over(world: World, loser: Account, contract: Contract, taken: Decimal, price: Decimal) -> None:
    """Settle a take-over (signed: positive is a long) between pool, winners and house.

    The pool pays what the position is worth less than its price. Once it has nothing left, winners take what they can;
    what a position that stays with the house is worth more than its price goes to the pool.
    """
    lost = shortfall_of(world, contract, taken, price)
    if lost > 0:
        world.house.insure(contract.settle, lost)
    left = absorb(world, loser, contract, taken, price)
    if lost < 0 and left:
        world.house.insure(contract.settle, shortfall_of(world, contract, left, price))


def absorb(world: World, loser: Account, contract: Contract, taken: Decimal, price: Decimal) -> Decimal:
    """Pass what the house took over (signed: positive is a long) on to the other side, if the pool has nothing left.

    Those in front hold the opposite side with the highest leveraged profit; their orders in the contract are cancelled
    and they are closed at the price of the take-over. What nobody holds against it stays with the house and is returned,
    signed.
    """
    if world.house.pool_left(contract.settle) > 0:
        return taken
    left = abs(taken)
    for account, position in _ranked(world, loser, contract, is_short=taken > 0):
        if not left:
            break
        for order_id, order in tuple(account.orders.items()):
            if order.contract is contract:
                orders.cancel(world, account, order_id, "CancelAllBeforeAdl")
        quantity = min(left, abs(position.size))
        left -= quantity
        fill = Fill(
            contract,
            quantity if position.size < 0 else -quantity,
            price,
            position.position_idx,
            kind="AdlTrade",
            create_type="CreateByAdl_PassThrough",
        )
        book_fill(world, account, fill)
    return left.copy_sign(taken)


def _ranked(
    world: World, loser: Account, contract: Contract, *, is_short: bool
) -> list[tuple[Account, Position]]:
    found: list[tuple[float, Account, Position]] = []
    for account in world.accounts.values():
        for leg in (0, 1, 2):
            position = account.positions.get((contract.symbol, leg))
            if position is None or not position.size or account is loser or (position.size < 0) != is_short:
                continue
            value, initial, _, profit = position_margin(account, position, world.market)
            found.append((profit * value / initial**2 if initial else 0.0, account, position))
    found.sort(key=lambda entry: entry[0], reverse=True)
    return [(account, position) for rank, account, position in found if rank > 0.0]

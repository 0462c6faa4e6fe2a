"""Liquidation of single positions in isolated mode: when the mark reaches a position's liquidation price.

The contract's orders go first. On the lowest tier the position is then taken over at its bust price, so that it costs
its own margin and no more. Above, it is cut tier by tier at the mark until its price is out of reach again.
"""

import math
from decimal import Decimal

from marginwatch.sim import deleveraging, isolated, margin, orders
from marginwatch.sim.account import Account
from marginwatch.sim.insurance import cover
from marginwatch.sim.money import ZERO, from_float, to_step
from marginwatch.sim.position import Position
from marginwatch.sim.trading import Fill, book_fill
from marginwatch.sim.world import World

CUTS_MAX = 50
"""Bound on the fills of one liquidation: more than any table has tiers."""

AUTO_MARGIN_MIN = 0.01
"""Least part of a position's initial margin that is worth adding on its own."""


def check(world: World, account: Account) -> None:
    """Liquidate every position whose liquidation price the mark has reached, after adding margin where that is wanted."""
    for position in tuple(account.positions.values()):
        if not position.size_float or not isolated.is_reached(account, position, world.market):
            continue
        if position.is_auto_margin and _add_margin(world, account, position):
            continue
        liquidate(world, account, position)


def liquidate(world: World, account: Account, position: Position) -> None:
    """Cancel the contract's orders, cut or take over until the position is safe or gone."""
    contract, market = position.contract, world.market
    account.liquidations += 1
    world.liquidated.append(account.uid)
    for order_id, order in tuple(account.orders.items()):
        if order.contract is contract:
            orders.cancel(world, account, order_id, "CancelAllBeforeLiq")
    for _ in range(CUTS_MAX):
        if not position.size or not isolated.is_reached(account, position, market):
            break
        _told(world, account, position, "Liq")
        quantity = quantity_to_take(world, account, position)
        is_whole = quantity == abs(position.size)
        price = _take_over_price(world, account, position) if is_whole else None
        if price is None and _is_bust(world, account, position):
            quantity, price = abs(position.size), _take_over_price(world, account, position)
        _take(world, account, position, quantity, price)
    if position.size:
        _told(world, account, position, "Normal")
    cover(world, account, contract.settle)


def _take(
    world: World, account: Account, position: Position, quantity: Decimal, price: Decimal | None
) -> None:
    """Book the forced trade: at ``price`` as a take-over, at the mark (None) as a reduction in the market."""
    fill = Fill(
        position.contract,
        -quantity if position.size > 0 else quantity,
        world.market.quotes[position.contract.symbol].mark_exact if price is None else price,
        position.position_idx,
        kind="BustTrade",
        create_type="CreateByLiq" if price is None else "CreateByTakeOver_PassThrough",
    )
    bankruptcy = _take_over_price(world, account, position) if price is None else price
    book_fill(world, account, fill)
    world.tell_liquidation(fill.contract, -fill.quantity, bankruptcy)
    if price is not None:
        deleveraging.hand_over(world, account, fill.contract, -fill.quantity, price)


def quantity_to_take(world: World, account: Account, position: Position) -> Decimal:
    """Return what brings a position down to the limit of the tier below, or all of it on the lowest tier."""
    contract, whole = position.contract, abs(position.size)
    value = margin.position_margin(account, position, world.market)[0]
    tier = contract.tiers.index(value)
    if tier == 0:
        return whole
    keep_value = float(contract.tiers.tiers[tier - 1].limit)
    mark = world.market.quotes[contract.symbol].mark
    keep = keep_value * mark if contract.is_inverse else keep_value / mark
    kept = Decimal(math.floor(keep / float(contract.step))) * contract.step
    return whole - kept if ZERO < kept < whole else whole


def _is_bust(world: World, account: Account, position: Position) -> bool:
    mark = world.market.quotes[position.contract.symbol].mark
    bust = isolated.bust_price(account, position, world.market)
    return mark <= bust if position.size > 0 else mark >= bust


def _take_over_price(world: World, account: Account, position: Position) -> Decimal:
    """Return the bust price on the tick, rounded so that the owner never loses more than the margin."""
    tick = position.contract.tick
    bust = isolated.bust_price(account, position, world.market)
    price = to_step(min(bust, float(position.contract.max_price)), tick)
    if position.size > 0 and float(price) < bust:
        price += tick
    elif position.size < 0 and float(price) > bust:
        price -= tick
    return max(price, tick)


def _add_margin(world: World, account: Account, position: Position) -> bool:
    """Add up to one initial margin from what the coin has left; return whether that moved the price out of reach."""
    coin = position.contract.settle
    wanted = margin.position_margin(account, position, world.market)[1]
    found = min(wanted, isolated.available(world.measure(account), coin))
    if found < AUTO_MARGIN_MIN * wanted:
        return False
    position.extra_margin += from_float(math.floor(found * 1e8) / 1e8)
    position.margin_version = -1
    position.updated_ms = max(world.now_ms, position.updated_ms + 1)
    world.touch(account)
    world.tell_position(account, position)
    world.tell_wallet(account, coin)
    return not isolated.is_reached(account, position, world.market)


def _told(world: World, account: Account, position: Position, status: str) -> None:
    if position.status != status:
        position.status = status
        position.updated_ms = max(world.now_ms, position.updated_ms + 1)
        world.tell_position(account, position)

"""Liquidation of accounts whose positions back each other: exactly when maintenance margin reaches margin balance.

Spot orders with a haircut loss are cancelled first, and if that suffices it was no liquidation. Then all orders are
cancelled and debts repaid out of other coins; if that is not enough, positions are taken over by the house, largest loss
first, at a price that costs the account that position's maintenance margin: a position above the lowest tier is first cut
to the tier below. It stops as soon as the account is safe. What an emptied account still owes is repaid from its other
coins, and what is then missing the insurance fund pays.
"""

import math
from decimal import Decimal

from marginwatch.sim import deleveraging, isolated_liquidation, margin, orders, spot
from marginwatch.sim.account import Account
from marginwatch.sim.insurance import cover, move
from marginwatch.sim.isolated_liquidation import quantity_to_take
from marginwatch.sim.margin import AccountMargin
from marginwatch.sim.money import from_float, to_cents, to_step
from marginwatch.sim.position import Position
from marginwatch.sim.trading import Fill, book_fill
from marginwatch.sim.world import World

TAKE_OVERS_MAX = 500
"""Bound on the fills of one liquidation: positions × tiers fit in it many times."""


def check_all(world: World) -> None:
    """Liquidate every account that has reached its limit; skips those that the market cannot yet have brought there."""
    travel = world.market.travel
    for account in world.accounts.values():
        watch = account.watch
        # Two prices (contract and settle coin) can have moved by the travel each, hence twice.
        if watch.slack_usd > watch.sensitivity_usd * math.expm1(2.0 * (travel - watch.travel)):
            continue
        check(world, account)


def check(world: World, account: Account) -> None:
    """Liquidate the account if its maintenance margin has reached its margin balance."""
    if account.is_isolated:
        # Nothing bounds how near its positions are: such an account is looked at after every move.
        isolated_liquidation.check(world, account)
        account.watch.slack_usd = 0.0
        return
    figures = world.measure(account)
    if figures.maintenance_rate >= 1.0 and figures.haircut_loss > 0.0:
        for order_id in tuple(account.spot_orders):
            spot.cancel(world, account, order_id, "CancelByPrepareLiq")
        figures = world.measure(account)
    if figures.maintenance_rate >= 1.0:
        liquidate(world, account)
        figures = world.measure(account)
    watch = account.watch
    # An option can lose faster than its coin moves, so that no travel bounds it: such an account is always looked at.
    watch.slack_usd = figures.backing - figures.maintenance if figures.is_bounded else 0.0
    watch.sensitivity_usd = 2.0 * (figures.notional + figures.collateral)
    watch.travel = world.market.travel


def liquidate(world: World, account: Account) -> None:
    """Cancel, repay, take over until safe, repay what the positions left, insure."""
    account.liquidations += 1
    world.liquidated.append(account.uid)
    for order_id in tuple(account.orders):
        orders.cancel(world, account, order_id, "CancelAllBeforeLiq")
    for order_id in tuple(account.spot_orders):
        spot.cancel(world, account, order_id, "CancelAllBeforeLiq")
    if world.measure(account).maintenance_rate >= 1.0:
        _repay(world, account)
    for _ in range(TAKE_OVERS_MAX):
        open_legs = [position for position in account.positions.values() if position.size]
        figures = world.measure(account)
        if figures.maintenance_rate < 1.0 or not open_legs:
            break
        _take_over(world, account, min(open_legs, key=lambda leg: _profit_usd(world, account, leg)), figures)
    if not any(position.size for position in account.positions.values()):
        account.is_liquidated = True
        _repay(world, account)
        for coin in tuple(account.wallet):
            cover(world, account, coin)


def _profit_usd(world: World, account: Account, position: Position) -> float:
    pnl = margin.position_margin(account, position, world.market)[3]
    return pnl * world.market.usd[position.contract.settle]


def _take_over(world: World, account: Account, position: Position, figures: AccountMargin) -> None:
    if position.status != "Liq":
        position.status = "Liq"
        position.updated_ms = max(world.now_ms, position.updated_ms + 1)
        world.tell_position(account, position)
    quantity = quantity_to_take(world, account, position)
    price = _take_over_price(world, account, position, figures)
    side = -1 if position.size > 0 else 1
    book_fill(
        world,
        account,
        Fill(
            position.contract,
            quantity * side,
            price,
            position.position_idx,
            kind="BustTrade",
            create_type="CreateByTakeOver_PassThrough",
        ),
    )
    world.tell_liquidation(position.contract, -quantity * side, price)
    deleveraging.hand_over(world, account, position.contract, -quantity * side, price)
    if position.size and world.measure(account).maintenance_rate < 1.0:
        position.status = "Normal"
        position.updated_ms += 1
        world.tell_position(account, position)


def _take_over_price(world: World, account: Account, position: Position, figures: AccountMargin) -> Decimal:
    """Return the price that costs the account the position's maintenance margin, or its share of what is left."""
    contract = position.contract
    quote = world.market.quotes[contract.symbol]
    value, _, maintenance, _ = margin.position_margin(account, position, world.market)
    share = max(0.0, min(1.0, figures.balance / figures.maintenance)) if figures.maintenance else 0.0
    cost = max(0.0, maintenance * share - value * account.taker_fee_float) / value
    direction = 1.0 if position.size > 0 else -1.0
    price = to_step(quote.mark * (1.0 - direction * min(cost, 0.9)), contract.tick)
    return max(price, contract.tick)


def _repay(world: World, account: Account) -> None:
    """Sell other coins to the house at the index until nothing is owed or nothing is left to sell."""
    usd = world.market.usd
    for coin, held in tuple(account.wallet.items()):
        for other, source in tuple(account.wallet.items()):
            if held.balance >= 0:
                break
            if source.balance <= 0 or other == coin:
                continue
            rate = usd[other] / usd[coin]
            wanted = to_cents(from_float(float(-held.balance) / rate * 1.000001, 8))
            sold = min(source.balance, wanted)
            bought = min(-held.balance, to_cents(from_float(float(sold) * rate, 8)))
            move(world, account, other, -sold)
            move(world, account, coin, bought)

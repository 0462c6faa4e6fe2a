"""Isolated margin: each position stands on margin of its own, taken at entry, and dies alone.

The account has no rates. What its coins do not hold as margin of positions and orders is available; nothing else backs
a position, and a coin serves only the contracts that settle in it.
"""

import math

from marginwatch.sim import margin
from marginwatch.sim.account import ISOLATED, Account
from marginwatch.sim.margin import AccountMargin, CoinMargin
from marginwatch.sim.market import Market
from marginwatch.sim.position import Position


class IsolatedMargin:
    """Isolated margin of the unified account: sums by coin, and no rate of the whole.

    References
    ----------
    Bybit help centre, New Margin Calculation (effective 2025-09-02); wallet totals as seen on a live isolated account
    (2024-01): equity, wallet and profit are shown, margins and rates are not.
    """

    name = ISOLATED

    def measure(self, account: Account, market: Market) -> AccountMargin:
        """Return the account's figures at the market's present prices; collateral ratios play no part."""
        total = AccountMargin(has_rates=False)
        coins = total.coins
        for name, held in account.wallet.items():
            coins[name] = CoinMargin(wallet=float(held.balance))
        for position in account.positions.values():
            if not position.size_float:
                continue
            value, initial, maintenance, pnl = margin.position_margin(account, position, market)
            coin = coins.setdefault(position.contract.settle, CoinMargin())
            coin.unrealized += pnl
            coin.position_initial += initial
            coin.position_maintenance += maintenance
            total.notional += value * market.usd[position.contract.settle]
        for symbol, ordered in account.order_margins.items():
            coin = coins.setdefault(market.quotes[symbol].contract.settle, CoinMargin())
            coin.order_initial += ordered.initial_margin
        for name, coin in coins.items():
            usd = market.usd.get(name, 0.0)
            total.equity += (coin.wallet + coin.unrealized) * usd
            total.wallet += coin.wallet * usd
            total.perp_pnl += coin.unrealized * usd
            total.initial += (coin.position_initial + coin.order_initial) * usd
            total.maintenance += coin.position_maintenance * usd
            total.collateral += (abs(coin.wallet) + abs(coin.unrealized)) * usd
        for order in account.spot_orders.values():
            coins.setdefault(order.gives, CoinMargin()).locked += float(order.locked)
        return total


def available(figures: AccountMargin, coin: str) -> float:
    """Return what a coin has left for new positions, in that coin; below 0 if margins outgrew the wallet.

    References
    ----------
    v5/account/wallet-balance (2026-07): wallet balance − position margin − order margin − locked − bonus.
    """
    part = figures.coins.get(coin)
    return 0.0 if part is None else part.wallet - part.position_initial - part.order_initial - part.locked


def leverage_used(account: Account, position: Position, market: Market) -> float:
    """Return the leverage a position's margin is reckoned with: its setting, limited by its tier."""
    return min(position.leverage_float, _terms(account, position, market)[2])


def liquidation_price(account: Account, position: Position, market: Market) -> float | None:
    """Return the mark at which the position is liquidated; None if no positive price does it.

    It holds for the tier that the position's value at mark and the contract's orders choose now.

    References
    ----------
    Inverse: Bybit help centre, Liquidation Price (Isolated, UTA), 2026-05-27. Linear: from margin + profit = maintenance
    margin, in which the fee to close cancels.
    """
    quantity, entry = abs(position.size_float), position.entry_float
    if not quantity:
        return None
    rate, deduction, highest = _terms(account, position, market)
    used, extra = min(position.leverage_float, highest), float(position.extra_margin)
    is_long, fee = position.size_float > 0.0, account.taker_fee_float
    if not position.contract.is_inverse:
        if is_long:
            price = (quantity * entry * (1.0 - 1.0 / used) - extra - deduction) / (quantity * (1.0 - rate))
        else:
            price = (quantity * entry * (1.0 + 1.0 / used) + extra + deduction) / (quantity * (1.0 + rate))
        return price if price > 0.0 else None
    worth = quantity / entry
    if is_long:
        below = worth + worth / used + extra / (1.0 + fee) + deduction
        return quantity * (1.0 + rate) / below if below > 0.0 else math.inf
    below = worth - worth / used - extra / (1.0 - fee) - deduction
    return quantity * (1.0 - rate) / below if below > 0.0 else None


def bust_price(account: Account, position: Position, market: Market) -> float:
    """Return the price at which the position's margin is used up; 0 or infinite if no price does it."""
    used = leverage_used(account, position, market)
    quantity, direction = abs(position.size_float), 1.0 if position.size_float > 0.0 else -1.0
    extra, entry = float(position.extra_margin), position.entry_float
    if not position.contract.is_inverse:
        return max(0.0, entry * (1.0 - direction / used) - direction * extra / quantity)
    below = 1.0 / entry * (1.0 + direction / used) + direction * extra / quantity
    return 1.0 / below if below > 0.0 else math.inf


def is_reached(account: Account, position: Position, market: Market) -> bool:
    """Return whether the mark has reached the position's liquidation price."""
    price = liquidation_price(account, position, market)
    if price is None:
        return False
    mark = market.quotes[position.contract.symbol].mark
    return mark <= price if position.size_float > 0.0 else mark >= price


def _terms(account: Account, position: Position, market: Market) -> tuple[float, float, float]:
    """Return the tier's rate, the position's share of its deduction, and its highest leverage."""
    contract = position.contract
    mark = market.quotes[contract.symbol].mark
    quantity = abs(position.size_float)
    value = quantity / mark if contract.is_inverse else quantity * mark
    orders = account.order_margins.get(contract.symbol)
    total = value + (orders.value if orders else 0.0)
    rate, deduction, highest = contract.tiers.band(total)
    return rate, deduction * value / total if total else 0.0, highest

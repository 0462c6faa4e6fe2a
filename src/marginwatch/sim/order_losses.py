"""What open orders could take from an account's collateral, and so count against it before they are filled.

References
----------
Bybit help centre, Glossary UTA (2026-03-13): both rates are margin ÷ (margin balance − haircut loss + order loss). The
order loss is published as ``Min[0, (mark − price) × size]`` of a buy order and ``Min[0, (price − mark) × size]`` of a
sell order, over all perpetuals and futures. The haircut loss is published in words only, as the margin that spot orders
could lose; its formula here is ours.
"""

import math

from marginwatch.sim.account import Account, SpotOrder
from marginwatch.sim.collateral import counted_ratio
from marginwatch.sim.market import Market


def order_loss(account: Account, market: Market) -> float:
    """Return what orders through the mark would lose at once, USD, never above 0; options have none."""
    total = 0.0
    for symbol, ordered in account.order_margins.items():
        if ordered.highest_buy == 0.0 and ordered.lowest_sell == math.inf:
            continue  # an option: reading its mark would price it
        quote = market.quotes[symbol]
        if ordered.highest_buy > quote.mark or ordered.lowest_sell < quote.mark:
            total += _symbol_loss(account, symbol, quote.mark) * market.usd[quote.contract.settle]
    return total


def _symbol_loss(account: Account, symbol: str, mark: float) -> float:
    loss = 0.0
    for order in account.orders.values():
        if order.contract.symbol != symbol:
            continue
        price, size = order.price_float, order.left_float
        gain = size * (1.0 / price - 1.0 / mark) if order.contract.is_inverse else size * (mark - price)
        loss += min(0.0, gain)
    return loss


def haircut_loss(account: Account, order: SpotOrder, equities: dict[str, float], market: Market) -> float:
    """Return the collateral that a spot order would take away if it were filled at its price, USD, never below 0.

    Parameters
    ----------
    account : Account
        Whose coins count as they do for it.
    order : SpotOrder
        One open order.
    equities : dict of str to float
        Wallet and unrealized profit of each coin, in that coin; a coin that is not there is 0.
    market : Market
        USD prices.
    """
    given = _counted(account, order.gives, -order.gives_float, equities, market)
    gotten = _counted(account, order.gets, order.gets_float, equities, market)
    return max(0.0, -(given + gotten))


def _counted(account: Account, coin: str, change: float, equities: dict[str, float], market: Market) -> float:
    """Return by how much the collateral value of a coin changes with its quantity, USD."""
    before = equities.get(coin, 0.0)
    after = before + change
    worth = after * counted_ratio(account, coin, after) - before * counted_ratio(account, coin, before)
    return worth * market.usd[coin]

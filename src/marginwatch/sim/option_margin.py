"""What options need as margin in cross mode: nothing for longs but their premium, a part of the index for shorts.

References
----------
Bybit help centre, Options margin (2023-12) for the maintenance margin; the initial margin is a restatement by others.
The exchange's present factors are unpublished here; these are of the published example.
"""

from marginwatch.sim.account import Account, OrderMargin
from marginwatch.sim.instruments import Contract
from marginwatch.sim.option_board import OptionQuote

MAINTENANCE_FACTOR = 0.03
LIQUIDATION_FEE = 0.002
INITIAL_FACTOR, INITIAL_LEAST = 0.15, 0.10


def option_margin(
    contract: Contract, size: float, entry: float, quote: OptionQuote
) -> tuple[float, float, float, float]:
    """Return value at mark, initial margin, maintenance margin and unrealized profit of an option leg, settle coin.

    ``size`` is signed and not 0. A long needs no margin; ``max(0.03 × index, 0.03 × mark) + mark + 0.002 × index`` a
    contract is the maintenance margin of a short, ``max(0.15 × index − out of the money, 0.10 × index) + max(entry,
    mark)`` its initial margin, if that is more.
    """
    mark, index = quote.mark, quote.index
    value, profit = abs(size) * mark, size * (mark - entry)
    if size > 0.0:
        return value, 0.0, 0.0, profit
    initial, maintenance = short_margins(contract, index, mark, entry)
    return value, initial * -size, maintenance * -size, profit


def short_margins(contract: Contract, index: float, mark: float, entry: float) -> tuple[float, float]:
    """Return initial and maintenance margin of one short option."""
    strike = float(contract.strike)
    out_of_money = max(0.0, strike - index if contract.is_call else index - strike)
    maintenance = max(MAINTENANCE_FACTOR * index, MAINTENANCE_FACTOR * mark) + mark + LIQUIDATION_FEE * index
    initial = max(INITIAL_FACTOR * index - out_of_money, INITIAL_LEAST * index) + max(entry, mark)
    return max(initial, maintenance), maintenance


def option_order_margin(account: Account, contract: Contract, quote: OptionQuote) -> OrderMargin:
    """Return what the open orders in an option tie up: premiums of buys, margins of sales that no long covers."""
    covered = max(0.0, account.net_size(contract.symbol))
    needed = 0.0
    for order in account.orders.values():
        if order.contract is not contract or order.row.is_reduce_only:
            continue
        if order.left_float > 0.0:
            needed += order.left_float * order.price_float
            continue
        adding = max(0.0, -order.left_float - covered)
        covered = max(0.0, covered + order.left_float)
        needed += adding * short_margins(contract, quote.index, quote.mark, order.price_float)[0]
    return OrderMargin(needed, 0.0)

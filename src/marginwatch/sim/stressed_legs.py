"""The grid of portfolio margin leg by leg: what the exchange shows of it to whoever asks."""

from dataclasses import dataclass
from decimal import Decimal

from marginwatch.sim.account import Account
from marginwatch.sim.instruments import Contract
from marginwatch.sim.market import Market
from marginwatch.sim.money import ZERO
from marginwatch.sim.portfolio import Grid, books, factors_of, leg_grid


@dataclass(frozen=True, slots=True)
class StressedLeg:
    """One leg under stress: signed size, session entry, mark, unsigned size of its open orders, and profit by shock."""

    contract: Contract
    size: Decimal
    session_entry: Decimal
    mark_price: Decimal
    ordered: Decimal
    grid: Grid


def stressed_legs(account: Account, coin: str, market: Market) -> tuple[StressedLeg, ...]:
    """Return each open leg on a coin under the shocks of portfolio margin; empty without one.

    A leg of a book with options is shown under every change of volatility, though only options feel it.
    """
    book = books(account).get(coin, [])
    factors = factors_of(book)
    return tuple(
        StressedLeg(
            contract=position.contract,
            size=position.size,
            session_entry=position.entry,
            mark_price=market.quotes[position.contract.symbol].mark_exact,
            ordered=sum(
                (abs(order.left) for order in account.orders.values() if order.contract is position.contract),
                ZERO,
            ),
            grid=leg_grid(position, market, factors),
        )
        for position in book
    )

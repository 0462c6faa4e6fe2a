"""Option totals of an account: greeks, profit and margins by underlying coin."""

from decimal import Decimal

from marginwatch.sim.account import Account
from marginwatch.sim.margin import position_margin
from marginwatch.sim.market import Market
from marginwatch.sim.money import ZERO, from_float
from marginwatch.sim.option_board import OptionQuote
from marginwatch.sim.position import Position
from marginwatch.sim.rows import CoinGreeks, OptionAssetRow


def coin_greeks(account: Account, market: Market) -> tuple[CoinGreeks, ...]:
    """Return the totals of each coin that the account holds options on; empty without options."""
    sums: dict[str, list[float]] = {}
    for position, quote in _held(account, market):
        total = sums.setdefault(position.contract.base, [0.0] * 4)
        for number, value in enumerate(quote.greeks):
            total[number] += value * position.size_float
    return tuple(
        CoinGreeks(
            coin=coin,
            delta=from_float(delta),
            gamma=from_float(gamma),
            vega=from_float(vega),
            theta=from_float(theta),
        )
        for coin, (delta, gamma, vega, theta) in sums.items()
    )


def option_assets(account: Account, market: Market) -> tuple[OptionAssetRow, ...]:
    """Return delta, profit and margins of each coin's options, orders included in margins."""
    deltas = {row.coin: row.delta for row in coin_greeks(account, market)}
    sums: dict[str, list[float]] = {}
    realized: dict[str, Decimal] = {}
    for position, _ in _held(account, market):
        total = sums.setdefault(position.contract.base, [0.0] * 3)
        _, initial, maintenance, profit = position_margin(account, position, market)
        for number, value in enumerate((profit, initial, maintenance)):
            total[number] += value
        coin = position.contract.base
        realized[coin] = realized.get(coin, ZERO) + position.current_realized
    for symbol, ordered in account.order_margins.items():
        contract = market.quotes[symbol].contract
        if contract.is_option and contract.base in sums:
            sums[contract.base][1] += ordered.initial_margin
    return tuple(
        OptionAssetRow(
            coin=coin,
            delta=deltas[coin],
            realized_pnl=realized[coin],
            unrealized_pnl=from_float(profit),
            initial_margin=from_float(initial),
            maintenance_margin=from_float(maintenance),
        )
        for coin, (profit, initial, maintenance) in sums.items()
    )


def _held(account: Account, market: Market) -> list[tuple[Position, OptionQuote]]:
    found: list[tuple[Position, OptionQuote]] = []
    for position in account.positions.values():
        if position.is_option and position.size:
            quote = market.quotes[position.contract.symbol]
            assert isinstance(quote, OptionQuote)  # noqa: S101 - an option has no other kind of quote
            found.append((position, quote))
    return found

"""Portfolio margin: the worst loss of each coin's book over a grid of price and volatility shocks, plus contingencies.

Everything on one coin is shocked together, so that what hedges needs little. Coins held spot count as hedges for accounts
whose owner switched spot hedging on, up to the derivatives that they offset.
"""

import math
from dataclasses import dataclass

from marginwatch.sim.account import PORTFOLIO, Account
from marginwatch.sim.coins import borrow_rates
from marginwatch.sim.collateral import counted_ratio
from marginwatch.sim.margin import AccountMargin, CoinMargin, add_order_losses, position_margin
from marginwatch.sim.market import Market
from marginwatch.sim.option_board import OptionQuote
from marginwatch.sim.position import Position

PRICE_SHOCKS = tuple(step / 50.0 for step in range(-5, 6))
"""−10 % to +10 % in steps of 2 %, as documented."""

VOLATILITY_FACTORS = (0.72, 1.0, 1.28)
"""Multiples of implied volatility; the exchange's are by coin and change."""

INITIAL_FACTOR = 1.2
"""Initial ÷ maintenance margin, as in the documented example."""

SHORT_OPTION = 0.005
VEGA_POINTS = 1.0
SPREAD = 0.005
CALENDAR = 0.005
FUTURES = 0.005
"""Contingencies, fractions of value and points of volatility: the kinds are published, these sizes are our choice."""


Grid = dict[tuple[float, float], float]
"""Profit in USD by price shock and factor of volatility."""


@dataclass(frozen=True, slots=True)
class StressedCoin:
    """One coin's book under stress, USD: ``grid`` is profit by (price shock, volatility factor), spot hedge included.

    ``hedge`` is what of the coin held spot offsets derivatives, signed, in that coin.
    """

    coin: str
    grid: Grid
    contingencies: dict[str, float]
    hedge: float = 0.0

    @property
    def worst_loss(self) -> float:
        """The largest loss of the grid, 0 if every shock gains."""
        return max(0.0, -min(self.grid.values()))

    @property
    def maintenance(self) -> float:
        """Maintenance margin: the worst loss and all contingencies."""
        return self.worst_loss + sum(self.contingencies.values())


class PortfolioMargin:
    """Portfolio margin of the unified account; option value counts in its margin balance.

    References
    ----------
    Bybit help centre, Introduction to Portfolio Margin (2024-09); v5/asset/portfolio-margin (2026-07).
    """

    name = PORTFOLIO

    def measure(self, account: Account, market: Market) -> AccountMargin:
        """Return the account's figures at the market's present prices."""
        total = AccountMargin(is_bounded=False, has_coin_margins=False)
        coins = total.coins
        for name, held in account.wallet.items():
            coins[name] = CoinMargin(wallet=float(held.balance))
        for position in account.positions.values():
            if not position.size_float:
                continue
            value, _, _, pnl = position_margin(account, position, market)
            settle = position.contract.settle
            coin = coins.setdefault(settle, CoinMargin())
            if position.is_option:
                coin.option_value += value if position.size_float > 0.0 else -value
            else:
                coin.unrealized += pnl
            total.notional += value * market.usd[settle]
        for name, coin in coins.items():
            _add_coin(total, account, coin, name, market.usd.get(name, 0.0))
        for book in stressed(account, market):
            total.maintenance += book.maintenance
            total.initial += book.maintenance * INITIAL_FACTOR
            if book.hedge:
                coins[book.coin].hedging = book.hedge
        for symbol, ordered in account.order_margins.items():
            total.initial += ordered.initial_margin * market.usd[market.quotes[symbol].contract.settle]
        if account.orders or account.spot_orders:
            add_order_losses(total, account, market)
        return total


def stressed(account: Account, market: Market) -> tuple[StressedCoin, ...]:
    """Return each coin's book under stress, in the order of first touch; empty without positions."""
    is_hedged = account.has_spot_hedging and account.is_portfolio
    return tuple(
        _stress(coin, book, market, _hedge(account, coin, book, market) if is_hedged else 0.0)
        for coin, book in books(account).items()
    )


def books(account: Account) -> dict[str, list[Position]]:
    """Return the open positions by the coin that they are on."""
    found: dict[str, list[Position]] = {}
    for position in account.positions.values():
        if position.size_float:
            found.setdefault(position.contract.coin, []).append(position)
    return found


def factors_of(book: list[Position]) -> tuple[float, ...]:
    """Return the factors of volatility that a book is tried with: none but 1 without options."""
    return VOLATILITY_FACTORS if any(position.is_option for position in book) else (1.0,)


def leg_grid(position: Position, market: Market, factors: tuple[float, ...]) -> Grid:
    """Return what one leg gains under every shock, USD."""
    return {
        (shock, factor): _profit(position, market, shock, factor)
        for shock in PRICE_SHOCKS
        for factor in factors
    }


def _stress(coin: str, book: list[Position], market: Market, hedge: float) -> StressedCoin:
    spot, factors = hedge * market.usd[coin], factors_of(book)
    grid = {
        (shock, factor): sum(_profit(position, market, shock, factor) for position in book) + spot * shock
        for shock in PRICE_SHOCKS
        for factor in factors
    }
    return StressedCoin(coin, grid, _contingencies(book, market), hedge)


def _hedge(account: Account, coin: str, book: list[Position], market: Market) -> float:
    """Return how much of a coin in the wallet stands against the delta of its derivatives, signed, in the coin."""
    held = account.wallet.get(coin)
    spot = float(held.balance) if held is not None else 0.0
    delta = sum(_delta_usd(position, market) for position in book) / market.usd[coin]
    if spot * delta >= 0.0:
        return 0.0
    return math.copysign(min(abs(spot), abs(delta)), spot)


def _profit(position: Position, market: Market, shock: float, factor: float) -> float:
    """Return what a leg gains in USD if its coin moves by ``shock``; the settle coin of an inverse one moves along."""
    contract, size = position.contract, position.size_float
    if contract.is_inverse:
        return size * shock
    quote = market.quotes[contract.symbol]
    gain = (
        quote.shocked(1.0 + shock, factor) - quote.mark
        if isinstance(quote, OptionQuote)
        else quote.mark * shock
    )
    return size * gain * market.usd[contract.settle]


def _contingencies(book: list[Position], market: Market) -> dict[str, float]:
    deltas: dict[tuple[str, int], float] = {}
    gross_futures = short_options = vega = 0.0
    for position in book:
        contract = position.contract
        quote, usd = market.quotes[contract.symbol], market.usd[contract.settle]
        delta = _delta_usd(position, market)
        if isinstance(quote, OptionQuote):
            short_options += max(0.0, -position.size_float) * quote.index * usd
            vega += position.size_float * quote.greeks.vega * usd
        else:
            gross_futures += abs(delta)
        key = (contract.settle, contract.delivery_ms)
        deltas[key] = deltas.get(key, 0.0) + delta
    return {
        "short_option": SHORT_OPTION * short_options,
        "vega": VEGA_POINTS * abs(vega),
        "spread": SPREAD
        * _matched([_net(deltas, settle=settle) for settle in dict.fromkeys(key[0] for key in deltas)]),
        "calendar": CALENDAR
        * _matched([_net(deltas, expiry=expiry) for expiry in dict.fromkeys(key[1] for key in deltas)]),
        "futures": FUTURES * gross_futures,
    }


def _delta_usd(position: Position, market: Market) -> float:
    """Return what a leg gains for a move of its coin by all of its price, USD."""
    contract, size = position.contract, position.size_float
    quote = market.quotes[contract.symbol]
    if isinstance(quote, OptionQuote):
        return size * quote.greeks.delta * quote.index * market.usd[contract.settle]
    return size if contract.is_inverse else size * quote.mark * market.usd[contract.settle]


def _net(
    deltas: dict[tuple[str, int], float], *, settle: str | None = None, expiry: int | None = None
) -> float:
    return sum(d for (coin, ends), d in deltas.items() if settle in (None, coin) and expiry in (None, ends))


def _matched(deltas: list[float]) -> float:
    """Return how much long exposure stands against short exposure, USD."""
    longs = sum(delta for delta in deltas if delta > 0.0)
    return min(longs, longs - sum(deltas))


def _add_coin(total: AccountMargin, account: Account, coin: CoinMargin, name: str, usd: float) -> None:
    owned = coin.wallet + coin.unrealized
    ratio = counted_ratio(account, name, owned)
    total.equity += (owned + coin.option_value) * usd
    total.wallet += coin.wallet * ratio * usd
    total.perp_pnl += coin.unrealized * ratio * usd
    total.option_value += coin.option_value * usd
    total.counted_options += coin.option_value * usd
    if owned < 0.0:
        coin.borrowed = -owned
        initial, maintenance = borrow_rates(name, coin.borrowed)
        total.initial += coin.borrowed * initial * usd
        total.maintenance += coin.borrowed * maintenance * usd
    total.collateral += (abs(coin.wallet) + abs(coin.unrealized)) * usd

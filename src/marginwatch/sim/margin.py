"""What positions and orders need, and what the account has: the exchange's margin figures by margin mode.

An implementation of its own from the published formulas, on floats: ledgers stay exact, margins are derived from them.
"""

import math
from dataclasses import dataclass, field
from typing import Protocol

from marginwatch.sim.account import Account, OrderMargin
from marginwatch.sim.coins import borrow_rates, collateral_ratio
from marginwatch.sim.collateral import is_collateral
from marginwatch.sim.instruments import Contract
from marginwatch.sim.market import Market
from marginwatch.sim.option_board import OptionQuote
from marginwatch.sim.option_margin import option_margin
from marginwatch.sim.order_losses import haircut_loss, order_loss
from marginwatch.sim.position import Position

TAKER_FEE = 0.00055


@dataclass(slots=True)
class CoinMargin:
    """Sums of one coin, in that coin; ``hedging`` is what of it, signed, offsets derivatives in portfolio margin."""

    wallet: float = 0.0
    unrealized: float = 0.0
    position_initial: float = 0.0
    position_maintenance: float = 0.0
    order_initial: float = 0.0
    option_value: float = 0.0
    borrowed: float = 0.0
    locked: float = 0.0
    hedging: float = 0.0


@dataclass(slots=True)
class AccountMargin:
    """Figures of a whole account in USD; ``coins`` hold the parts.

    ``notional`` is gross position value and ``collateral`` gross wallet value at the index, for bounding risk.
    ``option_value`` counts in ``equity`` and in the balance only as far as ``counted_options``. ``is_bounded``
    is False where losses are not bounded by how far prices travel; ``has_coin_margins`` where coins have no margins of
    their own; ``has_rates`` is False where the account as a whole has no margin: in isolated mode.
    """

    coins: dict[str, CoinMargin] = field(default_factory=dict[str, CoinMargin])
    equity: float = 0.0
    wallet: float = 0.0
    perp_pnl: float = 0.0
    initial: float = 0.0
    maintenance: float = 0.0
    notional: float = 0.0
    collateral: float = 0.0
    option_value: float = 0.0
    has_rates: bool = True
    has_coin_margins: bool = True
    is_bounded: bool = True
    counted_options: float = 0.0
    haircut_loss: float = 0.0
    order_loss: float = 0.0

    @property
    def balance(self) -> float:
        """Margin balance: wallet and unrealized profit after collateral ratios, and the option value that counts."""
        return self.wallet + self.perp_pnl + self.counted_options

    @property
    def backing(self) -> float:
        """What rates are reckoned of: the margin balance less what open orders could take from it."""
        return self.balance - self.haircut_loss + self.order_loss

    @property
    def available(self) -> float:
        """What is free for new risk: margin balance less haircut loss and initial margin, never below 0."""
        return max(0.0, self.balance - self.haircut_loss - self.initial)

    @property
    def maintenance_rate(self) -> float:
        """Maintenance margin ÷ backing; 0 without margin, infinite if nothing is left to cover it."""
        return _rate(self.maintenance, self.backing)

    @property
    def initial_rate(self) -> float:
        """Initial margin ÷ backing, like :attr:`maintenance_rate`."""
        return _rate(self.initial, self.backing)


def _rate(margin: float, balance: float) -> float:
    if margin <= 0.0:
        return 0.0
    return margin / balance if balance > 0.0 else math.inf


class MarginMode(Protocol):
    """How an account's margin is reckoned; one object per mode, without state."""

    name: str

    def measure(self, account: Account, market: Market) -> AccountMargin:
        """Return the account's figures at the market's present prices."""
        ...


class CrossMargin:
    """Cross margin of the unified account: everything backs everything.

    References
    ----------
    Bybit help centre, Glossary UTA (2026-03-13) and New Margin Calculation (effective 2025-09-02).
    """

    name = "REGULAR_MARGIN"

    def measure(self, account: Account, market: Market) -> AccountMargin:
        """Return the account's figures at the market's present prices."""
        total = AccountMargin()
        coins, version = total.coins, market.version
        for name, held in account.wallet.items():
            coins[name] = CoinMargin(wallet=float(held.balance))
        for position in account.positions.values():
            if not position.size_float:
                continue
            value, initial, maintenance, pnl = (
                position.margin
                if position.margin_version == version
                else position_margin(account, position, market)
            )
            settle = position.contract.settle
            coin = coins.get(settle) or _coin(coins, settle)
            if position.is_option:
                total.is_bounded = False
                coin.option_value += value if position.size_float > 0.0 else -value
            else:
                coin.unrealized += pnl
            coin.position_initial += initial
            coin.position_maintenance += maintenance
            total.notional += value * market.usd[settle]
        for symbol, margin in account.order_margins.items():
            settle = market.quotes[symbol].contract.settle
            _coin(coins, settle).order_initial += margin.initial_margin
        for name, coin in coins.items():
            _add_coin(total, coin, name, market.usd.get(name, 0.0), is_on=is_collateral(account, name))
        if account.orders or account.spot_orders:
            add_order_losses(total, account, market)
        return total


def add_order_losses(total: AccountMargin, account: Account, market: Market) -> None:
    """Add what open orders lock and could lose; the value of spot orders joins what bounds risk."""
    total.order_loss = order_loss(account, market)
    if not account.spot_orders:
        return
    equities = {name: coin.wallet + coin.unrealized for name, coin in total.coins.items()}
    for order in account.spot_orders.values():
        _coin(total.coins, order.gives).locked += order.gives_float
        total.haircut_loss += haircut_loss(account, order, equities, market)
        total.collateral += order.gives_float * market.usd[order.gives]
        total.collateral += order.gets_float * market.usd[order.gets]


def _coin(coins: dict[str, CoinMargin], name: str) -> CoinMargin:
    coin = coins.get(name)
    if coin is None:
        coin = coins[name] = CoinMargin()
    return coin


def _add_coin(total: AccountMargin, coin: CoinMargin, name: str, usd: float, *, is_on: bool) -> None:
    equity = coin.wallet + coin.unrealized
    ratio = collateral_ratio(name, equity) if is_on or equity <= 0.0 else 0.0
    total.equity += (equity + coin.option_value) * usd
    total.option_value += coin.option_value * usd
    total.wallet += coin.wallet * ratio * usd
    total.perp_pnl += coin.unrealized * ratio * usd
    total.initial += (coin.position_initial + coin.order_initial) * usd
    total.maintenance += coin.position_maintenance * usd
    if equity < 0.0:
        coin.borrowed = -equity
        borrow_initial, borrow_maintenance = borrow_rates(name, coin.borrowed)
        total.initial += coin.borrowed * borrow_initial * usd
        total.maintenance += coin.borrowed * borrow_maintenance * usd
    total.collateral += (abs(coin.wallet) + abs(coin.unrealized)) * usd


def position_margin(
    account: Account, position: Position, market: Market
) -> tuple[float, float, float, float]:
    """Return value at mark, initial margin, maintenance margin and unrealized profit of a leg, in settle coin.

    Kept on the position until a price, the leg or an order in its symbol changes.
    """
    if position.margin_version == market.version:
        return position.margin
    contract = position.contract
    quote = market.quotes[contract.symbol]
    if isinstance(quote, OptionQuote):
        figures = option_margin(contract, position.size_float, position.entry_float, quote)
        position.margin, position.margin_version = figures, market.version
        return figures
    orders = account.order_margins.get(contract.symbol)
    figures = leg_margin(
        contract,
        position.size_float,
        position.entry_float,
        quote.mark,
        position.leverage_float,
        orders.value if orders else 0.0,
        account.taker_fee_float,
        float(position.extra_margin) if account.is_isolated else None,
    )
    position.margin, position.margin_version = figures, market.version
    return figures


def leg_margin(
    contract: Contract,
    size: float,
    entry: float,
    mark: float,
    leverage: float,
    order_value: float = 0.0,
    taker_fee: float = TAKER_FEE,
    extra_margin: float | None = None,
) -> tuple[float, float, float, float]:
    """Return value at mark, initial margin, maintenance margin and unrealized profit, in settle coin.

    Parameters
    ----------
    contract : Contract
        Kind, tiers.
    size : float
        Signed quantity: base coin (linear) or USD (inverse); must not be 0.
    entry, mark : float
        Average entry and mark price.
    leverage : float
        Leverage setting; the tier's highest one limits it.
    order_value : float
        Value of open orders in the symbol, which counts for the choice of the tier.
    taker_fee : float
        The account's taker fee, fraction.
    extra_margin : float or None
        None: cross, initial margin at mark. A number: isolated, initial margin at entry plus what was added, settle coin.

    References
    ----------
    Bybit help centre, New Margin Calculation (effective 2025-09-02): IM = value/L + F, MM = value × r − D + F with the
    mark price; fee to close F = q × E × (1 ∓ 1/L) × t (linear), q ÷ bust × t (inverse).
    """
    quantity, direction = abs(size), 1.0 if size > 0.0 else -1.0
    if contract.is_inverse:
        value = quantity / mark
        pnl = size * (1.0 / entry - 1.0 / mark)
    else:
        value = quantity * mark
        pnl = size * (mark - entry)
    rate, highest = contract.tiers.terms(value + order_value)
    used = min(leverage, highest)
    fee = fee_to_close(contract, quantity, direction, entry, used, taker_fee)
    if extra_margin is None:
        initial = value / used
    else:
        initial = (quantity / entry if contract.is_inverse else quantity * entry) / used + extra_margin
    return value, initial + fee, value * rate + fee, pnl


def fee_to_close(
    contract: Contract,
    quantity: float,
    direction: float,
    entry: float,
    leverage: float,
    taker_fee: float = TAKER_FEE,
) -> float:
    """Return the taker fee of closing at the bust price, in settle coin; ``direction`` is 1 long, −1 short."""
    if contract.is_inverse:
        # bust = E × L/(L+1) long, E × L/(L−1) short; a short at leverage 1 has none.
        return quantity / entry * (1.0 + direction / leverage) * taker_fee
    return quantity * entry * (1.0 - direction / leverage) * taker_fee


def order_margin(account: Account, contract: Contract) -> OrderMargin:
    """Return what the open orders of a symbol tie up, in settle coin.

    Only what an order would add to the position needs margin; of the two sides the dearer one counts. An order needs its
    value ÷ leverage and the fees to open and to close.
    """
    net = account.net_size(contract.symbol)
    leverage = float(account.leverage_for(contract))
    sides = {1.0: 0.0, -1.0: 0.0}
    free = {1.0: max(0.0, -net), -1.0: max(0.0, net)}
    value, highest_buy, lowest_sell = 0.0, 0.0, math.inf
    for order in account.orders.values():
        if order.contract is not contract:
            continue
        if order.left_float > 0.0:
            highest_buy = max(highest_buy, order.price_float)
        else:
            lowest_sell = min(lowest_sell, order.price_float)
        if order.row.is_reduce_only:
            continue
        side = 1.0 if order.left_float > 0.0 else -1.0
        quantity = abs(order.left_float)
        covered = min(free[side], quantity)
        free[side] -= covered
        adding = quantity - covered
        worth = adding / order.price_float if contract.is_inverse else adding * order.price_float
        value += worth
        close = fee_to_close(contract, adding, side, order.price_float, leverage, account.taker_fee_float)
        sides[side] += worth / leverage + worth * account.taker_fee_float + close
    return OrderMargin(max(sides.values()), value, highest_buy, lowest_sell)


def liquidation_price(
    position: Position, figures: AccountMargin, market: Market, net_size: float
) -> float | None:
    """Return the price at which the account would be liquidated if nothing else moved and margins stayed as they are.

    None for a leg that does not carry the symbol's net side, and where the price is outside of what can be traded.

    References
    ----------
    Observed on single-position accounts (2025-10): mark − (margin balance − maintenance margin) ÷ size for a long. For
    inverse contracts the same with the worth size ÷ price; what the exchange shows with many positions is unpublished.
    """
    contract, size = position.contract, position.size_float
    if not size or (net_size > 0.0) != (size > 0.0) or not net_size:
        return None
    mark = market.quotes[contract.symbol].mark
    room = figures.balance - figures.maintenance
    if contract.is_inverse:
        inverse = 1.0 / mark + room / market.usd[contract.settle] / net_size
        price = 1.0 / inverse if inverse > 0.0 else math.inf
    else:
        price = mark - room / net_size
    return price if is_tradable(contract, price) else None


def is_tradable(contract: Contract, price: float) -> bool:
    """Return whether a price lies within what orders may have: outside, the exchange shows no liquidation price."""
    return float(contract.min_price) < price < float(contract.max_price)

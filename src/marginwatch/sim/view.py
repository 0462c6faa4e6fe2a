"""From state to rows: what a reader sees of an account at this moment."""

from decimal import Decimal

from marginwatch.sim import isolated, margin
from marginwatch.sim.account import Account, CoinWallet
from marginwatch.sim.coins import is_collateral_coin
from marginwatch.sim.margin import AccountMargin, CoinMargin
from marginwatch.sim.market import Market
from marginwatch.sim.money import EXACT, ZERO, from_float, to_cents
from marginwatch.sim.option_board import OptionQuote
from marginwatch.sim.position import Position
from marginwatch.sim.rows import AccountTotals, PositionRow, WalletCoin

BREAK_EVEN_FEE = 0.00055
"""Least fee to close that a break-even price reckons with."""


def position_row(account: Account, position: Position, market: Market, figures: AccountMargin) -> PositionRow:
    """Return the row of a leg, flat ones included."""
    contract = position.contract
    quote = market.quotes[contract.symbol]
    is_open = bool(position.size_float)
    value, initial, maintenance, pnl = (
        margin.position_margin(account, position, market) if is_open else (0.0, 0.0, 0.0, 0.0)
    )
    liquidation = _liquidation_price(account, position, market, figures) if is_open else None
    tier = contract.tiers.index(value)
    entry = to_cents(position.average) if is_open else None
    session = to_cents(position.entry) if is_open else None
    shown = _greeks(position, quote) if isinstance(quote, OptionQuote) else {}
    has_tiers = not (contract.is_option or account.is_portfolio)
    return PositionRow(
        uid=account.uid,
        category=contract.category,
        symbol=contract.symbol,
        position_idx=position.position_idx,
        side=("Buy" if position.size_float > 0.0 else "Sell") if is_open else "",
        size=abs(position.size),
        settle_coin=contract.settle,
        entry_price=entry,
        session_average_price=session if contract.settle == "USDC" and not contract.is_option else None,
        position_value=to_cents(abs(contract.value(position.size, position.average))),
        leverage=position.leverage if has_tiers else None,
        mark_price=quote.mark_exact,
        liquidation_price=None if liquidation is None else from_float(liquidation),
        break_even_price=_break_even(account, position) if is_open else None,
        initial_margin=None if account.is_portfolio else from_float(initial),
        maintenance_margin=None if account.is_portfolio else from_float(maintenance),
        unrealized_pnl=from_float(pnl),
        current_realized_pnl=position.current_realized,
        cumulative_realized_pnl=position.cumulative_realized,
        risk_id=contract.risk_id(tier) if has_tiers else 0,
        risk_limit_value=contract.tiers.tiers[tier].limit if has_tiers else ZERO,
        adl_rank=_adl_rank(value, initial, pnl) if is_open and not contract.is_option else 0,
        status=position.status,
        is_reduce_only=position.is_reduce_only,
        is_auto_margin=position.is_auto_margin,
        margin_change_ms=position.margin_change_ms,
        **shown,
        created_ms=position.created_ms,
        updated_ms=position.updated_ms,
        open_ms=position.open_ms,
        seq=position.seq,
    )


def _liquidation_price(
    account: Account, position: Position, market: Market, figures: AccountMargin
) -> float | None:
    contract = position.contract
    if contract.is_option or account.is_portfolio:
        return None
    if account.is_isolated:
        price = isolated.liquidation_price(account, position, market)
        return price if price is not None and margin.is_tradable(contract, price) else None
    return margin.liquidation_price(position, figures, market, account.net_size(contract.symbol))


def _greeks(position: Position, quote: OptionQuote) -> dict[str, Decimal]:
    """Greeks of the whole leg, signed; whether the exchange scales them so is not documented."""
    size = position.size_float
    return {name: from_float(value * size) for name, value in quote.greeks._asdict().items()}


def _break_even(account: Account, position: Position) -> Decimal | None:
    """(E × q − realized) ÷ (q − |q| × max(taker fee, 0.055 %)) for linear contracts; no inverse form is published."""
    if position.contract.is_inverse or position.is_option:
        return None
    size, fee = position.size_float, max(account.taker_fee_float, BREAK_EVEN_FEE)
    price = (float(position.average) * size - float(position.current_realized)) / (size - abs(size) * fee)
    return from_float(price) if price > 0.0 else None


def _adl_rank(value: float, initial: float, pnl: float) -> int:
    """Rank 1 to 5 by leveraged profit; the exchange's own formula is not published."""
    leveraged = pnl / initial if initial else 0.0
    crowding = leveraged * (value / initial if initial else 0.0)
    return 1 + sum(crowding > limit for limit in (0.0, 1.0, 4.0, 10.0))


def wallet_coin(account: Account, name: str, market: Market, figures: AccountMargin) -> WalletCoin:
    """Return the row of one coin, empty if the account never held it."""
    held, part = account.wallet.get(name) or CoinWallet(), figures.coins.get(name, CoinMargin())
    pnl = from_float(part.unrealized)
    owed = EXACT.add(held.balance, pnl)
    equity = EXACT.add(owed, from_float(part.option_value))
    usd, has_margins = market.usd.get(name, 0.0), figures.has_coin_margins
    return WalletCoin(
        coin=name,
        wallet_balance=held.balance,
        equity=equity or ZERO,
        usd_value=from_float(float(equity) * usd),
        borrow_amount=-owed if owed < 0 else ZERO,
        accrued_interest=ZERO,
        order_initial_margin=from_float(part.order_initial) if has_margins else None,
        position_initial_margin=from_float(part.position_initial) if has_margins else None,
        position_maintenance_margin=from_float(part.position_maintenance) if has_margins else None,
        unrealized_pnl=pnl,
        cumulative_realized_pnl=held.cumulative_realized,
        locked=account.locked(name) if account.spot_orders else ZERO,
        bonus=ZERO,
        margin_collateral=is_collateral_coin(name),
        collateral_switch=held.is_collateral,
        spot_hedging_quantity=from_float(part.hedging),
    )


def account_totals(figures: AccountMargin) -> AccountTotals:
    """Return the account's totals in USD; a rate is None only if there is margin and nothing left to cover it.

    An isolated account has no margin as a whole: only equity, wallet and profit are shown.
    """
    if not figures.has_rates:
        return AccountTotals(
            total_equity=from_float(figures.equity),
            total_wallet_balance=from_float(figures.wallet),
            total_perp_upl=from_float(figures.perp_pnl),
            total_margin_balance=None,
            total_available_balance=None,
            total_initial_margin=None,
            total_maintenance_margin=None,
            account_im_rate=None,
            account_mm_rate=None,
        )
    has_rate = figures.backing > 0.0 or figures.initial <= 0.0
    return AccountTotals(
        total_equity=from_float(figures.equity),
        total_wallet_balance=from_float(figures.wallet),
        total_perp_upl=from_float(figures.perp_pnl),
        total_margin_balance=from_float(figures.balance),
        total_available_balance=from_float(figures.available),
        total_initial_margin=from_float(figures.initial),
        total_maintenance_margin=from_float(figures.maintenance),
        account_im_rate=from_float(figures.initial_rate, 12) if has_rate else None,
        account_mm_rate=from_float(figures.maintenance_rate, 12) if has_rate else None,
        haircut_loss=from_float(figures.haircut_loss) if figures.haircut_loss else ZERO,
        order_loss=from_float(figures.order_loss) if figures.order_loss else ZERO,
    )

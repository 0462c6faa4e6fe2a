"""The coins in the wallet of one account, the most valuable first."""

import math
from typing import Any

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.account_measures import WalletCoins
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.margin.steps import counted_amount
from marginwatch.risk.table_rows import CoinRow
from marginwatch.risk.tables.nulls import Nulls

NO_PRICE = "no USD price young enough"
NO_AMOUNT = "the venue has not said how much there is, or a position settled in the coin has no price"
NO_RULE = "what the coin counts as collateral is not known"


def coin_rows(frame: Frame, code: int, heard_ns: CodeArray | None = None) -> list[CoinRow]:
    """Return the coins of an account, largest |equity in USD| first, those without a price before.

    Parameters
    ----------
    frame : Frame
        Where it is looked up.
    code : int
        The account's row in the book.
    heard_ns : ndarray of shape (n_assets,), int64, optional
        When the price of each coin was heard, UTC nanoseconds, 0 for never; without it ages are missing.
    """
    coins = frame.holdings.coins
    mine = coins[frame.book.holding_account[coins] == code]
    known = frame.holdings.wallet_coins(mine)
    counted = _counted(frame, frame.book.holding_asset[mine], known)
    rows = [
        _coin_row(frame, holding, known, place, float(counted[place]), heard_ns, _is_isolated(frame, code))
        for place, holding in enumerate(mine.tolist())
    ]
    return sorted(rows, key=lambda row: (row.equity_usd is not None, -abs(row.equity_usd or 0.0), row.asset))


def _is_isolated(frame: Frame, code: int) -> bool:
    state = frame.book.states[code]
    return state is not None and state.margin_mode == "isolated"


def _counted(frame: Frame, assets: CodeArray, known: WalletCoins) -> FloatArray:
    """Return how much of each coin counts as collateral, in the coin; NaN where it is not known."""
    amount = known.amount - known.option_value
    rules = frame.coin_rules
    if rules is None:
        return np.full_like(amount, math.nan)
    counted = counted_amount(amount, assets, rules.collateral_limit, rules.collateral_rate)
    counted[(amount > 0.0) & (known.switch == 0)] = 0.0
    # Whether a coin is switched on may not be known: it counts then, and the account's row says that it is estimated.
    return counted


def _coin_row(
    frame: Frame,
    holding: int,
    known: WalletCoins,
    place: int,
    counted: float,
    heard_ns: CodeArray | None,
    is_isolated: bool,
) -> CoinRow:
    book, nulls = frame.book, Nulls()
    asset, balance = int(book.holding_asset[holding]), book.balances[holding]
    price, amount, switch = float(known.usd[place]), float(known.amount[place]), int(known.switch[place])
    is_cash = bool(known.is_cash[place])
    lack = NO_PRICE if math.isnan(price) else NO_AMOUNT
    heard = 0 if heard_ns is None else int(heard_ns[asset])
    age_s = max(0.0, (frame.at_ns - heard) / 1e9) if heard else math.nan
    worth = float(known.worth[place])
    return CoinRow(
        asset=book.coins[int(frame.prices.coin[asset])] or "",
        is_cash=is_cash,
        is_collateral=None if switch < 0 else switch > 0,
        is_stale_price=bool(frame.prices.is_stale[asset]),
        wallet_balance=None if balance is None else balance.wallet_balance,
        equity=None if balance is None else balance.equity,
        borrowed=None if balance is None else balance.borrowed,
        locked=None if balance is None else balance.locked,
        venue_usd_value=None if balance is None else balance.usd_value,
        price_usd=nulls.number("price_usd", price, NO_PRICE),
        price_age_s=nulls.number("price_age_s", age_s, NO_PRICE),
        amount=nulls.number("amount", amount, NO_AMOUNT),
        equity_usd=nulls.number("equity_usd", worth, lack),
        **_collateral(nulls, counted, amount - float(known.option_value[place]), price, is_isolated),
        exposure_usd=nulls.number("exposure_usd", worth, lack, Answer.NOT_APPLICABLE if is_cash else None),
        reasons=nulls.reasons,
    )


def _collateral(
    nulls: Nulls, counted: float, amount: float, price: float, is_isolated: bool
) -> dict[str, Any]:
    """Return what of a coin counts; a venue in isolated margin cuts nothing, for every position stands alone."""
    none = Answer.NOT_APPLICABLE if is_isolated else None
    why = NO_RULE if math.isnan(counted) else NO_PRICE
    worth = 0.0 if counted == 0.0 else counted * price
    rate = counted / amount if amount else math.nan
    is_nothing = none if amount else Answer.NOT_APPLICABLE
    return {
        "collateral_usd": nulls.number("collateral_usd", worth, why, none),
        "collateral_rate": nulls.number("collateral_rate", rate, why, is_nothing),
    }

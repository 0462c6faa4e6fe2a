"""From sums by coin to figures of accounts: haircuts, debts, and everything in USD."""

import math
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.margin.steps import counted_amount, step_of
from marginwatch.risk.measures.exposure import grouped


class CoinRules(NamedTuple):
    """What coins count as collateral and what debts in them need, by row of coins; see :class:`MarginSheet`.

    Parameters
    ----------
    collateral_limit, collateral_rate : ndarray of shape (m, b), float64
        Bands.
    borrow_limit, borrow_initial_rate, borrow_maintenance_rate : ndarray of shape (m, d), float64
        Tiers of debts.
    """

    collateral_limit: FloatArray
    collateral_rate: FloatArray
    borrow_limit: FloatArray
    borrow_initial_rate: FloatArray
    borrow_maintenance_rate: FloatArray


class Holdings(NamedTuple):
    """Coins of accounts, shape (h,): whose, which, and what of them does not depend on prices; coin amounts.

    As in :class:`~marginwatch.risk.margin.sheet.MarginSheet`; ``is_collateral`` may hold False for *unknown* only where
    the amount is not positive.
    """

    account: CodeArray
    coin: CodeArray
    cash: FloatArray
    order_initial_margin: FloatArray
    borrowed: FloatArray
    is_collateral: BoolArray


class LegSums(NamedTuple):
    """Sums over the legs settled in each holding, shape (h,), coin amounts.

    Parameters
    ----------
    initial_margin, maintenance_margin, pnl : ndarray
        Of legs that have margins of their own; profit without options.
    option_value : ndarray or None
        Signed worth of options at mark; None without any.
    """

    initial_margin: FloatArray
    maintenance_margin: FloatArray
    pnl: FloatArray
    option_value: FloatArray | None = None


class AccountSums(NamedTuple):
    """Figures of accounts, shape (k,), USD; see :class:`~marginwatch.risk.margin.figures.AccountMargins`.

    ``counted`` is equity after haircuts, without the value of options; ``option_value`` is that.
    """

    equity: FloatArray
    counted: FloatArray
    option_value: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray


def account_sums(
    holdings: Holdings,
    legs: LegSums,
    usd: FloatArray,
    rules: CoinRules,
    n_accounts: int,
    cannot_owe: BoolArray | None = None,
) -> AccountSums:
    """Return what each account has and needs.

    A coin's equity is cash + profit of what settles in it. What is positive counts band by band at the coin's collateral
    rates, nothing where its owner has switched it off; what is negative is a debt, counts in full and needs borrow margin
    at the rates of the tier that the whole debt is in.

    Parameters
    ----------
    holdings : Holdings
        Shape (h,).
    legs : LegSums
        Of each holding.
    usd : ndarray of shape (h,), float64
        USD for one unit of each holding's coin; may be NaN where nothing of it is held or needed.
    rules : CoinRules
        By coin.
    n_accounts : int
        k.
    cannot_owe : ndarray of shape (k,), bool, optional
        Accounts in which a negative equity is no debt: isolated ones cannot borrow.

    References
    ----------
    Bybit help center, Glossary UTA (2026-03-13), Collateral Value Ratios (2025-09-18); that debts add their borrow
    tier's margin to the account's is our reading of the glossary.
    """
    coin = holdings.coin
    equity = holdings.cash + legs.pnl
    counted = counted_amount(equity, coin, rules.collateral_limit, rules.collateral_rate)
    is_off = (equity > 0.0) & ~holdings.is_collateral
    counted[is_off] = 0.0
    initial = legs.initial_margin + holdings.order_initial_margin
    maintenance = legs.maintenance_margin
    debt = holdings.borrowed + np.maximum(-equity, 0.0)
    if cannot_owe is not None:
        debt[cannot_owe[holdings.account]] = 0.0
    owing = np.flatnonzero(debt > 0.0)
    if owing.shape[0]:
        initial, maintenance = initial.copy(), maintenance.copy()
        owed, owed_coin = debt[owing], coin[owing]
        step = step_of(rules.borrow_limit, owed_coin, owed)
        initial[owing] += owed * rules.borrow_initial_rate[owed_coin, step]
        maintenance[owing] += owed * rules.borrow_maintenance_rate[owed_coin, step]
    total = equity if legs.option_value is None else equity + legs.option_value
    account = holdings.account
    return AccountSums(
        equity=grouped(account, valued(total, usd), n_accounts),
        counted=grouped(account, valued(counted, usd), n_accounts),
        option_value=np.zeros(n_accounts)
        if legs.option_value is None
        else grouped(account, valued(legs.option_value, usd), n_accounts),
        initial_margin=grouped(account, valued(initial, usd), n_accounts),
        maintenance_margin=grouped(account, valued(maintenance, usd), n_accounts),
    )


def valued(amount: FloatArray, usd: FloatArray) -> FloatArray:
    """Return amounts in USD; nothing of a coin is worth nothing, whether its price is known or not."""
    worth = amount * usd
    if math.isnan(worth.sum()):
        worth[amount == 0.0] = 0.0
    return worth


def known_or_zero(values: FloatArray) -> FloatArray:
    """Return values with 0 for NaN; mostly there is none."""
    return np.nan_to_num(values) if math.isnan(values.sum()) else values

"""What a venue does first to an account that has come to its limit, before it takes over positions."""

from enum import IntEnum

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.liquidation.shocks import ShockedAccounts


class ForcedAction(IntEnum):
    """The first thing that happens at the limit."""

    NONE = 0  # the limit is never reached, or not known
    ORDERS_CANCELED = 1
    DEBTS_REPAID = 2  # out of other coins of the account
    PARTIAL_CLOSE = 3  # a position above the lowest tier is cut to the tier below
    LIQUIDATION = 4


def first_actions(accounts: ShockedAccounts, rows: CodeArray, shocks: FloatArray) -> CodeArray:
    """Return the first forced action of Bybit's unified accounts at their limits, shape (k,), codes of ``ForcedAction``.

    Cross and portfolio accounts: orders are canceled, then debts repaid, then positions above their lowest tier cut, then
    all taken over. Isolated ones: orders, cut, taken over. All of it begins at the same shock, so there is one distance.

    Parameters
    ----------
    accounts : ShockedAccounts
        All accounts of a sheet.
    rows : ndarray of shape (p,), int64
        Those that reach their limit.
    shocks : ndarray of shape (p,), float64
        Where each does.

    References
    ----------
    Bybit help center, UTA trading rules (2024-10); the order within cross margin is unverified for 2026.
    """
    sheet = accounts.sheet
    result = np.full(sheet.n_accounts, np.int64(ForcedAction.NONE))
    few = accounts.part(rows)
    legs = few.margins(shocks).legs
    is_above = legs.value > few.sheet.tier_limit[few.sheet.leg_contract, 0]
    is_option = few.sheet.is_option[few.sheet.leg_contract]
    earned = np.bincount(
        few.sheet.leg_settle_holding,
        weights=np.where(is_option, 0.0, legs.unrealized_pnl),
        minlength=few.sheet.n_holdings,
    )
    n = rows.shape[0]
    has_large = np.bincount(few.sheet.leg_account, weights=is_above, minlength=n) > 0.0
    ordered = np.bincount(few.sheet.leg_account, weights=few.sheet.leg_order_value > 0.0, minlength=n)
    ordered += np.bincount(
        few.sheet.holding_account,
        weights=(few.sheet.holding_order_initial_margin > 0.0) | (few.sheet.holding_locked > 0.0),
        minlength=n,
    )
    owes = np.bincount(
        few.sheet.holding_account,
        # A loss beyond what is in the wallet is a debt in that coin, however much there is of others.
        weights=(few.sheet.holding_cash + earned < 0.0) | (few.sheet.holding_borrowed > 0.0),
        minlength=n,
    )
    may_owe = few.sheet.mode != MARGIN_MODES["isolated"]
    action = np.where(has_large, ForcedAction.PARTIAL_CLOSE, ForcedAction.LIQUIDATION)
    action = np.where(may_owe & (owes > 0.0), ForcedAction.DEBTS_REPAID, action)
    result[rows] = np.where(ordered > 0.0, ForcedAction.ORDERS_CANCELED, action)
    return result

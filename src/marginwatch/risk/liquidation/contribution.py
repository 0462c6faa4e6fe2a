"""Which position brings an account to its limit: the one that loses most, or needs most more margin, on the way there."""

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.liquidation.shocks import ShockedAccounts
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.part import members
from marginwatch.risk.margin.prices import Prices, prices_now

NO_LEG = -1


def worst_legs(accounts: ShockedAccounts, rows: CodeArray, shocks: FloatArray) -> CodeArray:
    """Return the leg of each account that takes most of its headroom between now and a shock.

    Parameters
    ----------
    accounts : ShockedAccounts
        All of them.
    rows : ndarray of shape (p,), int64
        Which are asked about.
    shocks : ndarray of shape (p,), float64
        The shock of each.

    Returns
    -------
    ndarray of shape (p,), int64
        Leg of ``accounts.sheet``; −1 where no leg takes anything: then the collateral alone does.
    """
    result = np.full(rows.shape[0], NO_LEG)
    few = accounts.part(rows)
    left = _needs(few, prices_now(few.sheet)) - _needs(few, few.prices(shocks))
    first, owner = few.sheet.first_leg, few.sheet.leg_account
    has_legs = np.flatnonzero(np.diff(first))
    if not has_legs.shape[0]:
        return result
    lowest = np.full(rows.shape[0], np.nan)
    lowest[has_legs] = np.minimum.reduceat(left, first[has_legs])
    worst = np.flatnonzero((left == lowest[owner]) & (left < 0.0))
    legs, _ = members(accounts.sheet.first_leg, rows)
    result[owner[worst]] = legs[worst]
    return result


def _needs(few: ShockedAccounts, prices: Prices) -> FloatArray:
    """Return maintenance margin − profit of each leg, USD: what an account must have for it."""
    legs = margins(few.sheet, prices, few.work).legs
    margin = np.nan_to_num(legs.maintenance_margin)
    return (margin - np.nan_to_num(legs.unrealized_pnl)) * np.nan_to_num(prices.leg_settle_usd(few.sheet))

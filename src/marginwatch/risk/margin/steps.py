"""Stepped tables in formulas: the tier that a value is in, and how much of an amount counts band by band."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray


class Tiers(NamedTuple):
    """Margin by size for many subjects; one row of each array a subject, padded to one width.

    Parameters
    ----------
    limit : ndarray of shape (c, t), float64
        Largest value of each tier, ascending; infinite in the last one and beyond.
    rate, deduction, leverage : ndarray of shape (c, t), float64
        Maintenance rate, deduction, highest leverage. A rate of NaN in the first tier: the table is not known.
    first : ndarray of shape (3, c), float64
        Limit, rate and highest leverage of the first tier, contiguous: most positions need no more.
    """

    limit: FloatArray
    rate: FloatArray
    deduction: FloatArray
    leverage: FloatArray
    first: FloatArray


def tiers_of(limit: FloatArray, rate: FloatArray, deduction: FloatArray, leverage: FloatArray) -> Tiers:
    """Return the tables with their first tiers set apart."""
    return Tiers(limit, rate, deduction, leverage, np.stack((limit[:, 0], rate[:, 0], leverage[:, 0])))


def step_of(limit: FloatArray, subject: CodeArray, value: FloatArray) -> CodeArray:
    """Return which step of its subject's table each value is in; one on a limit still belongs below it.

    Parameters
    ----------
    limit : ndarray of shape (c, t), float64
        Upper ends, ascending, the last one infinite.
    subject : ndarray of shape (n,), int64
        Row of the table.
    value : ndarray of shape (n,), float64
        NaN counts as 0.
    """
    step = np.zeros(value.shape[0], np.int64)
    # One narrow column at a time: no table of n × t is made.
    for place in range(limit.shape[1] - 1):
        above = value > limit[:, place].take(subject)
        if not above.any():
            break
        step += above
    return step


def counted_amount(amount: FloatArray, coin: CodeArray, limit: FloatArray, rate: FloatArray) -> FloatArray:
    """Return how much of each amount counts as collateral: what lies in each band at the rate of that band.

    Only positive amounts are cut; a debt counts in full.

    Parameters
    ----------
    amount : ndarray of shape (h,), float64
        In the coin.
    coin : ndarray of shape (h,), int64
        Row of the tables.
    limit, rate : ndarray of shape (m, b), float64
        Upper end of each band, ascending and the last infinite; fraction that counts.

    References
    ----------
    Bybit help center, Collateral Value Ratios (2025-09-18): tiered by quantity, positive balances only; that each band
    counts at its own rate is our reading, shared with the venue's own examples of tiered ratios.
    """
    first = rate[:, 0].take(coin)
    counted = np.where(amount > 0.0, amount * first, amount)
    beyond = np.flatnonzero(amount > limit[:, 0].take(coin))
    if beyond.shape[0]:
        mine, coins = amount[beyond], coin[beyond]
        ends, rates = limit[coins], rate[coins]
        starts = np.concatenate((np.zeros((beyond.shape[0], 1)), ends[:, :-1]), axis=1)
        inside = np.maximum(np.minimum(mine[:, None], ends) - np.minimum(starts, mine[:, None]), 0.0)
        counted[beyond] = (inside * rates).sum(axis=1)
    return counted

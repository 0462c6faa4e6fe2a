"""What each asset, account and desk contributes to the value at risk of everything: parts that add up to the whole.

Risk measures of this kind double with the book, so by Euler's theorem the whole is the sum of exposure × slope. For
simulations the slope of a quantile is the gain in the scenario that is the quantile: exact, and as noisy as one day.
Value at risk is therefore attributed over the scenarios ranked around it, with weights that fall off on either side, and
the parts are scaled so that they add up; expected shortfall is attributed over its own tail, which needs neither.
"""

import math
from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.var.exposures import Exposures
from marginwatch.risk.var.tail import Tail, tail_size


@dataclass(slots=True, frozen=True, eq=False)
class Parts:
    """Contributions to one figure of the whole, USD; a part that lowers it is negative. Each group sums to the whole.

    Parameters
    ----------
    by_coin : ndarray of shape (f,), float64
        Of each coin.
    by_account : ndarray of shape (k,), float64
        Of each account; NaN for one that is missing and so not in the whole.
    by_desk : ndarray of shape (n_desks,), float64
        Of each desk.
    marginal_by_coin : ndarray of shape (f,), float64
        Change of the figure for 1 USD more of the coin.
    """

    by_coin: FloatArray
    by_account: FloatArray
    by_desk: FloatArray
    marginal_by_coin: FloatArray


def simulation_weights(gains: FloatArray, confidence: float) -> Tail:
    """Return weights of scenarios whose sum over a part's losses is what the part contributes.

    Parameters
    ----------
    gains : ndarray of shape (n_scenarios,), float64
        Of the whole.
    confidence : float
        In (0.5, 1).

    Returns
    -------
    Tail
        Each of shape (n_scenarios,): ``−Σ weight × gain`` of the whole is its value at risk (expected shortfall).

    References
    ----------
    Tasche (1999), Risk contributions and performance measurement; Epperlein and Smillie (2006), Cracking VaR with
    kernels, Risk 19(8). The kernel here is a triangle over ranks, half as wide on either side as the tail is long.
    """
    size = tail_size(gains.shape[0], confidence)
    last = math.floor(size)
    order = np.argsort(gains, kind="stable")
    shortfall = np.zeros(gains.shape[0])
    shortfall[order[:last]] = 1.0 / size
    shortfall[order[last]] = (size - last) / size
    return Tail(_quantile_weights(gains, order, last, size), shortfall)


def _quantile_weights(gains: FloatArray, order: CodeArray, last: int, size: float) -> FloatArray:
    reach = max(1, round(size / 2.0))
    ranks: CodeArray = np.arange(max(0, last - reach), min(gains.shape[0], last + reach + 1), dtype=np.int64)
    weights = np.zeros(gains.shape[0])
    weights[order[ranks]] = 1.0 - np.abs(ranks - last) / (reach + 1.0)
    weights /= weights.sum()
    quantile = float(gains[order[last]])
    around = float(weights @ gains)
    # Where the neighbors gain what the quantile loses no scale makes them add up; the one scenario does.
    if quantile == 0.0 or not 0.5 < around / quantile < 2.0:
        weights[:] = 0.0
        weights[order[last]] = 1.0
        return weights
    return weights * (quantile / around)


def simulated_parts(
    exposures: Exposures, returns: FloatArray, account_gains: FloatArray, weights: FloatArray
) -> Parts:
    """Return the contributions by the weights of scenarios.

    Parameters
    ----------
    exposures : Exposures
        Accounts × coins; those that are missing take no part.
    returns : ndarray of shape (n_scenarios, f), float64
        Simple returns.
    account_gains : ndarray of shape (k, n_scenarios), float64
        Of each account.
    weights : ndarray of shape (n_scenarios,), float64
        From :func:`simulation_weights` or :func:`marginwatch.risk.var.cornish_fisher.tail_weights`.
    """
    counts = ~exposures.is_missing
    by_account = np.where(counts, -(account_gains @ weights), np.nan)
    marginal = -(weights @ returns)
    by_coin = exposures.linear_usd[counts].sum(axis=0) * marginal
    if exposures.curves is not None:
        curves = exposures.curves
        mine = counts[curves.account]
        gains = -(curves.gains(returns)[mine] @ weights)
        by_coin += np.bincount(curves.coin[mine], weights=gains, minlength=by_coin.shape[0])
    return Parts(by_coin, by_account, by_desk(exposures, by_account), marginal)


def normal_parts(exposures: Exposures, gradient: FloatArray, multiple: float) -> Parts:
    """Return the contributions by the slope of the deviation (:func:`marginwatch.risk.var.normal.normal_gradient`)."""
    counts = ~exposures.is_missing
    marginal = gradient * multiple
    by_account = exposures.delta_usd @ marginal
    by_coin = exposures.delta_usd[counts].sum(axis=0) * marginal
    return Parts(by_coin, by_account, by_desk(exposures, by_account), marginal)


def by_desk(exposures: Exposures, by_account: FloatArray) -> FloatArray:
    """Return the sums of accounts by desk, shape (n_desks,); accounts that are missing are left out."""
    counts = ~exposures.is_missing
    sums: FloatArray = np.zeros(len(exposures.desk_names))
    np.add.at(sums, exposures.desk[counts], by_account[counts])
    return sums

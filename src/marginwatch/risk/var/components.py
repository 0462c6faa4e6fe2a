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
    marginal_by_account, marginal_by_desk : ndarray of shape (k,) and (n_desks,), float64
        Change of the figure for 1 USD more gross exposure of the account or desk in its present mix; cash and others that do
        not move are no exposure here. NaN without any.
    """

    by_coin: FloatArray
    by_account: FloatArray
    by_desk: FloatArray
    marginal_by_coin: FloatArray
    marginal_by_account: FloatArray
    marginal_by_desk: FloatArray


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


def simulated_parts(exposures: Exposures, returns: FloatArray, weights: FloatArray) -> Parts:
    """Return the contributions by the weights of scenarios.

    Parameters
    ----------
    exposures : Exposures
        Accounts × coins; those that are missing take no part.
    returns : ndarray of shape (n_scenarios, f), float64
        Simple returns.
    weights : ndarray of shape (n_scenarios,), float64
        From :func:`simulation_weights` or :func:`marginwatch.risk.var.cornish_fisher.tail_weights`.
    """
    marginal = -(weights @ returns)
    by_account = exposures.linear_usd @ marginal
    by_coin = np.where(exposures.is_missing[:, None], 0.0, exposures.linear_usd).sum(axis=0) * marginal
    if exposures.curves is not None:
        curves = exposures.curves
        of_options = -(curves.gains(returns) @ weights)
        np.add.at(by_account, curves.account, of_options)
        counts = ~exposures.is_missing[curves.account]
        np.add.at(by_coin, curves.coin[counts], of_options[counts])
    return _parts(exposures, by_coin, by_account, marginal)


def normal_parts(exposures: Exposures, gradient: FloatArray, multiple: float) -> Parts:
    """Return the contributions by the slope of the deviation (:func:`marginwatch.risk.var.normal.normal_gradient`)."""
    marginal = gradient * multiple
    by_coin = np.where(exposures.is_missing[:, None], 0.0, exposures.delta_usd).sum(axis=0) * marginal
    return _parts(exposures, by_coin, exposures.delta_usd @ marginal, marginal)


def _parts(exposures: Exposures, by_coin: FloatArray, by_account: FloatArray, marginal: FloatArray) -> Parts:
    of_desks = by_desk(exposures, by_account)
    moves = np.array([name not in exposures.exempt for name in exposures.coin_names], np.bool_)
    gross: FloatArray = np.abs(exposures.delta_usd[:, moves]).sum(axis=1)
    gross_of_desks = by_desk(exposures, gross)
    return Parts(
        by_coin=by_coin,
        by_account=by_account,
        by_desk=of_desks,
        marginal_by_coin=marginal,
        marginal_by_account=by_account / np.where(gross > 0.0, gross, np.nan),
        marginal_by_desk=of_desks / np.where(gross_of_desks > 0.0, gross_of_desks, np.nan),
    )


def by_desk(exposures: Exposures, of_accounts: FloatArray) -> FloatArray:
    """Return the sums of accounts by desk, shape (n_desks, …); accounts that are missing are left out."""
    sums: FloatArray = np.zeros((len(exposures.desk_names), *of_accounts.shape[1:]))
    counted = np.flatnonzero(~exposures.is_missing)
    order = counted[np.argsort(exposures.desk[counted], kind="stable")]
    if order.shape[0]:
        desks, first = np.unique(exposures.desk[order], return_index=True)
        sums[desks] = np.add.reduceat(of_accounts[order], first, axis=0)
    return sums

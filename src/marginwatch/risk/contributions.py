"""What each position adds to the risk of its account, its desk and everything."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.exposures import coin_exposures, leg_deltas
from marginwatch.risk.margin.sheet import MarginSheet


class Contributions(NamedTuple):
    """Parts of the risk of groups of accounts.

    Parameters
    ----------
    part : ndarray of shape (n,), float64
        Of each leg in its group's risk, fraction; negative takes risk away; NaN where there is no risk or no price.
    is_variance : ndarray of shape (g,), bool
        Parts of variance; else of the beta-weighted delta, because covariances of a coin are not known.
    """

    part: FloatArray
    is_variance: BoolArray


def contributions(
    sheet: MarginSheet, group: CodeArray, n_groups: int, betas: Betas, covariance: FloatArray | None
) -> Contributions:
    """Return what each leg adds to the risk of its group: ``delta × (Σ e)_coin ÷ e′Σe`` with the group's exposures e.

    Parts of all legs and wallets of a group add up to 1.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    group : ndarray of shape (k,), int64
        Group of each account; −1: of none.
    n_groups : int
        g.
    betas : Betas
        By coin.
    covariance : ndarray of shape (m, m), float64, or None
        By coin, NaN for coins without history.

    References
    ----------
    Tasche (1999), Risk contributions and performance measurement: Euler's allocation.
    """
    pairs = coin_exposures(sheet)
    held, place = np.unique(pairs.coin, return_inverse=True)
    owner = group[pairs.account]
    is_in = owner >= 0
    width = int(held.shape[0])
    flat = np.bincount(
        owner[is_in] * width + place[is_in], weights=pairs.usd[is_in], minlength=n_groups * width
    )
    exposure = flat.astype(np.float64).reshape(n_groups, width)
    weights = betas.value[held]
    # Without covariances every coin moves with its beta and nothing else: a matrix of rank one.
    marginal = (exposure @ weights)[:, None] * weights[None, :]
    is_variance = np.zeros(n_groups, np.bool_)
    if covariance is not None:
        block = covariance[np.ix_(held, held)]
        is_unknown = np.isnan(np.diagonal(block))
        is_variance = ~((exposure != 0.0) & is_unknown[None, :]).any(axis=1)
        known = exposure @ np.nan_to_num(block)
        marginal = np.where(is_variance[:, None], known, marginal)
    whole = (exposure * marginal).sum(axis=1)
    leg_group = group[sheet.leg_account]
    mine = np.flatnonzero(leg_group >= 0)
    part = np.full(sheet.n_legs, np.nan)
    coin = place[pairs.leg_pair[mine]]
    with np.errstate(divide="ignore", invalid="ignore"):
        part[mine] = leg_deltas(sheet)[mine] * marginal[leg_group[mine], coin] / whole[leg_group[mine]]
    part[~np.isfinite(part)] = np.nan
    return Contributions(part, is_variance)

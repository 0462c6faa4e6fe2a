"""How far each coin moves when Bitcoin moves: estimated, shrunk, and with a band that says how wrong it may be."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray

PRIOR_MEAN = 1.15
PRIOR_SD = 0.40
"""Mean and standard deviation over coins of 90-day betas to BTC: 278 windows of eleven coins, daily closes of Binance spot
2018–2025 (5 % below 0.6, 5 % above 1.9). The prior for a coin of which we know nothing."""

DRIFT_SD = 0.35
"""How much a beta itself wanders while it is measured and used. With it the shrinkage comes out as the same data have it:
the next 30 days' beta regresses on the last 90 days' with slope 0.56, about PRIOR_SD² ÷ (PRIOR_SD² + DRIFT_SD²)."""

BAND_SDS = 1.645
"""Half-width of the band in standard deviations: 5 % of betas lie beyond either end if errors are normal."""

RETURNS_MIN = 20
"""Fewer common returns than this tell nothing; the prior stands alone."""


@dataclass(slots=True, frozen=True)
class Betas:
    """Betas of coins to Bitcoin, each of shape (n_coins,), float64, dimensionless.

    Parameters
    ----------
    value : ndarray
        Shrunk estimate: log return of the coin for one unit of log return of BTC.
    low, high : ndarray
        Ends of the band, low ≤ value ≤ high.
    n_returns : ndarray
        Common returns each rests on; 0: the prior alone.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    n_returns: FloatArray


def shrunk_betas(returns: FloatArray, benchmark: FloatArray) -> Betas:
    """Return the betas of coins to Bitcoin, shrunk towards what coins usually have.

    Parameters
    ----------
    returns : ndarray of shape (n_times, n_coins), float64
        Log returns of each coin; NaN where there is none.
    benchmark : ndarray of shape (n_times,), float64
        Log returns of BTC over the same times; NaN where there is none.

    Returns
    -------
    Betas
        A coin with fewer than ``RETURNS_MIN`` common returns gets the prior. A coin whose returns are the benchmark's
        gets 1 and a band without width.

    References
    ----------
    Vasicek (1973), A note on using cross-sectional information in Bayesian estimation of security betas, J. Finance 28:
    weights inverse to variances. To the variance of the estimate we add that of the beta's own wandering.
    """
    common = ~(np.isnan(returns) | np.isnan(benchmark)[:, None])
    n = common.sum(axis=0).astype(np.float64)
    counted = np.maximum(n, 1.0)
    x = np.where(common, benchmark[:, None], 0.0)
    y = np.where(common, returns, 0.0)
    x = np.where(common, x - x.sum(axis=0) / counted, 0.0)
    y = np.where(common, y - y.sum(axis=0) / counted, 0.0)
    spread = (x * x).sum(axis=0)
    is_known = (n >= RETURNS_MIN) & (spread > 0.0)
    safe = np.where(is_known, spread, 1.0)
    raw = (x * y).sum(axis=0) / safe
    residual = y - raw * x
    noise = (residual * residual).sum(axis=0) / np.maximum(n - 2.0, 1.0) / safe
    return _shrunk(raw, noise, n, is_known)


def _shrunk(raw: FloatArray, noise: FloatArray, n: FloatArray, is_known: BoolArray) -> Betas:
    is_benchmark = is_known & (noise < 1e-12) & (np.abs(raw - 1.0) < 1e-6)
    prior, spoken = PRIOR_SD**2, noise + DRIFT_SD**2
    weight = np.where(is_known, prior / (prior + spoken), 0.0)
    value = np.where(is_benchmark, 1.0, weight * raw + (1.0 - weight) * PRIOR_MEAN)
    sd = np.where(is_benchmark, 0.0, np.sqrt(prior * (1.0 - weight)))
    half = BAND_SDS * sd
    return Betas(value, value - half, value + half, np.where(is_known, n, 0.0))


def prior_betas(is_benchmark: BoolArray) -> Betas:
    """Return what holds before any price history is known: the prior, and 1 for Bitcoin itself.

    Parameters
    ----------
    is_benchmark : ndarray of shape (n_coins,), bool
        Which coins are Bitcoin.
    """
    value: FloatArray = np.where(is_benchmark, 1.0, PRIOR_MEAN)
    half = np.where(is_benchmark, 0.0, BAND_SDS * PRIOR_SD)
    nothing: FloatArray = np.zeros(len(is_benchmark))
    return Betas(value, value - half, value + half, nothing)


def pinned(betas: Betas, is_benchmark: BoolArray) -> Betas:
    """Return the betas with 1, and no band, for Bitcoin itself: it follows itself however short its history is.

    Parameters
    ----------
    betas : Betas
        Of all coins.
    is_benchmark : ndarray of shape (n_coins,), bool
        Which of them are Bitcoin.
    """
    value, low, high = (np.where(is_benchmark, 1.0, each) for each in (betas.value, betas.low, betas.high))
    return Betas(value, low, high, betas.n_returns)


def exempted(betas: Betas, is_exempt: BoolArray) -> Betas:
    """Return the betas with 0, and no band, for coins that a crypto-wide move leaves alone: stablecoins, stocks, metals.

    Parameters
    ----------
    betas : Betas
        Of all coins.
    is_exempt : ndarray of shape (n_coins,), bool
        Which of them do not move.
    """
    value, low, high = (np.where(is_exempt, 0.0, each) for each in (betas.value, betas.low, betas.high))
    return Betas(value, low, high, betas.n_returns)

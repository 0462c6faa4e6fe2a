"""Exponentially weighted covariance, shrunk towards one correlation for all pairs."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.history.volatility import check_decay


@dataclass(slots=True, frozen=True, eq=False)
class Covariance:
    """A covariance matrix and how far it was shrunk.

    Parameters
    ----------
    values : ndarray of shape (n_coins, n_coins), float64
        Covariance of returns over one interval; symmetric, positive semidefinite.
    intensity : float
        Weight of the target, in [0, 1]: 0 the sample's own, 1 one correlation for all.
    """

    values: FloatArray
    intensity: float

    @property
    def correlation(self) -> FloatArray:
        """Correlations, shape (n_coins, n_coins); NaN for a coin that does not move, 1 on the diagonal otherwise."""
        return correlation_of(self.values)


def ewma_weights(n_times: int, decay: float) -> FloatArray:
    """Return the weight of each row, shape (n_times,), oldest first; they sum to 1."""
    check_decay(decay)
    weights = decay ** np.arange(n_times - 1, -1, -1, dtype=np.float64)
    return weights / weights.sum()


def weighted_covariance(returns: FloatArray, weights: FloatArray) -> FloatArray:
    """Return ``Σ weight × return × returnᵀ``, shape (n_coins, n_coins); the mean return is taken as 0.

    Parameters
    ----------
    returns : ndarray of shape (n_times, n_coins), float64
        Without NaN.
    weights : ndarray of shape (n_times,), float64
        Not negative, summing to 1.
    """
    return (returns * weights[:, None]).T @ returns


def shrunk_covariance(
    returns: FloatArray, decay: float | None = None, *, intensity: float | None = None
) -> Covariance:
    """Return the covariance, shrunk towards the same variances with one correlation for all pairs.

    Parameters
    ----------
    returns : ndarray of shape (n_times, n_coins), float64
        Without NaN, oldest first.
    decay : float, optional
        Of exponential weights; equal weights if not given.
    intensity : float, optional
        Weight of the target, in [0, 1]; by default the one that Ledoit and Wolf estimate from the data, with 1 ÷ Σ weight²
        in place of the number of rows.

    Raises
    ------
    ValueError
        If there is no row or the intensity is outside [0, 1].

    References
    ----------
    Ledoit and Wolf (2004), Honey, I shrunk the sample covariance matrix, J. Portfolio Management 30(4), appendix B. The
    mean return is taken as 0 instead of estimated.
    """
    n_times = returns.shape[0]
    if not n_times:
        raise ValueError("a covariance needs at least one row of returns")
    if intensity is not None and not 0.0 <= intensity <= 1.0:
        raise ValueError(f"intensity must lie in [0, 1], got {intensity!r}")
    weights = np.full(n_times, 1.0 / n_times) if decay is None else ewma_weights(n_times, decay)
    sample = weighted_covariance(returns, weights)
    # Coins that never move have no correlation: they stay as they are and take no part in the average.
    moving = np.flatnonzero(np.diagonal(sample) > 0.0)
    if moving.shape[0] < 2:
        return Covariance(sample, 0.0)
    part = sample[np.ix_(moving, moving)]
    target, mean_correlation = constant_correlation(part)
    if intensity is None:
        intensity = _best_intensity(returns[:, moving], weights, part, target, mean_correlation)
    sample[np.ix_(moving, moving)] = intensity * target + (1.0 - intensity) * part
    return Covariance(sample, intensity)


def constant_correlation(covariance: FloatArray) -> tuple[FloatArray, float]:
    """Return the matrix with the same variances and the mean correlation for all pairs, and that correlation.

    At least two coins, all of them with a variance, are needed.
    """
    deviation = np.sqrt(np.diagonal(covariance))
    n = covariance.shape[0]
    correlation = covariance / np.outer(deviation, deviation)
    mean = (correlation.sum() - n) / (n * (n - 1))
    target = mean * np.outer(deviation, deviation)
    np.fill_diagonal(target, deviation**2)
    return target, float(mean)


def _best_intensity(
    returns: FloatArray, weights: FloatArray, sample: FloatArray, target: FloatArray, mean: float
) -> float:
    """Return κ ÷ T of the paper's appendix B, cut to [0, 1]; names of the sums as there."""
    squares = returns**2
    cubes = returns * squares
    # Variance of each product of two returns, and its sum π.
    pi = (squares * weights[:, None]).T @ squares - sample**2
    # Covariance of a coin's own product with that of a pair.
    variance = np.diagonal(sample)
    theta = (cubes * weights[:, None]).T @ returns - variance[:, None] * sample
    deviation = np.sqrt(variance)
    ratio = deviation[None, :] / deviation[:, None]
    np.fill_diagonal(theta, 0.0)
    rho = np.trace(pi) + mean * float((ratio * theta).sum())
    gamma = float(((target - sample) ** 2).sum())
    if gamma <= 0.0:
        return 0.0
    return float(np.clip((pi.sum() - rho) / gamma * (weights**2).sum(), 0.0, 1.0))


def correlation_of(covariance: FloatArray) -> FloatArray:
    """Return correlations of a covariance matrix; NaN in the rows and columns of a coin without variance."""
    variance = np.diagonal(covariance)
    deviation = np.sqrt(np.where(variance > 0.0, variance, np.nan))
    return np.clip(covariance / np.outer(deviation, deviation), -1.0, 1.0)

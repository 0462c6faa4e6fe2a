"""Exponentially weighted volatility: what the next interval is likely to be like, given the last ones."""

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.history.closes import DAY_S

DECAY_DAILY = 0.94
"""Weight of yesterday's variance against today's square, for daily returns (RiskMetrics Technical Document, 4th edition,
J.P. Morgan/Reuters 1996, section 5.3): half of the weight lies on the last 11 days."""

DECAY_HOURLY = 0.985
"""As above for hours; ours, not RiskMetrics': half of the weight lies on the last two days, so that a storm of some hours
shows while a daily pattern of quiet and busy hours is averaged out."""

SEED_ROWS = 75
"""The recursion starts at the mean square of so many first rows."""


def ewma_variance(returns: FloatArray, decay: float, *, start: FloatArray | None = None) -> FloatArray:
    """Return each interval's variance as it was expected just before, and that of the next one.

    ``variance[t] = decay × variance[t − 1] + (1 − decay) × returns[t − 1]²``; the mean return is taken as 0.

    Parameters
    ----------
    returns : ndarray of shape (n_times, n_coins), float64
        Without NaN, oldest first.
    decay : float
        In (0, 1).
    start : ndarray of shape (n_coins,), float64, optional
        Variance of the first row; by default the mean square of the first 75 rows.

    Returns
    -------
    ndarray of shape (n_times + 1, n_coins), float64
        The last row is the expectation for the time after the last return. A row depends on no return of its own time or
        later, but for what is left in it of the default start, which has seen the first 75 rows (after them 1 % of it is left for days, a third for hours).

    Raises
    ------
    ValueError
        If there is no return or ``decay`` is outside (0, 1).

    References
    ----------
    J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th edition, section 5.2.
    """
    check_decay(decay)
    if returns.ndim != 2 or not returns.shape[0]:
        raise ValueError(f"returns must have rows and columns, got shape {returns.shape}")
    variance = np.empty((returns.shape[0] + 1, returns.shape[1]))
    variance[0] = (returns[:SEED_ROWS] ** 2).mean(axis=0) if start is None else start
    squares = (1.0 - decay) * returns**2
    for row in range(returns.shape[0]):
        np.multiply(variance[row], decay, out=variance[row + 1])
        variance[row + 1] += squares[row]
    return variance


def ewma_volatility(returns: FloatArray, decay: float) -> FloatArray:
    """Return the volatility expected for the next interval, shape (n_coins,), as :func:`ewma_variance` has it."""
    return np.sqrt(ewma_variance(returns, decay)[-1])


def decay_for(interval_s: int) -> float:
    """Return the usual decay for an interval: that of days from a day on, that of hours below."""
    return DECAY_DAILY if interval_s >= DAY_S else DECAY_HOURLY


def check_decay(decay: float) -> None:
    """Raise ValueError unless ``decay`` lies in (0, 1)."""
    if not 0.0 < decay < 1.0:
        raise ValueError(f"decay must lie between 0 and 1, got {decay!r}")

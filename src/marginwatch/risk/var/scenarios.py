"""What may happen to all coins at once over a horizon: what has happened, as it was or in today's volatility."""

import math
from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.history.mapping import History
from marginwatch.risk.history.volatility import decay_for, ewma_variance

VOLATILITY_FLOOR = 0.2
"""Part of a coin's own long-run volatility below which the expected one does not count: a move out of a dead calm would
be multiplied without bound otherwise."""


@dataclass(slots=True, frozen=True, eq=False)
class Scenarios:
    """Equally likely outcomes for all coins.

    Parameters
    ----------
    names : tuple of str
        The coins, shape (f,).
    returns : ndarray of shape (n_scenarios, f), float64
        Simple returns over the horizon, > −1.
    horizon_s : int
        Seconds.
    n_steps : float
        Horizon ÷ the interval of the history; returns were multiplied by its square root.
    """

    names: tuple[str, ...]
    returns: FloatArray
    horizon_s: int
    n_steps: float


def historical_scenarios(history: History, horizon_s: int) -> Scenarios:
    """Return the moves of the past, each as likely as any other.

    A horizon of several intervals is reached by multiplying log returns by the square root of their number: non-overlapping
    weeks are too few to have a tail, overlapping ones repeat it. This takes returns for uncorrelated in time.

    Raises
    ------
    ValueError
        If the horizon is not positive or there is no row.
    """
    n_steps = steps_of(history, horizon_s)
    return Scenarios(history.names, np.expm1(history.values * math.sqrt(n_steps)), horizon_s, n_steps)


def filtered_scenarios(history: History, horizon_s: int, decay: float | None = None) -> Scenarios:
    """Return the moves of the past in the volatility of today.

    Each log return is multiplied by the coin's volatility expected now ÷ that expected then, both exponentially weighted.
    Coins keep the moments that they shared, so that correlations stay those of the past.

    Parameters
    ----------
    history : History
        The past.
    horizon_s : int
        Seconds; reached as by :func:`historical_scenarios`.
    decay : float, optional
        Of the volatility; by default the usual one for the interval.

    Raises
    ------
    ValueError
        As above, or if ``decay`` is outside (0, 1).

    References
    ----------
    Hull and White (1998), Incorporating volatility updating into the historical simulation method for value at risk,
    J. Risk 1(1).
    """
    n_steps = steps_of(history, horizon_s)
    variance = ewma_variance(history.values, decay_for(history.interval_s) if decay is None else decay)
    usual = (history.values**2).mean(axis=0)
    floored = np.maximum(variance, usual * VOLATILITY_FLOOR**2)
    # A coin that never moved has no volatility, then or now.
    floored[:, usual == 0.0] = 1.0
    ratio = np.sqrt(floored[-1] / floored[:-1])
    returns = np.expm1(history.values * ratio * math.sqrt(n_steps))
    return Scenarios(history.names, returns, horizon_s, n_steps)


def steps_of(history: History, horizon_s: int) -> float:
    """Return how many intervals of the history a horizon has.

    Raises
    ------
    ValueError
        If the horizon is not positive or the history has no row.
    """
    if horizon_s <= 0:
        raise ValueError(f"horizon_s must be positive, got {horizon_s!r}")
    if not history.values.shape[0]:
        raise ValueError("the history of returns is empty")
    return horizon_s / history.interval_s

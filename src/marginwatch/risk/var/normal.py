"""Parametric value at risk: exponentially weighted covariance, exposures by delta, a normal distribution."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.var.tail import Tail, check_confidence

_NORMAL = NormalDist()


class Multiples(NamedTuple):
    """Value at risk and expected shortfall of a distribution in its standard deviations."""

    var: float
    shortfall: float


def normal_multiples(confidence: float) -> Multiples:
    """Return the multiples of a normal distribution with mean 0: z and φ(z) ÷ (1 − confidence).

    Raises
    ------
    ValueError
        If ``confidence`` is outside (0.5, 1).
    """
    check_confidence(confidence)
    z = _NORMAL.inv_cdf(confidence)
    return Multiples(z, _NORMAL.pdf(z) / (1.0 - confidence))


def deviations(exposures: FloatArray, covariance: FloatArray, n_steps: float) -> FloatArray:
    """Return the standard deviation of each book's gain over a horizon.

    Parameters
    ----------
    exposures : ndarray of shape (n_books, n_coins), float64
        USD per coin, by delta.
    covariance : ndarray of shape (n_coins, n_coins), float64
        Of returns over one interval.
    n_steps : float
        Horizon ÷ interval; variances grow in proportion to it.

    Returns
    -------
    ndarray of shape (n_books,), float64
        USD; NaN for a book with any NaN.
    """
    variance = ((exposures @ covariance) * exposures).sum(axis=1)
    return np.sqrt(np.maximum(variance, 0.0) * n_steps)


def normal_tail(exposures: FloatArray, covariance: FloatArray, n_steps: float, confidence: float) -> Tail:
    """Return value at risk and expected shortfall of each book under the normal distribution; see :func:`deviations`.

    References
    ----------
    J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th edition, section 6.3.1; McNeil, Frey and Embrechts
    (2015), Quantitative Risk Management, example 2.14 (expected shortfall).
    """
    multiples = normal_multiples(confidence)
    sd = deviations(exposures, covariance, n_steps)
    return Tail(multiples.var * sd, multiples.shortfall * sd)


def normal_gradient(exposures: FloatArray, covariance: FloatArray, n_steps: float) -> FloatArray:
    """Return the slope of one book's standard deviation in each exposure, shape (n_coins,).

    Multiplied by a multiple of :func:`normal_multiples` this is the marginal value at risk, and the sum of exposure ×
    slope is the deviation itself. 0 everywhere for a book that cannot move.

    Parameters
    ----------
    exposures : ndarray of shape (n_coins,), float64
        Of one book.
    covariance, n_steps
        As for :func:`deviations`.
    """
    pull: FloatArray = covariance @ exposures
    variance = float(pull @ exposures)
    if variance <= 0.0:
        return pull * 0.0
    return pull * math.sqrt(n_steps / variance)

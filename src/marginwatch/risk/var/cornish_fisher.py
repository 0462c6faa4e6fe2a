"""Value at risk from four moments: the normal quantile corrected for skewness and kurtosis.

The expansion is a quantile function only while it grows with its argument. Outside of that domain a larger kurtosis can
make the result smaller, so there it is no answer and none is given.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.risk.var.normal import Multiples
from marginwatch.risk.var.tail import Tail, check_confidence

_NORMAL = NormalDist()


class Moments(NamedTuple):
    """Standard deviation, skewness and excess kurtosis of gains, each of shape (n_books,), float64.

    Population moments around the mean, no correction for small samples. Skewness and kurtosis are NaN for a book
    that does not move.
    """

    deviation: FloatArray
    skewness: FloatArray
    kurtosis: FloatArray

    def over(self, n_steps: float) -> "Moments":
        """Return the moments of the sum of ``n_steps`` independent gains like these."""
        root = math.sqrt(n_steps)
        return Moments(self.deviation * root, self.skewness / root, self.kurtosis / n_steps)


class CornishFisherTail(NamedTuple):
    """The tail of each book, and where it is one.

    Parameters
    ----------
    tail : Tail
        NaN outside the domain.
    is_valid : ndarray of shape (n_books,), bool
        Whether skewness and kurtosis lie in the domain of the expansion; True for a book that does not move, or whose
        gains are not known.
    moments : Moments
        Over the horizon.
    """

    tail: Tail
    is_valid: BoolArray
    moments: Moments


def moments_of(gains: FloatArray) -> Moments:
    """Return the moments of gains, shape (n_books, n_scenarios), of each book."""
    centered = gains - gains.mean(axis=1, keepdims=True)
    squares = centered**2
    variance = squares.mean(axis=1)
    deviation = np.sqrt(variance)
    # Rounding leaves a trace of a deviation in a book that gains the same everywhere.
    moves = deviation > 1e-12 * np.abs(gains).max(axis=1, initial=0.0)
    safe = np.where(moves, deviation, np.nan)
    return Moments(
        np.where(moves, deviation, np.where(np.isnan(deviation), np.nan, 0.0)),
        (squares * centered).mean(axis=1) / safe**3,
        (squares**2).mean(axis=1) / safe**4 - 3.0,
    )


def is_in_domain(skewness: FloatArray, kurtosis: FloatArray) -> BoolArray:
    """Return where the expansion is a quantile function: where its slope is nowhere negative.

    The slope in z is the parabola ``a z² + b z + c`` with a = K ÷ 8 − S² ÷ 6, b = S ÷ 3, c = 1 − K ÷ 8 + 5 S² ÷ 36.

    References
    ----------
    Maillard (2012), A user's guide to the Cornish Fisher expansion, section 2.
    """
    a = kurtosis / 8.0 - skewness**2 / 6.0
    b = skewness / 3.0
    c = 1.0 - kurtosis / 8.0 + 5.0 * skewness**2 / 36.0
    # The tolerance lets the normal distribution in, whose parabola is the constant 1.
    return (a >= -1e-12) & (c >= 0.0) & (b * b <= 4.0 * a * c + 1e-12)


def multiples(skewness: float, kurtosis: float, confidence: float) -> Multiples:
    """Return value at risk and expected shortfall in standard deviations of a distribution with mean 0.

    References
    ----------
    Zangari (1996), A VaR methodology for portfolios that include options, RiskMetrics Monitor, first quarter; Favre and
    Galeano (2002), Mean-modified value-at-risk optimization with hedge funds, J. Alternative Investments 5(2). Expected
    shortfall is the mean of the same quantile function over its tail.
    """
    found = _multiples(np.array([skewness]), np.array([kurtosis]), confidence)
    return Multiples(float(found.var[0]), float(found.shortfall[0]))


def _multiples(skewness: FloatArray, kurtosis: FloatArray, confidence: float) -> Tail:
    check_confidence(confidence)
    z = -_NORMAL.inv_cdf(confidence)
    density = _NORMAL.pdf(z) / (1.0 - confidence)
    quantile = (
        z
        + (z**2 - 1.0) * skewness / 6.0
        + (z**3 - 3.0 * z) * kurtosis / 24.0
        - (2.0 * z**3 - 5.0 * z) * skewness**2 / 36.0
    )
    beyond = (
        1.0 + z * skewness / 6.0 + (z**2 - 1.0) * kurtosis / 24.0 - (2.0 * z**2 - 1.0) * skewness**2 / 36.0
    )
    return Tail(-quantile, density * beyond)


def cornish_fisher_tail(gains: FloatArray, n_steps: float, confidence: float) -> CornishFisherTail:
    """Return value at risk and expected shortfall of each book over a horizon, the mean gain taken as 0.

    Parameters
    ----------
    gains : ndarray of shape (n_books, n_scenarios), float64
        Over one interval.
    n_steps : float
        Horizon ÷ interval; gains of different intervals count as independent and alike.
    confidence : float
        In (0.5, 1).
    """
    moments = moments_of(gains).over(n_steps)
    still = moments.deviation == 0.0
    skewness = np.where(still, 0.0, moments.skewness)
    kurtosis = np.where(still, 0.0, moments.kurtosis)
    is_valid = is_in_domain(skewness, kurtosis) | np.isnan(moments.deviation)
    found = _multiples(skewness, kurtosis, confidence)
    sd = np.where(is_valid, moments.deviation, np.nan)
    return CornishFisherTail(Tail(found.var * sd, found.shortfall * sd), is_valid, moments)


def tail_weights(gains: FloatArray, n_steps: float, confidence: float) -> Tail:
    """Return weights of scenarios whose sum over a part's losses is what the part contributes to the whole's tail.

    They are the slope of value at risk (and of expected shortfall) in the gain of each scenario: the slopes of the second,
    third and fourth central moment, each by the chain rule.

    Parameters
    ----------
    gains : ndarray of shape (n_scenarios,), float64
        Of the whole, over one interval; it must move.
    n_steps, confidence
        As for :func:`cornish_fisher_tail`.

    Returns
    -------
    Tail
        Each of shape (n_scenarios,): ``−Σ weight × gain`` of the whole is its value at risk (expected shortfall).

    References
    ----------
    Boudt, Peterson and Croux (2008), Estimation and decomposition of downside risk for portfolios with non-normal
    returns, J. Risk 11(2).
    """
    sd, skew, kurt = (float(value[0]) for value in moments_of(gains[None, :]))
    centered = gains - gains.mean()
    root = math.sqrt(n_steps)
    z = -_NORMAL.inv_cdf(confidence)
    density = _NORMAL.pdf(z) / (1.0 - confidence)
    found = multiples(skew / root, kurt / n_steps, confidence)
    of_sd = centered / sd
    of_skew = 3.0 * centered**2 / sd**3 - 3.0 * skew * centered / sd**2
    of_kurt = 4.0 * centered**3 / sd**4 - 4.0 * (kurt + 3.0) * centered / sd**2

    def weights(level: float, by_skew: float, by_kurt: float) -> FloatArray:
        slope = root * (level * of_sd + sd * (by_skew * of_skew / root + by_kurt * of_kurt / n_steps))
        return -(slope - slope.mean()) / gains.shape[0]

    skew_scaled = skew / root
    return Tail(
        weights(
            found.var,
            (2.0 * z**3 - 5.0 * z) * skew_scaled / 18.0 - (z**2 - 1.0) / 6.0,
            -(z**3 - 3.0 * z) / 24.0,
        ),
        weights(
            found.shortfall,
            density * (z / 6.0 - (2.0 * z**2 - 1.0) * skew_scaled / 18.0),
            density * (z**2 - 1.0) / 24.0,
        ),
    )

"""Whether losses exceeded the forecasts as often, and as much at random, as they should have.

Kupiec counts the exceptions, Christoffersen asks whether one follows the other; together they are conditional coverage.
Each is a likelihood ratio, distributed as chi-squared if the forecasts are right.
"""

import math

import msgspec

from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.risk.answers import Answer


class CoverageTest(msgspec.Struct, frozen=True):
    """One test.

    Parameters
    ----------
    answer : Answer
        ``NOT_APPLICABLE`` where the days cannot tell: no day at all; for independence, no exception or nothing else.
    statistic, p_value : float or None
        Likelihood ratio, ≥ 0, and the probability of one as large or larger if the forecasts are right.
    """

    answer: Answer
    statistic: float | None
    p_value: float | None


NOT_APPLICABLE = CoverageTest(Answer.NOT_APPLICABLE, None, None)


def kupiec(n_exceptions: int, n_days: int, confidence: float) -> CoverageTest:
    """Return the test of the proportion of failures, chi-squared with one degree of freedom.

    Parameters
    ----------
    n_exceptions, n_days : int
        Days on which the loss exceeded value at risk, and days in all.
    confidence : float
        Of the value at risk.

    Raises
    ------
    ValueError
        If there are more exceptions than days.

    References
    ----------
    Kupiec (1995), Techniques for verifying the accuracy of risk measurement models, J. Derivatives 3(2).
    """
    if not 0 <= n_exceptions <= n_days:
        raise ValueError(f"n_exceptions must lie in [0, {n_days}], got {n_exceptions}")
    if not n_days:
        return NOT_APPLICABLE
    expected = _log_likelihood(n_exceptions, n_days, 1.0 - confidence)
    return _tested(2.0 * (_best_log_likelihood(n_exceptions, n_days) - expected), 1)


def christoffersen(exceptions: BoolArray) -> CoverageTest:
    """Return the test of independence: is an exception likelier after one than after none? One degree of freedom.

    Parameters
    ----------
    exceptions : ndarray of shape (n_days,), bool
        In the order of days; days that are missing have been left out, their neighbors count as adjacent.

    References
    ----------
    Christoffersen (1998), Evaluating interval forecasts, International Economic Review 39(4).
    """
    if not exceptions.any() or exceptions.all():
        return NOT_APPLICABLE
    before, after = exceptions[:-1], exceptions[1:]
    n, n_after = before.shape[0], int(after.sum())
    n_before, both = int(before.sum()), int((before & after).sum())
    apart = _best_log_likelihood(both, n_before) + _best_log_likelihood(n_after - both, n - n_before)
    return _tested(2.0 * (apart - _best_log_likelihood(n_after, n)), 1)


def conditional_coverage(exceptions: BoolArray, confidence: float) -> CoverageTest:
    """Return both tests as one: the sum of their statistics, two degrees of freedom."""
    count = kupiec(int(exceptions.sum()), exceptions.shape[0], confidence)
    order = christoffersen(exceptions)
    if count.statistic is None or order.statistic is None:
        return NOT_APPLICABLE
    return _tested(count.statistic + order.statistic, 2)


def _log_likelihood(n_hits: int, n: int, rate: float) -> float:
    """Return the logarithm of ``rate^hits × (1 − rate)^(n − hits)``, where 0⁰ is 1."""
    hits = n_hits * math.log(rate) if n_hits else 0.0
    return hits + ((n - n_hits) * math.log1p(-rate) if n > n_hits else 0.0)


def _best_log_likelihood(n_hits: int, n: int) -> float:
    """Return the log likelihood at the rate that was observed; 0 without observations."""
    return _log_likelihood(n_hits, n, n_hits / n) if n else 0.0


def _tested(statistic: float, degrees: int) -> CoverageTest:
    # The two likelihoods are equal up to rounding where the rates are.
    statistic = max(statistic, 0.0)
    p_value = math.erfc(math.sqrt(statistic / 2.0)) if degrees == 1 else math.exp(-statistic / 2.0)
    return CoverageTest(Answer.NUMBER, statistic, p_value)


def exceptions_of(gains: FloatArray, var: FloatArray) -> BoolArray:
    """Return the days on which the loss was larger than value at risk, shape (n_days,); NaN on neither side."""
    return gains < -var

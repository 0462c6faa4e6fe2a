"""Margin as the venue reports it, made comparable: usage, and the nearest liquidation that the venue names."""

import math

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.workspace import Workspace

USAGE_MAX = 1000.0
"""Stands for any usage beyond it, and for margin required against no equity at all: past liquidation in any case."""


def usage(margin: FloatArray, adjusted_equity: FloatArray) -> tuple[FloatArray, AnswerArray]:
    """Return required margin ÷ adjusted equity: liquidation (or, for initial margin, no new risk) at 1.

    Parameters
    ----------
    margin, adjusted_equity : ndarray of shape (n,), float64
        One currency. NaN where missing. Several kinds of margin may be stacked, shape (m, n), and so is then the result.

    Returns
    -------
    usage : ndarray of shape (n,), float64
        Fraction, at most ``USAGE_MAX``, which also stands where margin is required and the equity is not positive.
        NaN where there is no number.
    answers : ndarray of shape (n,), uint8
        ``NOT_APPLICABLE`` where neither margin nor equity is there (both 0), ``MISSING`` where one is unknown.

    References
    ----------
    Bybit help center, Glossary UTA (2026-03-13): accountMMRate = total maintenance margin ÷ margin balance.
    """
    if adjusted_equity.size and adjusted_equity.min() > 0.0 and margin.min() >= 0.0:
        # The usual case; the least of numbers with a NaN among them is NaN, which is neither.
        return np.minimum(margin / adjusted_equity, USAGE_MAX), np.zeros(margin.shape, np.uint8)
    is_missing = np.isnan(margin) | np.isnan(adjusted_equity)
    is_empty = (margin == 0.0) & (adjusted_equity == 0.0)
    is_beyond = (margin > 0.0) & (adjusted_equity <= 0.0)
    ratio = margin / np.where(adjusted_equity > 0.0, adjusted_equity, 1.0)
    ratio = np.minimum(np.where(is_beyond, USAGE_MAX, ratio), USAGE_MAX)
    # A debt without any position ties up no margin: nothing is used.
    ratio = np.where((margin == 0.0) & ~is_missing, 0.0, ratio)
    ratio[is_missing | is_empty] = np.nan
    answers = np.full(margin.shape, np.uint8(Answer.NUMBER))
    answers[is_empty] = Answer.NOT_APPLICABLE
    answers[is_missing] = Answer.MISSING
    return ratio, answers


def largest_in_group(
    codes: CodeArray, values: FloatArray, answers: AnswerArray, n_groups: int
) -> tuple[FloatArray, AnswerArray]:
    """Return the largest value of each group; ``MISSING`` if one of its rows is, ``NOT_APPLICABLE`` without rows."""
    largest = np.full(n_groups, -np.inf)
    is_number = answers == Answer.NUMBER
    np.maximum.at(largest, codes[is_number], values[is_number])
    kinds = np.where(largest > -np.inf, np.uint8(Answer.NUMBER), np.uint8(Answer.NOT_APPLICABLE))
    kinds[codes[answers == Answer.MISSING]] = Answer.MISSING
    largest[kinds != Answer.NUMBER] = np.nan
    return largest, kinds


def nearest_liquidation(
    codes: CodeArray,
    mark_price: FloatArray,
    liquidation_price: FloatArray,
    n_groups: int,
    n_rows: FloatArray,
    has_missing: bool,
    work: Workspace,
) -> tuple[FloatArray, AnswerArray]:
    """Return the smallest |mark − liquidation price| ÷ mark in each group, from the *venue's* liquidation prices.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,), int64
        Group of each row.
    mark_price, liquidation_price : ndarray of shape (n_rows,), float64
        Quote currency; NaN for no mark, and where the venue names no liquidation price.
    n_groups : int
        Number of groups.
    n_rows : ndarray of shape (n_groups,), float64
        How many open rows each group has.
    has_missing : bool
        Whether any mark is missing.
    work : Workspace
        Lends the buffer ``relative``.

    Returns
    -------
    distance : ndarray of shape (n_groups,), float64
        Fraction ≥ 0; NaN where there is no number.
    answers : ndarray of shape (n_groups,), uint8
        ``NOT_APPLICABLE`` without open rows; ``NONE_IN_RANGE`` where the venue names no price for any row; ``MISSING``
        where it names one and its mark is missing.
    """
    relative = np.subtract(mark_price, liquidation_price, out=work.array("relative", codes.shape[0]))
    np.abs(relative, out=relative)
    np.divide(relative, mark_price, out=relative)
    distance = np.full(n_groups, np.inf)
    np.fmin.at(distance, codes, relative)
    if math.isfinite(distance.sum()) and not has_missing:
        return distance, np.zeros(n_groups, np.uint8)
    answers = np.where(n_rows > 0, np.uint8(Answer.NONE_IN_RANGE), np.uint8(Answer.NOT_APPLICABLE))
    answers[np.isfinite(distance)] = Answer.NUMBER
    if has_missing:
        is_missing = np.isnan(mark_price) & ~np.isnan(liquidation_price)
        answers[codes[is_missing]] = Answer.MISSING
    distance[answers != Answer.NUMBER] = np.nan
    return distance, answers

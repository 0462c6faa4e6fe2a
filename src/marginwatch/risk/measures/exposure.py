"""Exposure: signed USD delta, what is long of it and what short, and what these say about each other."""

from typing import cast

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray


def grouped(codes: CodeArray, weights: FloatArray, n_groups: int) -> FloatArray:
    """Return the sum of ``weights`` in each group, shape (n_groups,), 0 for a group without rows."""
    if not codes.shape[0]:
        return np.zeros(n_groups)
    # Only of no rows at all does numpy return whole numbers.
    return cast("FloatArray", np.bincount(codes, weights=weights, minlength=n_groups))


def counted(codes: CodeArray, n_groups: int) -> FloatArray:
    """Return how many rows each group has, shape (n_groups,), as float64."""
    return np.bincount(codes, minlength=n_groups).astype(np.float64)


def hedge_ratio(long_usd: FloatArray, short_usd: FloatArray) -> tuple[FloatArray, AnswerArray]:
    """Return min(long, short) ÷ max(long, short): 0 is a one-way bet, 1 fully hedged.

    Parameters
    ----------
    long_usd, short_usd : ndarray of shape (n,), float64
        USD delta of either side, both ≥ 0.

    Returns
    -------
    ratio : ndarray of shape (n,), float64
        Fraction; NaN where there is nothing on either side.
    answers : ndarray of shape (n,), uint8
        ``NOT_APPLICABLE`` there, ``NUMBER`` elsewhere.
    """
    larger, smaller = np.maximum(long_usd, short_usd), np.minimum(long_usd, short_usd)
    if larger.size and larger.min() > 0.0:
        return smaller / larger, np.zeros(larger.shape, np.uint8)
    is_flat = larger == 0.0
    ratio = smaller / np.where(is_flat, 1.0, larger)
    ratio[is_flat] = np.nan
    return ratio, np.where(is_flat, np.uint8(Answer.NOT_APPLICABLE), np.uint8(Answer.NUMBER))


def concentration(net_usd: FloatArray, total_gross_usd: float) -> FloatArray:
    """Return |net of each asset| ÷ total gross, fractions; NaN (not applicable) where there is no exposure at all."""
    if total_gross_usd == 0.0:
        return np.full(net_usd.shape, np.nan)
    return np.abs(net_usd) / total_gross_usd


def direction_bias(long: float, short: float) -> float:
    """Return (long − short) ÷ (long + short), by count or by USD delta: 1 all long, −1 all short, NaN if neither."""
    total = long + short
    return (long - short) / total if total else float("nan")


def zeroed(values: FloatArray, where: BoolArray) -> FloatArray:
    """Return a copy with 0 put ``where``: rows that a sum leaves out and its caller counts."""
    return np.where(where, 0.0, values)

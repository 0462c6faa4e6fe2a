"""Funding that will be due: how many payments, and how much, at present rates and prices."""

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.sheet import MarginSheet

SECOND_NS = 1_000_000_000


def payments_due(
    next_at_ns: CodeArray, interval_s: CodeArray, at_ns: int, hours: float
) -> tuple[CodeArray, FloatArray]:
    """Return when the next payment is due, UTC nanoseconds, and how many fall within some hours from now.

    Parameters
    ----------
    next_at_ns : ndarray of shape (c,), int64
        As the venue last said; one that has passed is moved on by whole intervals. 0: not known.
    interval_s : ndarray of shape (c,), int64
        Seconds between payments; 0: not known.
    at_ns : int
        Now.
    hours : float
        Horizon, ≥ 0; a payment due exactly at its end counts.

    Returns
    -------
    next_at_ns : ndarray of shape (c,), int64
        0 where it is not known.
    n_payments : ndarray of shape (c,), float64
        NaN where it is not known: without an interval a payment after the next one may fall into the horizon.
    """
    interval = interval_s * SECOND_NS
    safe = np.maximum(interval, 1)
    late = np.maximum(-(-(at_ns - next_at_ns) // safe), 0)
    # At the very moment of a payment it is still to come.
    coming = np.where((next_at_ns > 0) & (next_at_ns < at_ns), next_at_ns + late * interval, next_at_ns)
    is_known = (next_at_ns > 0) & ((interval > 0) | (next_at_ns >= at_ns))
    end = at_ns + int(hours * 3600) * SECOND_NS
    many = np.where(coming <= end, (end - coming) // safe + 1.0, 0.0)
    n_payments = np.where(interval > 0, many, np.where(coming > end, 0.0, np.nan))
    return np.where(is_known, coming, 0), np.where(is_known, n_payments, np.nan)


def funding_per_contract(sheet: MarginSheet) -> FloatArray:
    """Return what one long contract of each kind gets at one payment, shape (c,), USD: negative where longs pay.

    −rate × value at mark. NaN where rate or price are not known; rates of contracts without funding are not known either.

    References
    ----------
    Bybit help center, Introduction to Funding Rate: funding fee = position value at mark × funding rate; longs pay shorts
    when it is positive.
    """
    settle_usd = sheet.coin_usd[sheet.settle_coin]
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = sheet.multiplier / sheet.mark_price
    value = np.where(sheet.is_inverse, inverse, sheet.multiplier * sheet.mark_price)
    return -sheet.funding_rate * value * settle_usd

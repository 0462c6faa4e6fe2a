"""Forecasts of a frozen book against what happened to it: whether losses were beyond them as often as they should be.

The gain is hypothetical: what the book held at the end of a day, left alone, would have made by the end of the next. Real
gains contain trades made meanwhile, which say nothing of the forecast.
"""

import msgspec
import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.var.coverage import (
    CoverageTest,
    christoffersen,
    conditional_coverage,
    exceptions_of,
    kupiec,
)
from marginwatch.risk.var.exposures import Exposures
from marginwatch.risk.var.measure import account_gains
from marginwatch.risk.var.tail import check_confidence
from marginwatch.risk.var.traffic_light import DAYS_NEEDED, Light, certain_by_then, traffic_light


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a value at risk.

    Parameters
    ----------
    light : Light
        ``grey`` until 250 days are known.
    progress : str or None
        ``"n of 250 days"`` while grey.
    certain : Light or None
        While grey: the zone that is certain already, yellow or red.
    n_days : int
        Days compared, at most 250: the newest.
    n_exceptions : int
        Those on which the loss was larger than value at risk.
    n_expected : float
        Exceptions to be expected, ``n_days × (1 − confidence)``.
    n_left_out : int
        Days among the newest on which forecast or gain is missing.
    kupiec, christoffersen, conditional : CoverageTest
        Number of exceptions, independence, both.
    """

    light: Light
    progress: str | None
    certain: Light | None
    n_days: int
    n_exceptions: int
    n_expected: float
    n_left_out: int
    kupiec: CoverageTest
    christoffersen: CoverageTest
    conditional: CoverageTest


def backtest(var_usd: FloatArray, gain_usd: FloatArray, confidence: float) -> Backtest:
    """Return the verdict on a series of forecasts.

    Parameters
    ----------
    var_usd : ndarray of shape (n,), float64
        One-day value at risk at each day's end, losses positive, oldest first; NaN where there was none.
    gain_usd : ndarray of shape (n,), float64
        Hypothetical gain of the day that followed; NaN where it is not known.
    confidence : float
        Of the forecasts.

    Raises
    ------
    ValueError
        If the series differ in length or ``confidence`` is outside (0.5, 1).
    """
    check_confidence(confidence)
    if var_usd.shape != gain_usd.shape:
        raise ValueError(f"{var_usd.shape[0]} forecasts but {gain_usd.shape[0]} gains")
    known = np.flatnonzero(~(np.isnan(var_usd) | np.isnan(gain_usd)))[-DAYS_NEEDED:]
    n_left_out = var_usd.shape[0] - int(known[0]) - known.shape[0] if known.shape[0] else var_usd.shape[0]
    exceptions = exceptions_of(gain_usd[known], var_usd[known])
    n_days, n_exceptions = known.shape[0], int(exceptions.sum())
    light = traffic_light(n_exceptions, n_days, confidence)
    return Backtest(
        light=light,
        progress=f"{n_days} of {DAYS_NEEDED} days" if light is Light.GREY else None,
        certain=certain_by_then(n_exceptions, n_days, confidence),
        n_days=n_days,
        n_exceptions=n_exceptions,
        n_expected=n_days * (1.0 - confidence),
        n_left_out=n_left_out,
        kupiec=kupiec(n_exceptions, n_days, confidence),
        christoffersen=christoffersen(exceptions),
        conditional=conditional_coverage(exceptions, confidence),
    )


def hypothetical_gains(frozen: Exposures, log_returns: FloatArray) -> FloatArray:
    """Return what each account of a frozen book made over the day that followed, shape (k,), USD.

    Parameters
    ----------
    frozen : Exposures
        The book at the end of a day.
    log_returns : ndarray of shape (f,), float64
        Log return of each of its coins over the next day; NaN where it is not known. Exempt coins without one stand
        still.

    Returns
    -------
    ndarray of shape (k,), float64
        NaN for an account that was missing, or that holds a coin whose return is not known.
    """
    is_exempt = np.array([name in frozen.exempt for name in frozen.coin_names], np.bool_)
    returns = np.expm1(np.where(np.isnan(log_returns) & is_exempt, 0.0, log_returns))
    unknown = np.isnan(returns)
    gains = account_gains(frozen, np.where(unknown, 0.0, returns)[None, :])[:, 0]
    touched = (frozen.linear_usd[:, unknown] != 0.0).any(axis=1)
    if frozen.curves is not None:
        touched[frozen.curves.account[unknown[frozen.curves.coin]]] = True
    return np.where(touched, np.nan, gains)

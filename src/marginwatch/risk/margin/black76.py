"""Black-76 on whole columns: the worth of European options on a forward. No discounting: premiums settle in cash coins."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray

SECONDS_A_YEAR = 365.0 * 86_400.0
"""The exchanges count a year as 365 days."""

_NUMERATOR = (
    3.52624965998911e-2,
    0.700383064443688,
    6.37396220353165,
    33.912866078383,
    112.079291497871,
    221.213596169931,
    220.206867912376,
)
_DENOMINATOR = (
    8.83883476483184e-2,
    1.75566716318264,
    16.064177579207,
    86.7807322029461,
    296.564248779674,
    637.333633378831,
    793.826512519948,
    440.413735824752,
)
_FAR = 7.07106781186547
_ROOT_TWO_PI = 2.506628274631


def normal_cdf(values: FloatArray) -> FloatArray:
    """Return the standard normal distribution function, absolute error below 1e-14; NaN stays NaN.

    References
    ----------
    Hart (1968), Computer Approximations, algorithm 5666, in the form of West (2005), Better approximations to
    cumulative normal functions, Wilmott Magazine.
    """
    x = np.abs(values)
    tail = np.exp(-0.5 * x * x)
    near = np.polyval(_NUMERATOR, x) / np.polyval(_DENOMINATOR, x)
    far = x + 1.0 / (x + 2.0 / (x + 3.0 / (x + 4.0 / (x + 0.65))))
    tail *= np.where(x < _FAR, near, 1.0 / (far * _ROOT_TWO_PI))
    return np.where(values > 0.0, 1.0 - tail, tail)


def option_price(
    forward: FloatArray, strike: FloatArray, volatility: FloatArray, years: FloatArray, is_call: BoolArray
) -> FloatArray:
    """Return the worth of one option in the currency of its forward.

    Parameters
    ----------
    forward, strike : ndarray of shape (n,), float64
        > 0, one currency.
    volatility : ndarray of shape (n,), float64
        Annual fraction; 0 or less leaves the payoff.
    years : ndarray of shape (n,), float64
        To expiry; 0 or less leaves the payoff.
    is_call : ndarray of shape (n,), bool
        Call, or put.

    Returns
    -------
    ndarray of shape (n,), float64
        ≥ 0; NaN where an input is NaN.

    References
    ----------
    Black (1976), The pricing of commodity contracts, J. Financial Economics 3.
    """
    sign = np.where(is_call, 1.0, -1.0)
    deviation = np.maximum(volatility, 0.0) * np.sqrt(np.maximum(years, 0.0))
    is_payoff = deviation <= 0.0
    spread = np.where(is_payoff, 1.0, deviation)
    up = np.log(forward / strike) / spread + 0.5 * spread
    worth = sign * (forward * normal_cdf(sign * up) - strike * normal_cdf(sign * (up - spread)))
    return np.maximum(np.where(is_payoff, sign * (forward - strike), worth), 0.0)


def years_left(expiry_ns: CodeArray, now_ns: int, seconds_later: float = 0.0) -> FloatArray:
    """Return the years to expiry, at least 0, ``seconds_later`` than now."""
    return np.maximum((expiry_ns - now_ns) / 1e9 - seconds_later, 0.0) / SECONDS_A_YEAR

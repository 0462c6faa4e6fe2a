"""Who dies first, at what price of Bitcoin, and who next."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.liquidation.ways import Ways


@dataclass(slots=True, frozen=True, eq=False)
class Ladder:
    """Accounts in the order in which one move of the market takes them, nearest first, shape (p,).

    Parameters
    ----------
    account : ndarray of int64
        Rows of the sheet.
    shock : ndarray of float64
        Of Bitcoin's price, fraction, signed; 0 for accounts that are at their limit already.
    btc_price : ndarray of float64
        USD; NaN if Bitcoin has no price.
    leg : ndarray of int64
        Leg that takes most of the headroom on the way; −1 for none.
    n_missing : int
        Accounts of which it is not known whether and where they stand on it.
    """

    account: CodeArray
    shock: FloatArray
    btc_price: FloatArray
    leg: CodeArray
    n_missing: int


def ladder(ways: Ways, direction: int, btc_usd: float) -> Ladder:
    """Return the ladder of one direction.

    Parameters
    ----------
    ways : Ways
        Of all accounts, as shocks of Bitcoin.
    direction : {-1, 1}
        Falling or rising market.
    btc_usd : float
        Bitcoin's price now, USD; NaN if unknown.
    """
    is_down = direction < 0
    shock, answer = (ways.down, ways.down_answer) if is_down else (ways.up, ways.up_answer)
    rows = np.flatnonzero(answer == Answer.NUMBER)
    rows = rows[np.argsort(np.abs(shock[rows]), kind="stable")]
    return Ladder(
        account=rows,
        shock=shock[rows],
        btc_price=btc_usd * (1.0 + shock[rows]),
        leg=(ways.down_leg if is_down else ways.up_leg)[rows],
        n_missing=int(np.count_nonzero(answer == Answer.MISSING)),
    )


def in_daily_sigmas(shock: FloatArray, daily_volatility: float) -> FloatArray:
    """Return shocks as multiples of a day's standard deviation, ≥ 0: ``|log(1 + shock)| ÷ daily volatility``.

    Parameters
    ----------
    shock : ndarray of float64
        Fractions, > −1; NaN stays.
    daily_volatility : float
        Standard deviation of a day's log return of Bitcoin; NaN, or 0, gives NaN: there is no measure then.
    """
    if not daily_volatility > 0.0:
        return np.full(shock.shape, np.nan)
    return np.abs(np.log1p(shock)) / daily_volatility

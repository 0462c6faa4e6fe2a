"""Bybit, unified account, cross margin: everything backs everything.

Legs need what :mod:`marginwatch.risk.margin.legs` reckons, coins count as :mod:`marginwatch.risk.margin.accounts` says,
and options what is below. Both legs of a hedge need margin of their own: how much less Bybit asks for the hedged part is
not published, so accounts with both legs of a contract are estimates.
"""

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray

MAINTENANCE_FACTOR = 0.03
LIQUIDATION_FEE = 0.002
INITIAL_FACTOR = 0.15
INITIAL_LEAST = 0.10
"""Of the published example (Bybit help center, Options margin, 2023-12); the present ones are not published, so accounts
short of options are estimates."""


def short_option_margins(
    mark: FloatArray, index: FloatArray, strike: FloatArray, entry: FloatArray, is_call: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Return initial and maintenance margin of one short option; a long one needs none beyond its premium.

    ``MM = max(0.03 × index, 0.03 × mark) + mark + 0.002 × index``;
    ``IM = max(MM, max(0.15 × index − out of the money, 0.10 × index) + max(entry, mark))``.

    Parameters
    ----------
    mark, index, strike, entry : ndarray of shape (n,), float64
        Quote currency.
    is_call : ndarray of shape (n,), bool
        Call, or put.

    References
    ----------
    Bybit help center, Options margin (2023-12), for the maintenance margin; the initial margin is a restatement by others.
    """
    maintenance = np.maximum(MAINTENANCE_FACTOR * index, MAINTENANCE_FACTOR * mark)
    maintenance += mark + LIQUIDATION_FEE * index
    out_of_money = np.maximum(np.where(is_call, strike - index, index - strike), 0.0)
    initial = np.maximum(INITIAL_FACTOR * index - out_of_money, INITIAL_LEAST * index)
    initial += np.maximum(entry, mark)
    return np.maximum(initial, maintenance), maintenance

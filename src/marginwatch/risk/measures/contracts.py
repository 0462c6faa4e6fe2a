"""What one long contract is worth, bets and earns: everything a position's row is multiplied with."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.instruments import InstrumentTable
from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.risk.measures.prices import Ages, AssetPrices

GREEKS = ("delta", "gamma", "vega", "theta")
"""As venues state them of one option with its price; they are none once the price is too old."""


class ContractValues(NamedTuple):
    """Values of one long contract, each of shape (n_instruments,); NaN where unknown, row 0 is 0.

    Parameters
    ----------
    exposure_usd : ndarray, float64
        Signed USD delta.
    notional_usd : ndarray, float64
        Size in USD, not negative.
    mark_price : ndarray, float64
        Quote currency.
    mark_value : ndarray, float64
        Settlement currency; quantity × (mark value − entry value) is the unrealized PnL.
    settle_usd : ndarray, float64
        USD for one unit of the settlement currency.
    is_stale : ndarray, bool
        The contract's price or the USD price of its currencies is old.
    has_stale : bool
        Whether any is.
    columns : ndarray of shape (5, n_instruments), float64
        ``exposure_usd``, ``notional_usd``, ``mark_value``, ``settle_usd`` and ``mark_price``, which are its rows.
    greeks : ndarray of shape (4, n_instruments), float64, or None
        ``GREEKS`` of one long option in the venue's units; −∞ of what is no option. None where there are no options.
    """

    exposure_usd: FloatArray
    notional_usd: FloatArray
    mark_price: FloatArray
    mark_value: FloatArray
    settle_usd: FloatArray
    is_stale: BoolArray
    has_stale: bool
    columns: FloatArray
    greeks: FloatArray | None = None


def contract_values(instruments: InstrumentTable, ages: Ages, prices: AssetPrices) -> ContractValues:
    """Return what one long contract of each instrument is worth now.

    Linear: notional and USD delta are multiplier × mark × USD of the quote coin. Inverse: a contract is a fixed amount
    of the quote currency, so neither needs a price, and its value in the coin is −multiplier ÷ mark. Option: notional is
    multiplier × price of the underlying, delta-weighted for the USD delta, where delta is that of one contract.

    References
    ----------
    Bybit help center, P&L calculations (USDT and inverse contracts); DESIGN "USD delta".
    """
    n = instruments.size
    multiplier = instruments.multiplier[:n]
    is_inverse, is_option = instruments.is_inverse[:n], instruments.is_option[:n]
    is_contract = instruments.is_linear[:n] | is_inverse | is_option
    mark = np.where(ages.is_known & is_contract, instruments.mark_price[:n], np.nan)
    quote, settle = instruments.quote_asset[:n], instruments.settle_asset[:n]
    quote_usd = prices.usd[quote]
    base = np.where(is_inverse, 1.0, mark)
    delta = np.ones(n)
    if is_option.any():
        underlying = instruments.underlying_price[:n]
        underlying = np.where(np.isnan(underlying), instruments.index_price[:n], underlying)
        base = np.where(is_option, np.where(ages.is_known, underlying, np.nan), base)
        delta = np.where(is_option, instruments.delta[:n], delta)
    notional_usd = multiplier * base * quote_usd
    mark_value = multiplier * mark
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(-multiplier, mark, out=mark_value, where=is_inverse)
    columns = np.empty((5, n))
    columns[0] = notional_usd * delta
    columns[1] = notional_usd
    columns[2] = mark_value
    columns[3] = prices.usd[settle]
    columns[4] = mark
    columns[:, 0] = 0.0
    greeks = None
    if is_option.any():
        stated = np.stack([getattr(instruments, name)[:n] for name in GREEKS]) * multiplier
        greeks = np.where(is_option, np.where(ages.is_known, stated, np.nan), -np.inf)
    is_stale = ages.is_stale | prices.is_stale[quote] | prices.is_stale[settle]
    is_stale[0] = False
    return ContractValues(
        exposure_usd=columns[0],
        notional_usd=columns[1],
        mark_price=columns[4],
        mark_value=columns[2],
        settle_usd=columns[3],
        is_stale=is_stale,
        has_stale=bool(is_stale.any()),
        columns=columns,
        greeks=greeks,
    )

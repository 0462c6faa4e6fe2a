"""What each account bets on each coin: positions and wallet together, as pairs of account and coin."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.black76 import normal_cdf
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.sheet_plan import inverse_rows
from marginwatch.risk.measures.exposure import grouped


class CoinExposures(NamedTuple):
    """Pairs of an account and a coin it bets on, sorted by account, then coin.

    Parameters
    ----------
    account, coin : ndarray of shape (g,), int64
        Rows of the sheet.
    usd : ndarray of shape (g,), float64
        Signed USD delta of equity: positions, what is in the wallet, and what inverse positions have earned, which is coin;
        unknown prices count as nothing.
    leg_pair, holding_pair : ndarray of shape (n,) and (h,), int64
        The pair that each leg (by its underlying) and holding belongs to.
    """

    account: CodeArray
    coin: CodeArray
    usd: FloatArray
    leg_pair: CodeArray
    holding_pair: CodeArray


def leg_deltas(sheet: MarginSheet) -> FloatArray:
    """Return the USD delta of each leg, shape (n,), signed; NaN where a price is missing."""
    return sheet.leg_quantity * contract_deltas(sheet)[sheet.leg_contract]


def contract_deltas(sheet: MarginSheet) -> FloatArray:
    """Return the USD delta of one long contract of each kind, shape (c,); NaN where a price is missing.

    Linear: quantity × multiplier × mark × USD of the quote coin. Inverse: contracts × multiplier, in USD already. Option:
    Black-76 delta × quantity × multiplier × forward × USD of the quote coin.
    """
    usd = sheet.coin_usd[sheet.quote_coin]
    per_contract = np.where(sheet.is_inverse, sheet.multiplier, sheet.multiplier * sheet.mark_price * usd)
    options = np.flatnonzero(sheet.is_option)
    if options.shape[0]:
        per_contract[options] = _option_deltas(sheet, options) * usd[options]
    return per_contract


def _option_deltas(sheet: MarginSheet, options: CodeArray) -> FloatArray:
    forward, volatility = sheet.underlying_price[options], sheet.volatility[options]
    years = np.maximum(sheet.expiry_ns[options] - sheet.at_ns, 0) / (365.0 * 86_400e9)
    deviation = np.maximum(volatility * np.sqrt(years), 1e-9)
    up = np.log(forward / sheet.strike_price[options]) / deviation + 0.5 * deviation
    chance = normal_cdf(up)
    return sheet.multiplier[options] * forward * np.where(sheet.is_call[options], chance, chance - 1.0)


def coin_exposures(sheet: MarginSheet) -> CoinExposures:
    """Return the pairs of the whole sheet. Cost: one sort of legs and holdings."""
    n_coins = sheet.coin_usd.shape[0]
    leg_key = sheet.leg_account * n_coins + sheet.underlying_coin[sheet.leg_contract]
    holding_key = sheet.holding_account * n_coins + sheet.holding_coin
    keys, code = np.unique(np.concatenate((leg_key, holding_key)), return_inverse=True)
    code = code.reshape(-1).astype(np.int64)
    positions = leg_deltas(sheet)
    inverse = inverse_rows(sheet)
    # N contracts and what they have earned in the coin, N × (mark ÷ entry − 1), together.
    mark = sheet.mark_price[sheet.leg_contract[inverse]]
    positions[inverse] *= mark / sheet.leg_entry_price[inverse]
    worth = np.concatenate((positions, sheet.holding_cash * sheet.coin_usd[sheet.holding_coin]))
    usd = grouped(code, np.nan_to_num(worth), keys.shape[0])
    n = sheet.n_legs
    return CoinExposures(keys // n_coins, keys % n_coins, usd, code[:n], code[n:])

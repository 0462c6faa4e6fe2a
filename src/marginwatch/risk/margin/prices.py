"""The market that margins are reckoned in: as it is, shocked for everybody, or a different one for each account."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.black76 import option_price, years_left
from marginwatch.risk.margin.sheet import MarginSheet


class Prices(NamedTuple):
    """Prices by leg and by holding, so that every account may have a market of its own. NaN where unknown.

    The USD price of a leg's settlement coin is that of the holding it settles in, ``leg_settle_holding``.

    Parameters
    ----------
    leg_mark : ndarray of shape (n,), float64
        Mark of each leg's contract, quote currency.
    leg_underlying : ndarray of shape (n,), float64
        Index of an option's underlying, which option margin depends on, quote currency; of no meaning for other legs.
    holding_usd : ndarray of shape (h,), float64
        USD for one unit of each holding's coin.
    volatility_shift : float, default=0
        Added to the implied volatility of every option, annual fraction; the marks above have it in them already.
    seconds_later : float, default=0
        How much later than the sheet, seconds; the marks above have it in them already.
    """

    leg_mark: FloatArray
    leg_underlying: FloatArray
    holding_usd: FloatArray
    volatility_shift: float = 0.0
    seconds_later: float = 0.0

    def leg_settle_usd(self, sheet: MarginSheet) -> FloatArray:
        """Return USD for one unit of the settlement coin of each leg, shape (n,)."""
        return self.holding_usd.take(sheet.leg_settle_holding)


def prices_now(sheet: MarginSheet) -> Prices:
    """Return the market as the sheet has it. Cost: one gather a column."""
    return Prices(
        leg_mark=sheet.mark_price.take(sheet.leg_contract),
        leg_underlying=sheet.index_price.take(sheet.leg_contract),
        holding_usd=sheet.coin_usd.take(sheet.holding_coin),
    )


def prices_at(
    sheet: MarginSheet, coin_factor: FloatArray, volatility_shift: float = 0.0, seconds_later: float = 0.0
) -> Prices:
    """Return one market for everybody in which every coin's USD price is multiplied.

    A mark moves by the factor of the underlying ÷ that of the quote coin; the mark of an option changes as its Black-76
    price does with the moved forward, the shifted volatility and the time left, and is never negative.

    Parameters
    ----------
    sheet : MarginSheet
        What is held.
    coin_factor : ndarray of shape (m,), float64
        Factor on the USD price of each coin, > 0; 1 leaves it.
    volatility_shift : float, default=0
        Added to every implied volatility, annual fraction; no volatility falls below 0.
    seconds_later : float, default=0
        Time passed, seconds ≥ 0.

    Raises
    ------
    ValueError
        If ``coin_factor`` has not one factor for each coin of the sheet.
    """
    mark, index = contract_prices(sheet, coin_factor, volatility_shift, seconds_later)
    contract = sheet.leg_contract
    return Prices(
        leg_mark=mark.take(contract),
        leg_underlying=index.take(contract),
        holding_usd=(sheet.coin_usd * coin_factor).take(sheet.holding_coin),
        volatility_shift=volatility_shift,
        seconds_later=seconds_later,
    )


def contract_prices(
    sheet: MarginSheet, coin_factor: FloatArray, volatility_shift: float = 0.0, seconds_later: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Return mark and index of every contract in the market of :func:`prices_at`, each of shape (c,), quote currency.

    Raises
    ------
    ValueError
        As :func:`prices_at`.
    """
    n_coins = len(sheet.coin_names)
    if coin_factor.shape != (n_coins,):
        raise ValueError(
            f"coin_factor must have shape ({n_coins},), one for each coin, got {coin_factor.shape}"
        )
    factor = coin_factor.take(sheet.underlying_coin) / coin_factor.take(sheet.quote_coin)
    mark = sheet.mark_price * factor
    options = np.flatnonzero(sheet.is_option)
    if options.shape[0]:
        mark[options] = _option_marks(sheet, options, factor[options], volatility_shift, seconds_later)
    return mark, sheet.index_price * factor


def prices_for(sheet: MarginSheet, leg_factor: FloatArray, holding_factor: FloatArray) -> Prices:
    """Return a market of its own for each account: that of the sheet with these factors, volatility and time unchanged.

    Parameters
    ----------
    sheet : MarginSheet
        What is held.
    leg_factor : ndarray of shape (n,), float64
        Factor on the mark (of an option: on the price of its underlying) of each leg, > 0, in its quote currency.
    holding_factor : ndarray of shape (h,), float64
        Factor on the USD price of each holding's coin, > 0; the legs settled in it follow.
    """
    contract = sheet.leg_contract
    mark = sheet.mark_price.take(contract) * leg_factor
    options = option_rows(sheet)
    if options.shape[0]:
        mark[options] = _option_marks(sheet, contract[options], leg_factor[options], 0.0, 0.0)
    return Prices(
        leg_mark=mark,
        leg_underlying=sheet.index_price.take(contract) * leg_factor,
        holding_usd=sheet.coin_usd.take(sheet.holding_coin) * holding_factor,
    )


def option_rows(sheet: MarginSheet) -> CodeArray:
    """Return the rows of the legs that are options."""
    rows = sheet.cache.options
    if rows is None:
        rows = sheet.cache.options = np.flatnonzero(sheet.is_option.take(sheet.leg_contract))
    return rows


def _option_marks(
    sheet: MarginSheet, contract: CodeArray, factor: FloatArray, volatility_shift: float, seconds_later: float
) -> FloatArray:
    """Return the present mark plus the change of the Black-76 price: what the model misses of a mark stays missed."""
    strike, is_call = sheet.strike_price[contract], sheet.is_call[contract]
    forward, volatility = sheet.underlying_price[contract], sheet.volatility[contract]
    expiry = sheet.expiry_ns[contract]
    base = option_price(forward, strike, volatility, years_left(expiry, sheet.at_ns), is_call)
    later = years_left(expiry, sheet.at_ns, seconds_later)
    moved = option_price(forward * factor, strike, volatility + volatility_shift, later, is_call)
    return np.maximum(sheet.mark_price[contract] + (moved - base), 0.0)

"""The market that margins are reckoned in: as it is, shocked for everybody, or a different one for each account."""

from typing import NamedTuple

from marginwatch.book.table import FloatArray
from marginwatch.risk.margin.sheet import MarginSheet


class Prices(NamedTuple):
    """Prices by leg and by holding, so that every account may have a market of its own. NaN where unknown.

    Parameters
    ----------
    leg_mark : ndarray of shape (n,), float64
        Mark of each leg's contract, quote currency.
    leg_underlying : ndarray of shape (n,), float64
        Index of an option's underlying, which option margin depends on, quote currency; of no meaning for other legs.
    leg_settle_usd : ndarray of shape (n,), float64
        USD for one unit of each leg's settlement coin.
    holding_usd : ndarray of shape (h,), float64
        USD for one unit of each holding's coin.
    volatility_shift : float, default=0
        Added to the implied volatility of every option, annual fraction; the marks above have it in them already.
    seconds_later : float, default=0
        How much later than the sheet, seconds; the marks above have it in them already.
    """

    leg_mark: FloatArray
    leg_underlying: FloatArray
    leg_settle_usd: FloatArray
    holding_usd: FloatArray
    volatility_shift: float = 0.0
    seconds_later: float = 0.0


def prices_now(sheet: MarginSheet) -> Prices:
    """Return the market as the sheet has it. Cost: one gather a column."""
    contract = sheet.leg_contract
    return Prices(
        leg_mark=sheet.mark_price.take(contract),
        leg_underlying=sheet.index_price.take(contract),
        leg_settle_usd=sheet.coin_usd.take(sheet.settle_coin).take(contract),
        holding_usd=sheet.coin_usd.take(sheet.holding_coin),
    )


def prices_at(
    sheet: MarginSheet, coin_factor: FloatArray, volatility_shift: float = 0.0, seconds_later: float = 0.0
) -> Prices:
    """Return one market for everybody in which every coin's USD price is multiplied.

    A mark moves by the factor of the underlying ÷ that of the quote coin; an option is worth what Black-76 makes of the
    moved forward, the shifted volatility and the time left, changed by what it misses of the present mark.

    Parameters
    ----------
    sheet : MarginSheet
        What is held.
    coin_factor : ndarray of shape (m,), float64
        Factor on the USD price of each coin, > 0; 1 leaves it.
    volatility_shift : float, default=0
        Added to every implied volatility, annual fraction.
    seconds_later : float, default=0
        Time passed, seconds ≥ 0.

    Raises
    ------
    ValueError
        If ``coin_factor`` has not one factor for each coin of the sheet.
    """
    raise NotImplementedError


def prices_for(
    sheet: MarginSheet,
    leg_factor: FloatArray,
    holding_factor: FloatArray,
    settle_factor: FloatArray | None = None,
) -> Prices:
    """Return a market of its own for each account: that of the sheet with these factors, volatility and time unchanged.

    Parameters
    ----------
    sheet : MarginSheet
        What is held.
    leg_factor : ndarray of shape (n,), float64
        Factor on the mark (of an option: on the price of its underlying) of each leg, > 0.
    holding_factor : ndarray of shape (h,), float64
        Factor on the USD price of each holding's coin, > 0.
    settle_factor : ndarray of shape (n,), float64, optional
        Factor on the USD price of each leg's settlement coin; by default that of the leg's settlement holding.
    """
    raise NotImplementedError

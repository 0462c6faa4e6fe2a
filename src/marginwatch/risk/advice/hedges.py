"""Three ways to hedge some accounts together, with what each costs, leaves open and does to every account's margin."""

from collections.abc import Mapping
from dataclasses import dataclass

from marginwatch.book.columns import Columns
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.advice.rows import HedgeAdvice
from marginwatch.risk.advice.settings import HedgeSettings
from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.prices import Ages


@dataclass(slots=True, frozen=True, eq=False)
class TradeTerms:
    """What trading a contract takes, by contract of the sheet, shape (c,).

    Parameters
    ----------
    bid_price, ask_price : ndarray of float64
        Quote currency; NaN where unknown or too old.
    quantity_step : ndarray of float64
        Smallest change of the quantity, contracts; NaN where unknown.
    is_perpetual : ndarray of bool
        Perpetual contracts.
    """

    bid_price: FloatArray
    ask_price: FloatArray
    quantity_step: FloatArray
    is_perpetual: BoolArray


def trade_terms(columns: Columns, ages: Ages) -> TradeTerms:
    """Return the terms of all contracts of the book, as they are now; ``ages`` as the sheet was built with."""
    raise NotImplementedError


def advise_hedges(
    sheet: MarginSheet,
    accounts: CodeArray,
    betas: Betas,
    covariance: FloatArray | None,
    terms: TradeTerms,
    settings: HedgeSettings,
    *,
    trade_on: int | None = None,
    left_out: Mapping[int, str] | None = None,
) -> HedgeAdvice:
    """Return three ways to hedge some accounts together.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    accounts : ndarray of shape (p,), int64
        Rows of those to be hedged together.
    betas : Betas
        By coin of the sheet, shape (m,).
    covariance : ndarray of shape (m, m), float64, or None
        Of daily returns of coins in USD, by coin of the sheet; rows of coins without history are NaN. None: not known.
    terms : TradeTerms
        Quotes and steps.
    settings : HedgeSettings
        Target and instruments.
    trade_on : int, optional
        Row of the account on which new hedges are placed; by default the one of the scope with most available margin.
    left_out : mapping of int to str, optional
        Rows of accounts that are not part of it (stale, lost), with the reason.
    """
    raise NotImplementedError

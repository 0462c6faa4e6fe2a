"""What of a reckoning does not depend on prices, made once and used in as many markets as are asked about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.margin.accounts import CoinRules, Holdings
from marginwatch.risk.margin.bybit_portfolio import PortfolioLegs
from marginwatch.risk.margin.legs import LegTerms
from marginwatch.risk.margin.steps import Tiers

Summation: TypeAlias = Callable[[FloatArray], FloatArray]
"""Sums weights of legs, shape (n,), by the holding that they settle in, shape (h,)."""


@dataclass(slots=True, frozen=True, eq=False)
class OptionLegs:
    """Option legs: ``rows`` among all legs, whether each is short, its size in underlying units ≥ 0, and its terms."""

    rows: CodeArray
    is_short: BoolArray
    units: FloatArray
    settle_holding: CodeArray
    strike: FloatArray
    entry_price: FloatArray
    is_call: BoolArray


@dataclass(slots=True, frozen=True, eq=False)
class IsolatedLegs:
    """Legs of isolated accounts: ``rows`` among all legs, margin put up in all and what of it was added by hand, and kind.

    Settlement coin. ``put_up`` may be None: it is then what the formula asks for and what was added.
    """

    rows: CodeArray
    extra_margin: FloatArray
    is_inverse: BoolArray
    put_up: FloatArray | None = None


@dataclass(slots=True, frozen=True, eq=False)
class Plan:
    """Legs, holdings and rules of some accounts.

    Parameters
    ----------
    n_accounts : int
        k.
    terms, tiers : LegTerms, Tiers
        Of n legs; by contract.
    holdings, rules : Holdings, CoinRules
        Of h coins of accounts; by coin.
    summed : callable
        By settlement holding.
    options, isolated, portfolio : OptionLegs, IsolatedLegs, PortfolioLegs or None
        Legs that are reckoned in a way of their own; None where there are none.
    has_no_total, counts_options : ndarray of shape (k,), bool, or None
        Isolated accounts, which have no figures as a whole but equity; those in portfolio margin, whose option value
        backs them. None: no account is.
    calibration, initial_calibration : ndarray of shape (k,), float64, or None
        Multipliers of the margins; None: all are 1.
    order_loss : ndarray of shape (k,), float64, or None
        What open orders could take from the margin balance, USD; None: nothing.
    """

    n_accounts: int
    terms: LegTerms
    tiers: Tiers
    holdings: Holdings
    rules: CoinRules
    summed: Summation
    options: OptionLegs | None = None
    isolated: IsolatedLegs | None = None
    portfolio: PortfolioLegs | None = None
    has_no_total: BoolArray | None = None
    counts_options: BoolArray | None = None
    calibration: FloatArray | None = None
    initial_calibration: FloatArray | None = None
    order_loss: FloatArray | None = None

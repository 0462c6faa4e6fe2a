"""A plan in a market: the one place where legs become figures of accounts, for frames, lanes and what-if alike."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.margin import bybit_isolated, bybit_portfolio
from marginwatch.risk.margin.accounts import LegSums, account_sums
from marginwatch.risk.margin.bybit_cross import short_option_margins
from marginwatch.risk.margin.legs import INITIAL, MAINTENANCE, PNL, VALUE, leg_margins
from marginwatch.risk.margin.options import OptionTerms
from marginwatch.risk.margin.plan import IsolatedLegs, OptionLegs, Plan
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.workspace import Workspace


class Market(NamedTuple):
    """Prices as a reckoning wants them; NaN where unknown.

    Parameters
    ----------
    mark_value : ndarray of shape (n,), float64
        What one unit of each leg's quantity is worth at mark, settlement coin: mark (linear, option), −1 ÷ mark (inverse).
    option_mark, option_index : ndarray of shape (p,), float64
        Of each option leg: mark and index of the underlying, quote currency. Empty without options.
    portfolio_mark, portfolio_index, portfolio_settle_usd : ndarray of shape (q,), float64
        Of each leg in portfolio margin: mark, index of the underlying, USD of the settlement coin. Empty without any.
    portfolio_options : OptionTerms or None
        The options among them, with forward, volatility and time of this market; None without any.
    usd : ndarray of shape (h,), float64
        USD for one unit of each holding's coin.
    """

    mark_value: FloatArray
    usd: FloatArray
    option_mark: FloatArray
    option_index: FloatArray
    portfolio_mark: FloatArray
    portfolio_index: FloatArray
    portfolio_settle_usd: FloatArray
    portfolio_options: OptionTerms | None = None


class Reckoned(NamedTuple):
    """Figures of accounts, shape (k,), USD, sums over isolated legs included; and of legs.

    ``sums`` are those over the legs settled in each holding. ``legs`` has shape (4, n) in the rows of :mod:`marginwatch.risk.margin.legs` and lives in the workspace.
    ``balance`` is the margin balance, ``adjusted_equity`` what is left of it after what open orders could take.
    """

    equity: FloatArray
    balance: FloatArray
    adjusted_equity: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    legs: FloatArray
    sums: LegSums


def reckon(plan: Plan, market: Market, work: Workspace) -> Reckoned:
    """Return every account's figures. Cost: linear in legs; what is unusual costs in proportion to its own number.

    Parameters
    ----------
    plan : Plan
        Legs, holdings and rules.
    market : Market
        Prices.
    work : Workspace
        Buffers of the figures of legs.
    """
    legs = leg_margins(plan.terms, market.mark_value, plan.tiers, work)
    sums = _sums(plan, market, legs)
    of = account_sums(plan.holdings, sums, market.usd, plan.rules, plan.n_accounts, plan.has_no_total)
    balance, initial, maintenance = of.counted, of.initial_margin, of.maintenance_margin
    if plan.counts_options is not None:
        balance = balance + np.where(plan.counts_options, of.option_value, 0.0)
    if plan.portfolio is not None:
        stress = bybit_portfolio.stress_margins(
            plan.portfolio,
            market.portfolio_options,
            market.portfolio_mark,
            market.portfolio_index,
            market.portfolio_settle_usd,
            plan.n_accounts,
        )
        maintenance = maintenance + stress
        initial = initial + stress * bybit_portfolio.INITIAL_FACTOR
    if plan.calibration is not None:
        maintenance = maintenance * plan.calibration
    if plan.initial_calibration is not None:
        initial = initial * plan.initial_calibration
    adjusted = balance if plan.order_loss is None else balance - plan.order_loss
    return Reckoned(of.equity, balance, adjusted, initial, maintenance, legs, sums)


def _sums(plan: Plan, market: Market, legs: FloatArray) -> LegSums:
    """Sum legs by settlement coin, after putting right those that are reckoned in a way of their own."""
    if plan.isolated is not None:
        legs[INITIAL, plan.isolated.rows] = _put_up(plan.isolated, plan, legs)
    if plan.options is not None:
        _reckon_options(plan.options, market, legs)
    if plan.portfolio is not None:
        legs[INITIAL, plan.portfolio.rows] = legs[MAINTENANCE, plan.portfolio.rows] = 0.0
    summed = _summed(plan, market, legs)
    if plan.portfolio is not None:
        legs[INITIAL, plan.portfolio.rows] = legs[MAINTENANCE, plan.portfolio.rows] = np.nan
    return summed


def _put_up(isolated: IsolatedLegs, plan: Plan, legs: FloatArray) -> FloatArray:
    if isolated.put_up is not None:
        return isolated.put_up
    rows = isolated.rows
    used = bybit_isolated.inverse_leverage_used(plan.terms, rows, legs[VALUE, rows], plan.tiers)
    return bybit_isolated.initial_margin(plan.terms, rows, used) + isolated.extra_margin


def _summed(plan: Plan, market: Market, legs: FloatArray) -> LegSums:
    initial, maintenance = plan.summed(legs[INITIAL]), plan.summed(legs[MAINTENANCE])
    if plan.options is None:
        return LegSums(initial, maintenance, plan.summed(legs[PNL]))
    # An option's profit is no profit of its coin: its value counts instead.
    rows, holding = plan.options.rows, plan.options.settle_holding
    profit = legs[PNL, rows]
    legs[PNL, rows] = 0.0
    pnl = plan.summed(legs[PNL])
    legs[PNL, rows] = profit
    worth = plan.terms.quantity[rows] * market.mark_value[rows]
    return LegSums(initial, maintenance, pnl, grouped(holding, worth, plan.holdings.coin.shape[0]))


def _reckon_options(options: OptionLegs, market: Market, legs: FloatArray) -> None:
    initial, maintenance = short_option_margins(
        market.option_mark, market.option_index, options.strike, options.entry_price, options.is_call
    )
    rows, units = options.rows, options.units
    legs[INITIAL, rows] = np.where(options.is_short, initial * units, 0.0)
    legs[MAINTENANCE, rows] = np.where(options.is_short, maintenance * units, 0.0)

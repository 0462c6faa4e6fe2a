"""The plan of a slice of the book, for frames and lanes: no sorting, no copies, whatever the order of its rows."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.instruments import InstrumentTable
from marginwatch.book.positions import MIXED
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.accounts import Holdings, known_or_zero
from marginwatch.risk.margin.black76 import years_left
from marginwatch.risk.margin.bybit_portfolio import PortfolioLegs, portfolio_legs
from marginwatch.risk.margin.estimates import CoinSigns, LegSigns, estimates
from marginwatch.risk.margin.legs import leg_terms
from marginwatch.risk.margin.options import OptionTerms
from marginwatch.risk.margin.picking import CoinAmounts, amounts_of_coins, order_loss
from marginwatch.risk.margin.plan import IsolatedLegs, OptionLegs, Plan
from marginwatch.risk.margin.reckoning import Market
from marginwatch.risk.margin.terms import Terms
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.measures.prices import Ages, AssetPrices
from marginwatch.risk.rows import Rows
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]
PORTFOLIO = MARGIN_MODES["portfolio"]
NO_ROWS: CodeArray = np.zeros(0, np.int64)


class Contracts(NamedTuple):
    """What margins need of contracts beside what every measure does; by row of the instrument table.

    Parameters
    ----------
    table : InstrumentTable
        Terms; its prices are not read from here.
    mark_price, index_price, underlying_price, volatility : ndarray of shape (c,), float64
        NaN where unknown or too old; all but the first two empty where no option is listed.
    has_options : bool
        Whether any contract is an option.
    now_ns : int
        The moment, for the time to expiry.
    """

    table: InstrumentTable
    mark_price: FloatArray
    index_price: FloatArray
    underlying_price: FloatArray
    volatility: FloatArray
    has_options: bool
    now_ns: int


def contracts_at(table: InstrumentTable, ages: Ages, now_ns: int) -> Contracts:
    """Return what margins need of contracts at a moment."""
    c = table.size
    has_options = bool(table.is_option[:c].any())
    nothing = np.zeros(0)

    def known(values: FloatArray) -> FloatArray:
        return np.where(ages.is_known, values[:c], np.nan)

    return Contracts(
        table,
        known(table.mark_price),
        known(table.index_price),
        known(table.underlying_price) if has_options else nothing,
        known(table.mark_volatility) if has_options else nothing,
        has_options,
        now_ns,
    )


class RowPlan(NamedTuple):
    """A plan of rows, its option rows, and the code of each account's estimate."""

    plan: Plan
    options: CodeArray
    estimate: CodeArray


def plan_of_rows(rows: Rows, contracts: Contracts, terms: Terms, work: Workspace) -> RowPlan:
    """Return the plan of a slice; its arrays of rows live in ``work``."""
    contract, mode = rows.instrument, rows.margin_mode
    quantity, entry_value = rows.quantity, rows.entry_value
    if rows.twins.max(initial=0) == MIXED:
        quantity, entry_value = _joined(rows)
    of_legs = leg_terms(
        contract,
        quantity,
        entry_value,
        rows.leverage,
        rows.taker_fee,
        rows.order_value,
        terms.tiers,
        work,
    )
    options = NO_ROWS
    if contracts.has_options:
        options = np.flatnonzero(contracts.table.is_option.take(contract) & (quantity != 0.0))
    # The usual modes come before these two.
    is_usual = int(mode.max(initial=0)) < min(ISOLATED, PORTFOLIO)
    is_isolated = None if is_usual else mode == ISOLATED
    is_portfolio = None if is_usual else mode == PORTFOLIO
    amounts = _amounts(rows, options)
    plan = Plan(
        n_accounts=rows.n_accounts,
        terms=of_legs,
        tiers=terms.tiers,
        holdings=Holdings(
            rows.coin_owner,
            rows.coin_asset,
            amounts.cash,
            known_or_zero(rows.coin_order_margin),
            amounts.borrowed,
            rows.coin_switch != 0,
        ),
        rules=terms.rules,
        summed=lambda weights: grouped(rows.settle_holding, weights, rows.n_holdings).take(rows.coins),
        options=_option_legs(rows, contracts, options, quantity),
        isolated=None if is_usual else _isolated_legs(rows, contracts),
        portfolio=None if is_usual else _portfolio_legs(rows, contracts, quantity),
        has_no_total=is_isolated,
        counts_options=is_portfolio,
        order_loss=_order_loss(rows),
    )
    signs = (
        LegSigns(rows.account, quantity, rows.twins, options, rows.order_value, rows.fee_source),
        CoinSigns(
            rows.coin_owner, rows.coin_is_held, rows.coin_wallet, rows.coin_switch, rows.coin_order_margin
        ),
    )
    return RowPlan(plan, options, estimates(mode, *signs))


def market_of_rows(
    planned: RowPlan, rows: Rows, contracts: Contracts, mark_value: FloatArray, prices: AssetPrices
) -> Market:
    """Return the present prices in the form of a reckoning; ``mark_value`` is of each row, settlement coin."""
    plan, options = planned.plan, planned.options
    picked = NO_ROWS if plan.portfolio is None else plan.portfolio.rows
    contract = rows.instrument[picked]
    stressed = None
    if plan.portfolio is not None and plan.portfolio.options.shape[0]:
        stressed = _option_terms(contracts, contract[plan.portfolio.options])
    of_options = rows.instrument[options]
    return Market(
        mark_value=mark_value,
        usd=prices.usd.take(rows.coin_asset),
        option_mark=contracts.mark_price[of_options],
        option_index=contracts.index_price[of_options],
        portfolio_mark=contracts.mark_price[contract],
        portfolio_index=contracts.index_price[contract],
        portfolio_settle_usd=prices.usd[contracts.table.settle_asset[contract]],
        portfolio_options=stressed,
    )


def _joined(rows: Rows) -> tuple[FloatArray, FloatArray]:
    """Return quantities and entry values in which one row of each account, contract and side has the whole of it.

    Tiers are chosen by the whole; the other rows have 0.
    """
    quantity, entry_value = rows.quantity.copy(), rows.entry_value.copy()
    twins = np.flatnonzero(rows.twins == MIXED)
    n_contracts = int(rows.instrument.max(initial=0)) + 1
    key = (rows.account[twins] * n_contracts + rows.instrument[twins]) * 2 + (quantity[twins] < 0.0)
    _, first, code = np.unique(key, return_index=True, return_inverse=True)
    whole = grouped(code, quantity[twins], first.shape[0])
    worth = grouped(code, quantity[twins] * entry_value[twins], first.shape[0])
    quantity[twins] = 0.0
    quantity[twins[first]] = whole
    entry_value[twins[first]] = worth / whole
    return quantity, entry_value


def _amounts(rows: Rows, options: CodeArray) -> CoinAmounts:
    has_options = None
    if options.shape[0]:
        is_settled = np.zeros(rows.n_holdings, np.bool_)
        is_settled[rows.settle_holding[options]] = True
        has_options = is_settled[rows.coins]
    return amounts_of_coins(
        rows.settled_equity, rows.coin_wallet, rows.coin_borrowed, rows.coin_pnl, has_options
    )


def _order_loss(rows: Rows) -> FloatArray | None:
    loss = order_loss(rows.adjusted_equity, rows.account_initial_margin, rows.available_balance)
    return loss if loss.any() else None


def _option_legs(
    rows: Rows, contracts: Contracts, options: CodeArray, quantity: FloatArray
) -> OptionLegs | None:
    if not options.shape[0]:
        return None
    contract, table = rows.instrument[options], contracts.table
    place = np.zeros(rows.n_holdings, np.int64)
    place[rows.coins] = np.arange(rows.coins.shape[0])
    multiplier = table.multiplier[contract]
    return OptionLegs(
        rows=options,
        is_short=quantity[options] < 0.0,
        units=np.abs(quantity[options]) * multiplier,
        settle_holding=place[rows.settle_holding[options]],
        strike=table.strike_price[contract],
        entry_price=rows.entry_value[options] / multiplier,
        is_call=table.is_call[contract],
    )


def _isolated_legs(rows: Rows, contracts: Contracts) -> IsolatedLegs | None:
    mine = np.flatnonzero((rows.margin_mode == ISOLATED)[rows.account] & (rows.quantity != 0.0))
    if not mine.shape[0]:
        return None
    put_up = rows.initial_margin[mine]
    return IsolatedLegs(mine, put_up, contracts.table.is_inverse[rows.instrument[mine]], put_up)


def _portfolio_legs(rows: Rows, contracts: Contracts, quantity: FloatArray) -> PortfolioLegs | None:
    mine = np.flatnonzero((rows.margin_mode == PORTFOLIO)[rows.account] & (quantity != 0.0))
    if not mine.shape[0]:
        return None
    contract, table = rows.instrument[mine], contracts.table
    return portfolio_legs(
        mine,
        rows.account[mine],
        table.underlying_asset[contract],
        table.settle_asset[contract],
        table.expiry_ns[contract],
        quantity[mine] * table.multiplier[contract],
        table.is_inverse[contract],
        table.is_option[contract],
    )


def _option_terms(contracts: Contracts, contract: CodeArray) -> OptionTerms:
    table = contracts.table
    return OptionTerms(
        strike=table.strike_price[contract],
        forward=contracts.underlying_price[contract],
        volatility=contracts.volatility[contract],
        years=years_left(table.expiry_ns[contract], contracts.now_ns),
        mark=contracts.mark_price[contract],
        is_call=table.is_call[contract],
    )

"""The plan of a sheet, made once for each sheet, and the market that a set of prices is for it."""

from dataclasses import replace

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.accounts import CoinRules, Holdings
from marginwatch.risk.margin.black76 import years_left
from marginwatch.risk.margin.bybit_portfolio import PortfolioLegs, portfolio_legs
from marginwatch.risk.margin.legs import leg_terms
from marginwatch.risk.margin.options import OptionTerms
from marginwatch.risk.margin.plan import IsolatedLegs, OptionLegs, Plan, Summation
from marginwatch.risk.margin.prices import Prices, option_rows
from marginwatch.risk.margin.reckoning import Market
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.steps import tiers_of
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]
PORTFOLIO = MARGIN_MODES["portfolio"]
NO_ROWS: CodeArray = np.zeros(0, np.int64)


def plan_of(sheet: MarginSheet) -> Plan:
    """Return the sheet's plan, the same one each time."""
    plan = sheet.cache.plan
    if plan is None:
        plan = sheet.cache.plan = _plan(sheet)
    return plan


def with_cash(sheet: MarginSheet, holding_cash: FloatArray) -> MarginSheet:
    """Return the sheet with other amounts in the wallets, shape (h,); the rest of its plan serves again."""
    plan, changed = plan_of(sheet), replace(sheet, holding_cash=holding_cash)
    changed.cache.plan = replace(plan, holdings=plan.holdings._replace(cash=holding_cash))
    return changed


def inverse_rows(sheet: MarginSheet) -> CodeArray:
    """Return the rows of the legs in inverse contracts."""
    rows = sheet.cache.inverse
    if rows is None:
        rows = sheet.cache.inverse = np.flatnonzero(sheet.is_inverse.take(sheet.leg_contract))
    return rows


def _plan(sheet: MarginSheet) -> Plan:
    contract, mode = sheet.leg_contract, sheet.mode
    leg_mode = mode.take(sheet.leg_account)
    inverse = inverse_rows(sheet)
    entry_value = sheet.leg_entry_price.copy()
    entry_value[inverse] = -1.0 / entry_value[inverse]
    tiers = tiers_of(sheet.tier_limit, sheet.tier_rate, sheet.tier_deduction, sheet.tier_leverage)
    size = sheet.leg_quantity * sheet.multiplier.take(contract)
    # A workspace of its own, so that the terms stay as long as the plan.
    terms = leg_terms(
        contract,
        size,
        entry_value,
        sheet.leg_leverage,
        sheet.leg_taker_fee,
        sheet.leg_order_value,
        tiers,
        Workspace(),
    )
    is_isolated, is_portfolio = mode == ISOLATED, mode == PORTFOLIO
    is_estimated = sheet.is_estimated.any()
    return Plan(
        n_accounts=sheet.n_accounts,
        terms=terms,
        tiers=tiers,
        holdings=Holdings(
            sheet.holding_account,
            sheet.holding_coin,
            sheet.holding_cash,
            sheet.holding_order_initial_margin,
            sheet.holding_borrowed,
            sheet.holding_is_collateral,
        ),
        rules=CoinRules(
            sheet.collateral_limit,
            sheet.collateral_rate,
            sheet.borrow_limit,
            sheet.borrow_initial_rate,
            sheet.borrow_maintenance_rate,
        ),
        summed=summation(sheet.leg_settle_holding, sheet.n_holdings),
        options=_option_legs(sheet, size),
        isolated=_isolated_legs(sheet, np.flatnonzero(leg_mode == ISOLATED)),
        portfolio=_portfolio_legs(sheet, np.flatnonzero(leg_mode == PORTFOLIO), size),
        has_no_total=is_isolated if is_isolated.any() else None,
        counts_options=is_portfolio if is_portfolio.any() else None,
        calibration=sheet.calibration if is_estimated else None,
        initial_calibration=sheet.initial_calibration if is_estimated else None,
        order_loss=sheet.order_loss if sheet.order_loss.any() else None,
    )


def summation(group: CodeArray, n_groups: int) -> Summation:
    """Return what sums by group: along runs where the groups ascend, which costs a quarter, else by counting."""
    if not group.shape[0] or bool((group[1:] < group[:-1]).any()):
        return lambda weights: grouped(group, weights, n_groups)
    first = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
    met = group[first]

    def along_runs(weights: FloatArray) -> FloatArray:
        sums = np.zeros(n_groups)
        sums[met] = np.add.reduceat(weights, first)
        return sums

    return along_runs


def _option_legs(sheet: MarginSheet, size: FloatArray) -> OptionLegs | None:
    rows = option_rows(sheet)
    if not rows.shape[0]:
        return None
    contract = sheet.leg_contract[rows]
    return OptionLegs(
        rows=rows,
        is_short=size[rows] < 0.0,
        units=np.abs(size[rows]),
        settle_holding=sheet.leg_settle_holding[rows],
        strike=sheet.strike_price[contract],
        entry_price=sheet.leg_entry_price[rows],
        is_call=sheet.is_call[contract],
    )


def _isolated_legs(sheet: MarginSheet, rows: CodeArray) -> IsolatedLegs | None:
    if not rows.shape[0]:
        return None
    is_inverse = sheet.is_inverse[sheet.leg_contract[rows]]
    return IsolatedLegs(rows, sheet.leg_extra_margin[rows], is_inverse)


def _portfolio_legs(sheet: MarginSheet, rows: CodeArray, size: FloatArray) -> PortfolioLegs | None:
    if not rows.shape[0]:
        return None
    contract = sheet.leg_contract[rows]
    return portfolio_legs(
        rows,
        sheet.leg_account[rows],
        sheet.underlying_coin[contract],
        sheet.settle_coin[contract],
        sheet.expiry_ns[contract],
        size[rows],
        sheet.is_inverse[contract],
        sheet.is_option[contract],
    )


def option_terms(
    sheet: MarginSheet, rows: CodeArray, volatility_shift: float = 0.0, seconds_later: float = 0.0
) -> OptionTerms:
    """Return the terms of some option legs, with the sheet's forwards and marks.

    Volatility is shifted by ``volatility_shift``, annual fraction, and never below 0; expiry is ``seconds_later`` nearer.
    """
    contract = sheet.leg_contract[rows]
    return OptionTerms(
        strike=sheet.strike_price[contract],
        forward=sheet.underlying_price[contract],
        volatility=np.maximum(sheet.volatility[contract] + volatility_shift, 0.0),
        years=years_left(sheet.expiry_ns[contract], sheet.at_ns, seconds_later),
        mark=sheet.mark_price[contract],
        is_call=sheet.is_call[contract],
    )


def market_of(sheet: MarginSheet, prices: Prices, plan: Plan, work: Workspace) -> Market:
    """Return prices in the form of a reckoning; ``mark_value`` lives in ``work``."""
    mark_value = work.array("mark_value", sheet.n_legs)
    np.copyto(mark_value, prices.leg_mark)
    inverse = inverse_rows(sheet)
    if inverse.shape[0]:
        mark_value[inverse] = -1.0 / mark_value[inverse]
    options = NO_ROWS if plan.options is None else plan.options.rows
    portfolio = NO_ROWS if plan.portfolio is None else plan.portfolio.rows
    return Market(
        mark_value=mark_value,
        usd=prices.holding_usd,
        option_mark=prices.leg_mark[options],
        option_index=prices.leg_underlying[options],
        portfolio_mark=prices.leg_mark[portfolio],
        portfolio_index=prices.leg_underlying[portfolio],
        portfolio_settle_usd=prices.holding_usd[sheet.leg_settle_holding[portfolio]],
        portfolio_options=None if plan.portfolio is None else _stressed(sheet, prices, plan.portfolio),
    )


def _stressed(sheet: MarginSheet, prices: Prices, legs: PortfolioLegs) -> OptionTerms | None:
    """Return the options in portfolio margin with what this market makes of forward, volatility and mark."""
    if not legs.options.shape[0]:
        return None
    rows = legs.rows[legs.options]
    terms = option_terms(sheet, rows, prices.volatility_shift, prices.seconds_later)
    moved = prices.leg_underlying[rows] / sheet.index_price[sheet.leg_contract[rows]]
    return terms._replace(forward=terms.forward * moved, mark=prices.leg_mark[rows])

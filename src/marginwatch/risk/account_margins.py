"""Margins of accounts: ours, the venue's beside them, and what follows from ours: usages, free margin, leverage."""

import math
from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.margin.accounts import valued
from marginwatch.risk.margin.lacking import (
    IS_KNOWN_MODE,
    CoinsLooked,
    Lack,
    Lacks,
    LegsLooked,
    lacking,
    own_lacks,
)
from marginwatch.risk.margin.legs import INITIAL, MAINTENANCE, PNL
from marginwatch.risk.margin.reckoning import Reckoned, reckon
from marginwatch.risk.margin.row_plan import Contracts, RowPlan, market_of_rows, plan_of_rows
from marginwatch.risk.margin.terms import Terms
from marginwatch.risk.measures.exposure import counted, grouped
from marginwatch.risk.measures.margin import USAGE_MAX, largest_in_group, usage
from marginwatch.risk.measures.prices import AssetPrices
from marginwatch.risk.rows import Rows
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]


class MarginBasis(NamedTuple):
    """What margins are reckoned from beside rows and prices.

    Parameters
    ----------
    terms, contracts : Terms, Contracts
        Facts of contracts and coins; prices that only options and portfolio margin need.
    has_model : ndarray of shape (n_venues,), bool
        Whether there is a margin model, by code of the venue.
    """

    terms: Terms
    contracts: Contracts
    has_model: BoolArray


class RowMargins(NamedTuple):
    """A slice reckoned: the plan, the figures before calibration, and the USD price of each of its coins."""

    planned: RowPlan
    found: Reckoned
    coin_usd: FloatArray


class VenueMargins(NamedTuple):
    """The venue's own figures of each account, shape (k,), USD, NaN where it states none.

    Margins that it does not state for an isolated account are sums over the coins of that account, at today's prices.
    """

    equity: FloatArray
    adjusted_equity: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    free: FloatArray


class MarginMeasures(NamedTuple):
    """Margins of each account by our model, shape (k,); USD float64, answers uint8. See ``AccountMeasures``."""

    equity: FloatArray
    adjusted_equity: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    free: FloatArray
    maintenance_margin_usage: FloatArray
    maintenance_margin_usage_answer: AnswerArray
    initial_margin_usage: FloatArray
    initial_margin_usage_answer: AnswerArray
    estimate: CodeArray
    lack: CodeArray
    lack_subject: CodeArray


def reckon_rows(
    rows: Rows, mark_value: FloatArray, prices: AssetPrices, basis: MarginBasis, work: Workspace
) -> RowMargins:
    """Return a slice reckoned at present prices; ``mark_value`` is what one contract of each row is worth."""
    planned = plan_of_rows(rows, basis.contracts, basis.terms, work)
    market = market_of_rows(planned, rows, basis.contracts, mark_value, prices)
    return RowMargins(planned, reckon(planned.plan, market, work), market.usd)


def venue_margins(rows: Rows, coin_usd: FloatArray) -> VenueMargins:
    """Return what the venue states."""
    stated = (rows.available_balance, rows.account_initial_margin, rows.account_maintenance_margin)
    if not any(math.isnan(total.sum()) for total in stated):
        return VenueMargins(rows.equity, rows.adjusted_equity, stated[1], stated[2], stated[0])
    free = np.where(
        np.isnan(rows.available_balance),
        rows.adjusted_equity - rows.account_initial_margin,
        rows.available_balance,
    )
    is_isolated = (rows.margin_mode == ISOLATED) & np.isnan(free)
    if is_isolated.any():
        free = np.where(is_isolated, _filled(free, rows.coin_free, rows, coin_usd), free)
    return VenueMargins(
        rows.equity,
        rows.adjusted_equity,
        _filled(rows.account_initial_margin, rows.coin_initial_margin, rows, coin_usd),
        _filled(rows.account_maintenance_margin, rows.coin_maintenance_margin, rows, coin_usd),
        free,
    )


def _filled(total: FloatArray, amounts: FloatArray, rows: Rows, coin_usd: FloatArray) -> FloatArray:
    """Return the totals of accounts, where missing the sum of their coins' amounts (in the coin)."""
    missing = np.isnan(total)
    if not missing.any():
        return total
    summed = grouped(rows.coin_owner, valued(amounts, coin_usd), rows.n_accounts)
    has_coins = counted(rows.coin_owner[rows.coin_is_held], rows.n_accounts) > 0
    return np.where(missing, np.where(has_coins, summed, np.nan), total)


def measure_margins(
    rows: Rows, reckoned: RowMargins, basis: MarginBasis, calibration: FloatArray
) -> MarginMeasures:
    """Return our margins of each account.

    Parameters
    ----------
    rows : Rows
        The slice.
    reckoned : RowMargins
        Its figures.
    basis : MarginBasis
        What they were reckoned from.
    calibration : ndarray of shape (2, n_accounts), float64
        Multipliers of maintenance and initial margin; 1 but in portfolio margin.
    """
    found, plan = reckoned.found, reckoned.planned.plan
    maintenance, initial = found.maintenance_margin, found.initial_margin
    if plan.portfolio is not None:
        maintenance, initial = maintenance * calibration[0], initial * calibration[1]
    adjusted = found.adjusted_equity
    free = np.maximum(adjusted - initial, 0.0)
    ratios, answers = usage(np.stack((initial, maintenance)), adjusted)
    if plan.has_no_total is not None:
        ratios, answers = _isolated_usages(rows, reckoned, ratios, answers)
        adjusted = np.where(plan.has_no_total, np.nan, adjusted)
        free = np.where(plan.has_no_total, _isolated_free(rows, reckoned), free)
    equity = found.equity
    lacks = _lacks(rows, reckoned, basis, equity + initial + maintenance + free)
    if lacks is None:
        nothing = np.zeros(rows.n_accounts, np.int64)
        lacks = Lacks(nothing, nothing)
    else:
        is_missing = lacks.kind != Lack.NOTHING
        adjusted, initial, maintenance, free = (
            np.where(is_missing, np.nan, values) for values in (adjusted, initial, maintenance, free)
        )
        # Equity needs prices and nothing else.
        equity = np.where(lacks.kind == Lack.NOT_HEARD, np.nan, equity)
        ratios = np.where(is_missing, np.nan, ratios)
        answers = np.where(is_missing, np.uint8(Answer.MISSING), answers)
    return MarginMeasures(
        equity=equity,
        adjusted_equity=adjusted,
        initial_margin=initial,
        maintenance_margin=maintenance,
        free=free,
        maintenance_margin_usage=ratios[1],
        maintenance_margin_usage_answer=answers[1],
        initial_margin_usage=ratios[0],
        initial_margin_usage_answer=answers[0],
        estimate=reckoned.planned.estimate,
        lack=lacks.kind,
        lack_subject=lacks.subject,
    )


def leverage(
    notional_usd: FloatArray, equity_usd: FloatArray, n_positions: FloatArray, n_unvalued: FloatArray
) -> tuple[FloatArray, AnswerArray]:
    """Return gross notional ÷ equity, ×.

    Returns
    -------
    leverage : ndarray of shape (k,), float64
        At most ``USAGE_MAX``, which also stands where something is held on no equity; NaN where there is no number.
    answers : ndarray of shape (k,), uint8
        ``NOT_APPLICABLE`` without positions, ``MISSING`` where equity or the size of a position is unknown.
    """
    if equity_usd.size and equity_usd.min() > 0.0 and n_positions.min() > 0.0 and n_unvalued.max() == 0.0:
        # The usual case; the least of numbers with a NaN among them is NaN, which is not positive.
        return np.minimum(notional_usd / equity_usd, USAGE_MAX), np.zeros(equity_usd.shape, np.uint8)
    is_beyond = (notional_usd > 0.0) & (equity_usd <= 0.0)
    ratio = notional_usd / np.where(equity_usd > 0.0, equity_usd, np.where(np.isnan(equity_usd), np.nan, 1.0))
    ratio = np.minimum(np.where(is_beyond, USAGE_MAX, ratio), USAGE_MAX)
    answers = np.where(
        np.isnan(ratio) | (n_unvalued > 0.0), np.uint8(Answer.MISSING), np.uint8(Answer.NUMBER)
    )
    answers[n_positions == 0.0] = Answer.NOT_APPLICABLE
    ratio[answers != Answer.NUMBER] = np.nan
    return ratio, answers


def _isolated_usages(
    rows: Rows, reckoned: RowMargins, ratios: FloatArray, answers: AnswerArray
) -> tuple[FloatArray, AnswerArray]:
    """Return initial and maintenance margin usage with their answers, shape (2, n_accounts), isolated accounts put right.

    An isolated account has no rate of its own: its maintenance usage is the largest over its positions, margin required
    ÷ (margin put up + live PnL), and initial margin usage is not applicable, for a losing position is no bar to others.
    """
    is_isolated = rows.margin_mode == ISOLATED
    isolated, legs = reckoned.planned.plan.isolated, reckoned.found.legs
    mine = np.zeros(0, np.int64) if isolated is None else isolated.rows
    each, kinds = usage(legs[MAINTENANCE, mine], legs[INITIAL, mine] + legs[PNL, mine])
    largest, kinds = largest_in_group(rows.account[mine], each, kinds, rows.n_accounts)
    of_initial = np.where(is_isolated, np.nan, ratios[0])
    initial_kinds = np.where(is_isolated, np.uint8(Answer.NOT_APPLICABLE), answers[0])
    return (
        np.stack((of_initial, np.where(is_isolated, largest, ratios[1]))),
        np.stack((initial_kinds, np.where(is_isolated, kinds, answers[1]))),
    )


def _isolated_free(rows: Rows, reckoned: RowMargins) -> FloatArray:
    """Return what the coins of an account leave for new positions, USD: wallet − margins of legs and orders − locked."""
    tied = reckoned.found.sums.initial_margin + np.nan_to_num(rows.coin_order_margin) + rows.coin_locked
    left = np.maximum(rows.coin_wallet - tied, 0.0)
    return grouped(rows.coin_owner, valued(left, reckoned.coin_usd), rows.n_accounts)


def _lacks(rows: Rows, reckoned: RowMargins, basis: MarginBasis, total: FloatArray) -> Lacks | None:
    """Return what each account lacks, None if nothing is lacking anywhere. ``total`` is NaN where any figure is."""
    has_model = basis.has_model[rows.venue]
    if (
        not math.isnan(total.sum())
        and rows.is_heard.all()
        and has_model.all()
        and IS_KNOWN_MODE[rows.margin_mode].all()
    ):
        return None
    own = own_lacks(rows.margin_mode, rows.is_heard, rows.n_positions > 0, has_model)
    is_missing = np.isnan(total) | (own != Lack.NOTHING)
    # Row 0 of the book, and rows given back, are no accounts.
    is_missing &= rows.venue > 0
    if not is_missing.any():
        return None
    legs = np.flatnonzero(is_missing[rows.account] & (rows.quantity != 0.0))
    coins = np.flatnonzero(is_missing[rows.coin_owner])
    return lacking(
        is_missing, own, _legs_looked(rows, basis, legs), _coins_looked(rows, reckoned, basis, coins)
    )


def _legs_looked(rows: Rows, basis: MarginBasis, legs: CodeArray) -> LegsLooked:
    contract, at = rows.instrument[legs], basis.contracts
    nothing = np.zeros(legs.shape[0])
    return LegsLooked(
        account=rows.account[legs],
        contract=contract,
        mode=rows.margin_mode[rows.account[legs]],
        is_option=at.table.is_option[contract],
        mark=at.mark_price[contract],
        index_price=at.index_price[contract],
        volatility=at.volatility[contract] * at.underlying_price[contract] if at.has_options else nothing,
        entry=rows.entry_value[legs],
        leverage=rows.leverage[legs],
        taker_fee=rows.taker_fee[legs],
        tier_rate=basis.terms.tiers.rate[contract, 0],
        put_up=rows.initial_margin[legs],
    )


def _coins_looked(rows: Rows, reckoned: RowMargins, basis: MarginBasis, coins: CodeArray) -> CoinsLooked:
    coin, rules = rows.coin_asset[coins], basis.terms.rules
    return CoinsLooked(
        account=rows.coin_owner[coins],
        coin=coin,
        cash=reckoned.planned.plan.holdings.cash[coins],
        usd=reckoned.coin_usd[coins],
        collateral_rate=rules.collateral_rate[coin, 0],
        borrow_rate=rules.borrow_maintenance_rate[coin, 0] + rules.borrow_initial_rate[coin, 0],
        is_collateral=rows.coin_switch[coins] != 0,
    )

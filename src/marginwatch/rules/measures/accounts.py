"""Measures of accounts that a frame and a lane both have: margins, exposure, profit."""

from collections.abc import Callable

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.model.alert import Unit
from marginwatch.risk.account_measures import AccountMeasures
from marginwatch.risk.measures.exposure import hedge_ratio
from marginwatch.risk.measures.margin import USAGE_MAX
from marginwatch.rules.column import Column, Measure, Moment, ReadColumn
from marginwatch.rules.measures.columns import (
    SHARE_MAX,
    Made,
    Reason,
    account_column,
    answers_of,
    multiple,
    said,
    share,
    why_no_margin,
)

Pick = Callable[[AccountMeasures], FloatArray]

INFINITE = float("inf")


def _lacks(moment: Moment) -> Reason:
    return lambda row: why_no_margin(moment, row)


def _answered(name: str) -> ReadColumn:
    """Return a reader of a column that has its answers beside it."""

    def read(moment: Moment) -> Column:
        of = moment.result.accounts
        return account_column(moment, Made(getattr(of, name), getattr(of, f"{name}_answer")), _lacks(moment))

    return read


def _money(pick: Pick) -> ReadColumn:
    def read(moment: Moment) -> Column:
        values = pick(moment.result.accounts)
        return account_column(moment, Made(values, answers_of(values)), _lacks(moment))

    return read


def _unpriced(moment: Moment) -> Reason:
    """Return what tells how many positions and coins a sum over an account lacks."""
    of = moment.result.accounts

    def reason(row: int) -> str:
        n, n_coins = int(max(of.n_unvalued[row], of.n_without_pnl[row])), int(of.n_unknown_coins[row])
        return f"{n} positions without a price or entry price, {n_coins} coins without a price"

    return reason


def _sum(pick: Pick, lacking: Pick = lambda of: of.n_unvalued, *, is_least: bool = False) -> ReadColumn:
    """Return a reader of a sum over positions; ``lacking`` counts those without their number."""

    def read(moment: Moment) -> Column:
        of = moment.result.accounts
        values = pick(of)
        made = Made(values, np.zeros(values.shape, np.uint8))
        return account_column(
            moment, made.lacking(lacking(of), of.n_positions, is_least=is_least), _unpriced(moment)
        )

    return read


def _to_equity(pick: Pick, lacking: Pick = lambda of: of.n_unvalued, *, is_least: bool = False) -> ReadColumn:
    """Return a reader of a sum over positions as a multiple of equity."""

    def read(moment: Moment) -> Column:
        of = moment.result.accounts
        lacks, unpriced, no_margin = lacking(of), _unpriced(moment), _lacks(moment)
        made = multiple(pick(of), of.equity_usd).lacking(lacks, of.n_positions, is_least=is_least)
        return account_column(moment, made, lambda row: (unpriced if lacks[row] else no_margin)(row))

    return read


def _of_gross(pick: Pick, lacking: Pick = lambda of: of.n_unvalued) -> ReadColumn:
    """Return a reader of a share of gross exposure."""

    def read(moment: Moment) -> Column:
        of = moment.result.accounts
        made = share(pick(of), of.gross_usd).lacking(lacking(of), of.n_positions)
        return account_column(moment, made, _unpriced(moment))

    return read


def _hedge_ratio(moment: Moment) -> Column:
    of = moment.result.accounts
    return account_column(moment, Made(of.hedge_ratio, of.hedge_ratio_answer), _unpriced(moment))


def _hedge_ratio_with_wallet(moment: Moment) -> Column:
    of = moment.result.accounts
    made = Made(*hedge_ratio(of.long_with_wallet_usd, of.short_with_wallet_usd))
    return account_column(
        moment, made.lacking(of.n_unvalued + of.n_unknown_coins, of.n_positions), _unpriced(moment)
    )


def _n_positions(moment: Moment) -> Column:
    values = moment.result.accounts.n_positions
    return account_column(moment, Made(values, np.zeros(values.shape, np.uint8)), said(""))


def _venue_distance(moment: Moment) -> Column:
    of = moment.result.accounts
    return account_column(
        moment,
        Made(of.liquidation_distance, of.liquidation_distance_answer),
        said("the venue names no liquidation price, or a mark price is missing"),
    )


def _measure(
    name: str, unit: Unit, lowest: float, highest: float, description: str, read: ReadColumn
) -> Measure:
    return Measure(f"account.{name}", "account", unit, lowest, highest, description, read, in_lane=True)


MEASURES = (
    _measure(
        "maintenance_margin_usage",
        "fraction",
        0.0,
        USAGE_MAX,
        "Maintenance margin ÷ adjusted equity, ours at live marks; isolated: the largest over its positions. Liquidation at 1.",
        _answered("maintenance_margin_usage"),
    ),
    _measure(
        "initial_margin_usage",
        "fraction",
        0.0,
        USAGE_MAX,
        "Initial margin ÷ adjusted equity, ours at live marks; at 1 the venue refuses new risk. Not of isolated accounts.",
        _answered("initial_margin_usage"),
    ),
    _measure(
        "effective_leverage",
        "times",
        0.0,
        USAGE_MAX,
        "Gross notional ÷ equity; high is bad.",
        _answered("effective_leverage"),
    ),
    _measure(
        "equity_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "Equity at live marks; low is bad.",
        _money(lambda of: of.equity_usd),
    ),
    _measure(
        "free_usd",
        "usd",
        0.0,
        INFINITE,
        "What could be put to new risk or leave: adjusted equity − initial margin; low is bad.",
        _money(lambda of: of.free_usd),
    ),
    _measure(
        "maintenance_margin_usd",
        "usd",
        0.0,
        INFINITE,
        "Maintenance margin; high is bad.",
        _money(lambda of: of.maintenance_margin_usd),
    ),
    _measure(
        "initial_margin_usd",
        "usd",
        0.0,
        INFINITE,
        "Initial margin; high is bad.",
        _money(lambda of: of.initial_margin_usd),
    ),
    _measure(
        "gross_exposure_usd",
        "usd",
        0.0,
        INFINITE,
        "Long + short USD delta of the derivatives; high is bad.",
        _sum(lambda of: of.gross_usd, is_least=True),
    ),
    _measure(
        "net_exposure_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "Long − short USD delta of the derivatives; far from 0 is bad.",
        _sum(lambda of: of.net_usd),
    ),
    _measure(
        "net_exposure_with_wallet_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "The same with the wallet's coins, cash apart; far from 0 is bad.",
        _sum(lambda of: of.net_with_wallet_usd, lambda of: of.n_unvalued + of.n_unknown_coins),
    ),
    _measure(
        "gross_exposure_to_equity",
        "times",
        0.0,
        SHARE_MAX,
        "Gross USD delta ÷ equity; high is bad.",
        _to_equity(lambda of: of.gross_usd, is_least=True),
    ),
    _measure(
        "net_exposure_to_equity",
        "times",
        -SHARE_MAX,
        SHARE_MAX,
        "Net USD delta ÷ equity; far from 0 is bad.",
        _to_equity(lambda of: of.net_usd),
    ),
    _measure(
        "net_exposure_share",
        "fraction",
        -1.0,
        1.0,
        "Net ÷ gross USD delta; far from 0 is a bet on one direction.",
        _of_gross(lambda of: of.net_usd),
    ),
    _measure(
        "one_sided_delta_share",
        "fraction",
        0.5,
        1.0,
        "The larger of long and short USD delta ÷ gross; 1 is all on one side.",
        _of_gross(lambda of: np.maximum(of.long_usd, of.short_usd)),
    ),
    _measure(
        "hedge_ratio",
        "fraction",
        0.0,
        1.0,
        "The smaller ÷ the larger of long and short USD delta; 1 is hedged, 0 a one-way bet.",
        _hedge_ratio,
    ),
    _measure(
        "hedge_ratio_with_wallet",
        "fraction",
        0.0,
        1.0,
        "The smaller ÷ the larger of long and short USD delta, coins in wallets included, cash apart; 1 is hedged, 0 a one-way bet.",
        _hedge_ratio_with_wallet,
    ),
    _measure(
        "unrealized_pnl_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "Open profit at live marks; low is bad.",
        _sum(lambda of: of.pnl_usd, lambda of: of.n_without_pnl),
    ),
    _measure(
        "unrealized_loss_share",
        "fraction",
        -INFINITE,
        INFINITE,
        "Open loss ÷ gross USD delta; a profit is below 0, high is bad.",
        _of_gross(lambda of: -of.pnl_usd, lambda of: np.maximum(of.n_unvalued, of.n_without_pnl)),
    ),
    _measure(
        "unrealized_loss_to_equity",
        "fraction",
        -SHARE_MAX,
        SHARE_MAX,
        "Open loss ÷ equity; a profit is below 0, high is bad.",
        _to_equity(lambda of: -of.pnl_usd, lambda of: of.n_without_pnl),
    ),
    _measure("n_positions", "count", 0.0, INFINITE, "Open positions.", _n_positions),
    _measure(
        "venue_liquidation_distance",
        "fraction",
        0.0,
        INFINITE,
        "The nearest distance from a mark to the venue's liquidation price ÷ mark over its positions; low is bad.",
        _venue_distance,
    ),
)

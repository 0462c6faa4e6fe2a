"""Transfers and hedges that would help, for everything at the usual targets or for whatever is asked."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.advice.hedges import advise_hedges
from marginwatch.risk.advice.rows import HedgeAdvice, TransferAdvice
from marginwatch.risk.advice.scope import coin_covariance
from marginwatch.risk.advice.settings import HedgeSettings, TransferTarget
from marginwatch.risk.advice.trade_terms import TradeTerms
from marginwatch.risk.advice.transfers import advise_transfers
from marginwatch.risk.heavy.moves import Moves, PastReturns
from marginwatch.risk.history.mapping import complete_history
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.var.measure import covariance_of

ROWS_MAX = 1_000


class AdviceWish(msgspec.Struct, frozen=True, kw_only=True):
    """What advice is asked for.

    Parameters
    ----------
    target : TransferTarget
        Of transfers.
    hedge : HedgeSettings
        Of hedges.
    accounts : tuple of AccountId or None
        Hedge these together; None: all.
    desk : str or None
        Hedge this desk.
    trade_on : AccountId or None
        Where new hedges are placed; None: where most margin is available.
    """

    target: TransferTarget = TransferTarget()
    hedge: HedgeSettings = HedgeSettings()
    accounts: tuple[AccountId, ...] | None = None
    desk: str | None = None
    trade_on: AccountId | None = None


@dataclass(slots=True, frozen=True, eq=False)
class AdviceFigures:
    """Both kinds of advice, and what they were asked for."""

    wish: AdviceWish
    transfers: TransferAdvice
    hedges: HedgeAdvice


def measure_advice(
    sheet: MarginSheet,
    moves: Moves,
    past: PastReturns,
    terms: TradeTerms,
    left_out: Mapping[AccountId, str],
    wish: AdviceWish | None = None,
) -> AdviceFigures:
    """Return transfers and hedges.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    moves : Moves
        Betas.
    past : PastReturns
        For the covariance of hedges.
    terms : TradeTerms
        Quotes and steps.
    left_out : mapping of AccountId to str
        Accounts that count in no total, and why.
    wish : AdviceWish, optional
        Targets and scope.
    """
    wish = wish or AdviceWish()
    rows = {name: row for row, name in enumerate(sheet.account_ids)}
    outside = {rows[name]: why for name, why in left_out.items() if name in rows}
    scope: CodeArray = np.arange(sheet.n_accounts)
    if wish.accounts is not None:
        scope = np.array([rows[name] for name in wish.accounts if name in rows], np.int64)
    elif wish.desk is not None:
        names = sheet.desk_names
        scope = np.flatnonzero([names[int(code)] == wish.desk for code in sheet.desk])
    return AdviceFigures(
        wish,
        advise_transfers(sheet, wish.target, moves.betas, left_out=outside),
        advise_hedges(
            sheet,
            scope,
            moves.betas,
            daily_covariance(sheet, past),
            terms,
            wish.hedge,
            trade_on=None if wish.trade_on is None else rows.get(wish.trade_on),
            left_out=outside,
        ),
    )


def daily_covariance(sheet: MarginSheet, past: PastReturns) -> FloatArray | None:
    """Return the covariance of daily returns by coin of the sheet; None if no history is known."""
    if past.daily is None:
        return None
    names = list(dict.fromkeys(name for name in sheet.coin_names if name is not None))
    exempt = {
        name for name, free in zip(sheet.coin_names, sheet.coin_is_exempt, strict=True) if name and free
    }
    try:
        history = complete_history(past.daily, names, rows_max=ROWS_MAX, exempt=exempt)
    except ValueError:
        return None
    return coin_covariance(sheet, names, covariance_of(history).values)

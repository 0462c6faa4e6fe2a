"""Three ways to hedge some accounts together, with what each costs, leaves open and does to every account's margin."""

from collections.abc import Mapping

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.advice.hedge_rows import Kind, before_hedges, hedge_row
from marginwatch.risk.advice.hedge_sizes import NoSizes, Size, beta_sizes, reducing_sizes, variance_sizes
from marginwatch.risk.advice.rows import HedgeAdvice, LeftOut
from marginwatch.risk.advice.scope import scope_of
from marginwatch.risk.advice.settings import HedgeSettings
from marginwatch.risk.advice.trade_terms import TradeTerms
from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet

ISOLATED = MARGIN_MODES["isolated"]


def advise_hedges(
    sheet: MarginSheet,
    accounts: CodeArray,
    betas: Betas,
    covariance: FloatArray | None,
    terms: TradeTerms,
    settings: HedgeSettings | None = None,
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
        Of daily returns of coins in USD, by coin of the sheet, NaN for coins without history
        (:func:`marginwatch.risk.advice.scope.coin_covariance`). None: not known.
    terms : TradeTerms
        Quotes and steps (:func:`marginwatch.risk.advice.trade_terms.trade_terms`).
    settings : HedgeSettings, optional
        Target and instruments.
    trade_on : int, optional
        Row of the account on which new hedges are placed; by default the one of the scope with most available margin.
    left_out : mapping of int to str, optional
        Rows of accounts that are not part of it (stale, lost), with the reason.

    Returns
    -------
    HedgeAdvice
        Without hedges if no account of the scope can be reckoned with.

    Raises
    ------
    ValueError
        If ``trade_on`` is an account of which margins are missing, or ``covariance`` has another shape.
    """
    settings, reasons = settings or HedgeSettings(), left_out or {}
    rows: list[int] = accounts.tolist()
    outside = {row: why for row in rows if (why := _why_outside(sheet, row, reasons)) is not None}
    inside = accounts[~np.isin(accounts, list(outside))]
    named = tuple(LeftOut(account_id=sheet.account_ids[row], reason=why) for row, why in outside.items())
    if not inside.shape[0]:
        return HedgeAdvice(hedges=(), left_out=named)
    if trade_on is None:
        trade_on = _roomiest(sheet, inside)
    elif (why := _why_outside(sheet, trade_on, reasons)) is not None:
        raise ValueError(
            f"trade_on must be an account that can be reckoned with; {sheet.account_ids[trade_on]}: {why}"
        )
    scope = scope_of(sheet, inside, betas, covariance)
    everyone = inside if trade_on in inside.tolist() else np.append(inside, trade_on)
    before = before_hedges(scope, everyone)
    ways: tuple[tuple[Kind, list[Size] | NoSizes], ...] = (
        ("beta", beta_sizes(scope, terms, trade_on, settings.coins[0], settings.target_usd)),
        ("minimum_variance", variance_sizes(scope, terms, trade_on, settings.coins)),
        ("largest_contributor", reducing_sizes(scope, terms, settings.target_usd)),
    )
    return HedgeAdvice(
        hedges=tuple(hedge_row(kind, sizes, before, terms, settings) for kind, sizes in ways), left_out=named
    )


def _why_outside(sheet: MarginSheet, row: int, reasons: Mapping[int, str]) -> str | None:
    if row in reasons:
        return reasons[row]
    return f"missing: {sheet.missing_reasons[row]}" if sheet.is_missing[row] else None


def _roomiest(sheet: MarginSheet, accounts: CodeArray) -> int:
    """Return the account with most available margin; of isolated accounts alone, the one with most equity."""
    figures = margins(sheet, prices_now(sheet))
    for room in (figures.available[accounts], figures.equity[accounts]):
        if not np.isnan(room).all():
            return int(accounts[np.nanargmax(room)])
    return int(accounts[0])

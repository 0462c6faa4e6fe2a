"""The model of each account by venue and margin mode, and all accounts at once."""

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin import bybit_isolated
from marginwatch.risk.margin.figures import AccountMargins, LegMargins
from marginwatch.risk.margin.legs import INITIAL, MAINTENANCE, PNL, VALUE, leg_margins
from marginwatch.risk.margin.prices import Prices
from marginwatch.risk.margin.reckoning import reckon
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.sheet_plan import market_of, plan_of
from marginwatch.risk.workspace import Workspace


def margins(sheet: MarginSheet, prices: Prices, work: Workspace | None = None) -> AccountMargins:
    """Return equity, margins and headroom of every account in a market. Cost: linear in legs, no loop in Python.

    Parameters
    ----------
    sheet : MarginSheet
        What is held.
    prices : Prices
        The market, or one for each account.
    work : Workspace, optional
        Buffers to be used again: the figures *of legs* then live in it until its next use, and a pass allocates nothing
        of their size. Use one workspace per thread.

    Returns
    -------
    AccountMargins
        NaN for accounts that are missing in the sheet or lack a price in ``prices``.
    """
    work = Workspace() if work is None else work
    plan = plan_of(sheet)
    found = reckon(plan, market_of(sheet, prices, plan, work), work)
    # What lacks a fact is NaN by itself; this is for what lacks something that no formula would notice.
    without = sheet.is_missing if plan.has_no_total is None else sheet.is_missing | plan.has_no_total
    figures = (found.adjusted_equity, found.initial_margin, found.maintenance_margin)
    if without.any():
        figures = tuple(np.where(without, np.nan, values) for values in figures)
    adjusted, initial, maintenance = figures
    legs = found.legs
    return AccountMargins(
        equity=np.where(sheet.is_missing, np.nan, found.equity),
        adjusted_equity=adjusted,
        initial_margin=initial,
        maintenance_margin=maintenance,
        available=adjusted - initial,
        legs=LegMargins(legs[VALUE], legs[INITIAL], legs[MAINTENANCE], legs[PNL]),
    )


def isolated_room(sheet: MarginSheet, prices: Prices, work: Workspace | None = None) -> FloatArray:
    """Return what each isolated leg may still lose: margin put up + unrealized profit − maintenance margin.

    Parameters
    ----------
    sheet, prices, work
        As for :func:`margins`.

    Returns
    -------
    ndarray of shape (n,), float64
        Settlement coin; the leg is liquidated at 0. NaN for legs of other modes and where something is missing.

    References
    ----------
    Bybit help center, Liquidation Price (Isolated, UTA), 2026-05-27 (inverse); New Margin Calculation under UTA,
    effective 2025-09-02 (linear).
    """
    work = Workspace() if work is None else work
    plan, rooms = plan_of(sheet), np.full(sheet.n_legs, np.nan)
    if plan.isolated is None:
        return rooms
    rows = plan.isolated.rows
    legs = leg_margins(plan.terms, market_of(sheet, prices, plan, work).mark_value, plan.tiers, work)
    used = bybit_isolated.inverse_leverage_used(plan.terms, rows, legs[VALUE, rows], plan.tiers)
    rooms[rows] = bybit_isolated.room(
        legs, plan.terms, rows, used, plan.isolated.extra_margin, plan.isolated.is_inverse
    )
    return rooms


def isolated_room_surcharge(sheet: MarginSheet, rows: CodeArray) -> FloatArray:
    """Return what :func:`isolated_room` is beyond margin put up + profit − maintenance margin, as :func:`margins` has them.

    Of the isolated legs ``rows``, settlement coin: in inverse contracts margin added by hand counts less its fee.
    """
    extra, fee = sheet.leg_extra_margin[rows], sheet.leg_taker_fee[rows]
    kept = 1.0 + np.sign(sheet.leg_quantity[rows]) * fee
    return np.where(sheet.is_inverse[sheet.leg_contract[rows]], extra / kept - extra, 0.0)

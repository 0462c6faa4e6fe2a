"""Which accounts of a sheet cannot be reckoned, and why: found by reckoning them."""

from dataclasses import replace

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.columns import Columns
from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.risk.margin.lacking import (
    OF_CONTRACT,
    CoinsLooked,
    Lack,
    Lacks,
    LegsLooked,
    lacking,
    models_by_venue,
    own_lacks,
    why,
)
from marginwatch.risk.margin.models import isolated_room, margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]


def mark_known(sheet: MarginSheet, lacks: Lacks) -> MarginSheet:
    """Return the sheet with what is missing as a frame found it, by row of the book's account table: see a moment ago."""
    mine = Lacks(lacks.kind[sheet.account_row], lacks.subject[sheet.account_row])
    is_missing = mine.kind != Lack.NOTHING
    if not is_missing.any():
        return sheet
    return replace(sheet, is_missing=is_missing, missing_reasons=why_missing(sheet, mine))


def mark_missing(sheet: MarginSheet, columns: Columns) -> MarginSheet:
    """Return the sheet with ``is_missing`` and ``missing_reasons`` as they are in the present market."""
    prices, work = prices_now(sheet), Workspace()
    has_legs = np.diff(sheet.first_leg) > 0
    is_heard = columns.accounts.reconciled_at_ns[sheet.account_row] > 0
    has_model = models_by_venue(sheet.venue_names)[sheet.venue]
    own = own_lacks(sheet.mode, is_heard, has_legs, has_model)
    found = margins(sheet, prices, work)
    is_isolated = sheet.mode == ISOLATED
    is_missing = (own != Lack.NOTHING) | np.isnan(found.equity)
    total = found.adjusted_equity + found.initial_margin + found.maintenance_margin
    is_missing |= np.isnan(total) & ~is_isolated
    if is_isolated.any():
        rows = np.flatnonzero(is_isolated[sheet.leg_account])
        roomless = rows[np.isnan(isolated_room(sheet, prices, work)[rows])]
        is_missing[sheet.leg_account[roomless]] = True
    if not is_missing.any():
        return sheet
    reasons = why_missing(sheet, _lacks(sheet, is_missing, own))
    marked = replace(sheet, is_missing=is_missing, missing_reasons=reasons)
    marked.cache.plan = sheet.cache.plan
    return marked


def _lacks(sheet: MarginSheet, is_missing: BoolArray, own: CodeArray) -> Lacks:
    legs = np.flatnonzero(is_missing[sheet.leg_account])
    contract = sheet.leg_contract[legs]
    coins = np.flatnonzero(is_missing[sheet.holding_account])
    coin = sheet.holding_coin[coins]
    return lacking(
        is_missing,
        own,
        LegsLooked(
            account=sheet.leg_account[legs],
            contract=contract,
            mode=sheet.mode[sheet.leg_account[legs]],
            is_option=sheet.is_option[contract],
            mark=sheet.mark_price[contract],
            index_price=sheet.index_price[contract],
            volatility=sheet.volatility[contract] * sheet.underlying_price[contract],
            entry=sheet.leg_entry_price[legs],
            leverage=sheet.leg_leverage[legs],
            taker_fee=sheet.leg_taker_fee[legs],
            tier_rate=sheet.tier_rate[contract, 0],
            put_up=sheet.leg_extra_margin[legs],
        ),
        CoinsLooked(
            account=sheet.holding_account[coins],
            coin=coin,
            cash=sheet.holding_cash[coins],
            usd=sheet.coin_usd[coin],
            collateral_rate=sheet.collateral_rate[coin, 0],
            borrow_rate=sheet.borrow_maintenance_rate[coin, 0] + sheet.borrow_initial_rate[coin, 0],
            is_collateral=sheet.holding_is_collateral[coins],
        ),
    )


def why_missing(sheet: MarginSheet, lacks: Lacks) -> tuple[str | None, ...]:
    """Return in words what each account lacks, None where nothing."""
    known: dict[tuple[int, int], str | None] = {}
    found: list[str | None] = []
    kinds: list[int] = lacks.kind.tolist()
    subjects: list[int] = lacks.subject.tolist()
    for kind, subject in zip(kinds, subjects, strict=True):
        if (kind, subject) not in known:
            names = sheet.contract_names if kind in OF_CONTRACT else sheet.coin_names
            known[kind, subject] = why(kind, names[subject])
        found.append(known[kind, subject])
    return tuple(found)

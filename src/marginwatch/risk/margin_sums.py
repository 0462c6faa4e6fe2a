"""Margin figures of desks and of everything: sums that name what they leave out."""

import math

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.level_rows import MarginSums
from marginwatch.risk.liquidation.exposures import leg_deltas
from marginwatch.risk.margin.figures import AccountMargins
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.tables.nulls import Nulls

ISOLATED = MARGIN_MODES["isolated"]


def account_figures(
    sheet: MarginSheet, margins: AccountMargins, target_usage: float
) -> dict[str, FloatArray]:
    """Return what sums are made from, by account, shape (k,), USD; NaN where it is missing.

    Margins of isolated accounts are those of their positions, their collateral is equity; free margin and idle collateral
    are not applicable to them, and 0 here.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    margins : AccountMargins
        Their figures now.
    target_usage : float
        Maintenance margin ÷ adjusted equity that an account may have.
    """
    is_isolated = (sheet.mode == ISOLATED) & ~sheet.is_missing
    settle_usd = sheet.coin_usd[sheet.settle_coin[sheet.leg_contract]]

    def of_legs(values: FloatArray) -> FloatArray:
        return grouped(sheet.leg_account, values * settle_usd, sheet.n_accounts)

    needed = np.maximum(margins.initial_margin, margins.maintenance_margin / target_usage)
    adjusted = margins.adjusted_equity
    return {
        "initial_margin_usd": np.where(
            is_isolated, of_legs(margins.legs.initial_margin), margins.initial_margin
        ),
        "maintenance_margin_usd": np.where(
            is_isolated, of_legs(margins.legs.maintenance_margin), margins.maintenance_margin
        ),
        "free_usd": np.where(is_isolated, 0.0, np.maximum(margins.available, 0.0)),
        "idle_usd": np.where(is_isolated, 0.0, np.maximum(adjusted - needed, 0.0)),
        "collateral_usd": np.where(is_isolated, margins.equity, adjusted),
        "gross_usd": np.where(
            sheet.is_missing,
            np.nan,
            grouped(sheet.leg_account, np.abs(leg_deltas(sheet)), sheet.n_accounts),
        ),
    }


def margin_sums(
    sheet: MarginSheet,
    figures: dict[str, FloatArray],
    accounts: CodeArray,
    name: str | None,
    left_out: dict[int, str],
) -> MarginSums:
    """Return the sums of some accounts.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    figures : dict of str to ndarray of shape (k,)
        From :func:`account_figures`.
    accounts : ndarray of int64
        Rows of those meant, whether they count or not.
    name : str or None
        Of the desk; None: everything.
    left_out : dict of int to str
        Rows that no sum contains, with the reason.
    """
    counts = np.array([row for row in accounts.tolist() if row not in left_out], np.int64)
    nulls, sums = Nulls(), dict[str, float | None]()
    outside = [f"{sheet.account_ids[row]}: {left_out[row]}" for row in accounts.tolist() if row in left_out]
    lacking: dict[int, str] = {}
    for field, values in figures.items():
        mine = values[counts]
        is_known = ~np.isnan(mine)
        unknown: list[int] = counts[~is_known].tolist()
        for row in unknown:
            lacking.setdefault(row, sheet.missing_reasons[row] or "margin figures")
        total = math.fsum(mine[is_known].tolist()) if is_known.any() else math.nan
        sums[field] = nulls.number(field, total, "no account has it")
    collateral, gross = sums["collateral_usd"], sums["gross_usd"]
    if gross == 0.0:
        nulls.reasons["collateral_to_gross"] = "not_applicable"
    elif collateral is None or gross is None:
        nulls.reasons["collateral_to_gross"] = "missing: collateral or gross exposure"
    return MarginSums(
        name=name,
        n_accounts=int(counts.shape[0]) - len(lacking),
        **sums,
        collateral_to_gross=collateral / gross if collateral is not None and gross else None,
        left_out=(
            *outside,
            *(f"{sheet.account_ids[row]}: missing: {why}" for row, why in sorted(lacking.items())),
        ),
        reasons=nulls.reasons,
    )

"""Sums over the accounts of a group, each with what it could not include."""

import math

from marginwatch.risk.group_measures import GroupMeasures
from marginwatch.risk.tables.nulls import Nulls

NOBODY_COUNTS = "no account counts yet"
"""Why a sum over a group in which no account counts is none."""


def money(nulls: Nulls, field: str, of: GroupMeasures, group: int) -> float | None:
    """Return a sum over the accounts that have it; what it leaves out is told, and without any it is null."""
    without = float(getattr(of, f"n_without_{field}")[group])
    if without >= of.n_accounts[group]:
        return nulls.number(f"{field}_usd", math.nan, "no account that counts has it")
    if without:
        nulls.reasons[f"{field}_usd"] = f"not included: {int(without)} accounts without it"
    return float(getattr(of, f"{field}_usd")[group])


def open_profit(nulls: Nulls, of: GroupMeasures, group: int) -> float:
    """Return the open profit of the positions that have one; how many have none is told."""
    tell_profitless(nulls, int(of.n_without_pnl[group]))
    return float(of.pnl_usd[group])


def tell_profitless(nulls: Nulls, n_without: int) -> None:
    """Note how many positions a sum of open profit leaves out, if any."""
    if n_without:
        nulls.reasons["unrealized_pnl_usd"] = (
            f"not included: {n_without} positions without a price or entry price"
        )

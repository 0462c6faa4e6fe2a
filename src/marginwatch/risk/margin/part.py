"""Some accounts of a sheet, as a sheet of their own."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.risk.margin.sheet import MarginSheet

ACCOUNT_COLUMNS = (
    "account_row",
    "mode",
    "venue",
    "owner",
    "desk",
    "is_missing",
    "is_estimated",
    "venue_equity",
    "venue_adjusted_equity",
    "venue_initial_margin",
    "venue_maintenance_margin",
    "venue_as_of_ns",
    "order_loss",
    "calibration",
    "initial_calibration",
)
LEG_COLUMNS = (
    "leg_contract",
    "leg_quantity",
    "leg_entry_price",
    "leg_leverage",
    "leg_extra_margin",
    "leg_taker_fee",
    "leg_order_value",
    "leg_position_row",
)
HOLDING_COLUMNS = (
    "holding_coin",
    "holding_cash",
    "holding_order_initial_margin",
    "holding_locked",
    "holding_borrowed",
    "holding_is_collateral",
)


class Part(NamedTuple):
    """Some accounts, and which legs and holdings of the whole sheet came along, in the order of the new one.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts in the order asked for; an account may be in it more than once.
    legs, holdings : ndarray of int64
        Rows of the whole sheet.
    """

    sheet: MarginSheet
    legs: CodeArray
    holdings: CodeArray


def members(first: CodeArray, rows: CodeArray) -> tuple[CodeArray, CodeArray]:
    """Return the rows that belong to some owners, one owner after the other, and where each begins in there.

    Parameters
    ----------
    first : ndarray of shape (k + 1,), int64
        Owner ``i`` has rows ``first[i]:first[i + 1]``.
    rows : ndarray of shape (p,), int64
        Owners, each as often as wanted.

    Returns
    -------
    tuple of ndarray
        Shapes (sum of sizes,) and (p + 1,).
    """
    sizes = first[rows + 1] - first[rows]
    begins: CodeArray = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    places: CodeArray = np.arange(int(begins[-1]), dtype=np.int64)
    return places + np.repeat(first[rows] - begins[:-1], sizes), begins


def part_of(sheet: MarginSheet, rows: CodeArray, *, has_names: bool = True) -> Part:
    """Return a sheet of some accounts. Contracts and coins are shared, not copied.

    Parameters
    ----------
    sheet : MarginSheet
        The whole.
    rows : ndarray of shape (p,), int64
        Accounts, counted within the sheet.
    has_names : bool, default=True
        False leaves names and reasons of accounts out, which are slow to gather, for sheets that are only reckoned with.
    """
    legs, first_leg = members(sheet.first_leg, rows)
    holdings, first_holding = members(sheet.first_holding, rows)
    places: CodeArray = np.arange(rows.shape[0], dtype=np.int64)
    # A holding keeps its place among those of its account.
    moved_by = first_holding[:-1] - sheet.first_holding[rows]
    leg_account: CodeArray = np.repeat(places, np.diff(first_leg))
    named: list[int] = rows.tolist() if has_names else []
    changes: dict[str, object] = {
        "account_ids": tuple(sheet.account_ids[row] for row in named),
        "missing_reasons": tuple(sheet.missing_reasons[row] for row in named),
        "estimated_reasons": tuple(sheet.estimated_reasons[row] for row in named),
        "first_leg": first_leg,
        "first_holding": first_holding,
        "leg_account": leg_account,
        "leg_settle_holding": sheet.leg_settle_holding[legs] + moved_by[leg_account],
        "holding_account": np.repeat(places, np.diff(first_holding)),
    }
    for columns, picked in ((ACCOUNT_COLUMNS, rows), (LEG_COLUMNS, legs), (HOLDING_COLUMNS, holdings)):
        changes |= {name: getattr(sheet, name).take(picked) for name in columns}
    return Part(replace(sheet, **changes), legs, holdings)  # pyright: ignore[reportArgumentType]  # columns by name

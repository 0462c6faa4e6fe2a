"""The smallest transfers between accounts of one owner and venue that bring every account to a target."""

from collections.abc import Mapping

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.advice.conditions import Conditions
from marginwatch.risk.advice.rows import LeftOut, TransferAdvice, TransferGroup
from marginwatch.risk.advice.settings import TransferTarget
from marginwatch.risk.advice.transfer_group import best_transfers, prepared
from marginwatch.risk.advice.transfer_rows import group_row
from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.margin.sheet import MarginSheet

ISOLATED = MARGIN_MODES["isolated"]

NO_OWNER = "no owner is configured: collateral moves between accounts of one owner only"


def advise_transfers(
    sheet: MarginSheet,
    target: TransferTarget,
    betas: Betas,
    *,
    withdrawable: FloatArray | None = None,
    left_out: Mapping[int, str] | None = None,
) -> TransferAdvice:
    """Return the smallest transfers that bring every account to the target, group by group.

    A linear program over coins and their haircut bands finds them; what they do is reckoned by the margin model, and what
    is missed because something is not linear is asked for again. Givers stay within the target and keep free margin.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    target : TransferTarget
        Usage, distance or both.
    betas : Betas
        By coin of the sheet, shape (m,).
    withdrawable : ndarray of shape (h,), float64, optional
        What the venue itself says can leave, by holding of the sheet, in the coin; NaN where it did not say.
    left_out : mapping of int to str, optional
        Rows of accounts that neither give nor take (stale, lost), with the reason.

    Returns
    -------
    TransferAdvice
        One group for each owner and venue, in the order of their names. Accounts without an owner are in none.

    Raises
    ------
    ValueError
        If ``withdrawable`` has not one amount for each holding.
    """
    if withdrawable is not None and withdrawable.shape != (sheet.n_holdings,):
        raise ValueError(
            f"withdrawable must have shape ({sheet.n_holdings},), one for each holding, got {withdrawable.shape}"
        )
    conditions, reasons = Conditions(target, betas), left_out or {}
    keys = sheet.owner * (int(sheet.venue.max(initial=0)) + 1) + sheet.venue
    alone: list[int] = np.flatnonzero(sheet.owner == 0).tolist()
    groups = [
        _group(sheet, np.flatnonzero(keys == key), conditions, withdrawable, reasons)
        for key in np.unique(keys[sheet.owner != 0]).tolist()
    ]
    return TransferAdvice(
        usage=target.usage,
        distance=target.distance,
        groups=tuple(sorted(groups, key=lambda group: (group.venue, group.owner))),
        left_out=tuple(LeftOut(account_id=sheet.account_ids[row], reason=NO_OWNER) for row in alone),
    )


def _group(
    sheet: MarginSheet,
    rows: CodeArray,
    conditions: Conditions,
    withdrawable: FloatArray | None,
    reasons: Mapping[int, str],
) -> TransferGroup:
    rooms = conditions.rooms(part_of(sheet, rows, has_names=False).sheet)
    outside: dict[int, str] = {
        row: why
        for place, row in enumerate(rows.tolist())
        if (why := _why_outside(sheet, row, rooms[:, place], reasons)) is not None
    }
    part = part_of(sheet, rows[~np.isin(rows, list(outside))])
    group = prepared(part.sheet, conditions, None if withdrawable is None else withdrawable[part.holdings])
    return group_row(
        group,
        best_transfers(group, conditions),
        conditions,
        str(sheet.venue_names[int(sheet.venue[rows[0]])]),
        str(sheet.owner_names[int(sheet.owner[rows[0]])]),
        tuple(LeftOut(account_id=sheet.account_ids[row], reason=why) for row, why in outside.items()),
    )


def _why_outside(sheet: MarginSheet, row: int, rooms: FloatArray, reasons: Mapping[int, str]) -> str | None:
    if row in reasons:
        return reasons[row]
    if sheet.is_missing[row]:
        return f"missing: {sheet.missing_reasons[row]}"
    if sheet.mode[row] != ISOLATED and np.isnan(rooms).any():
        return "missing: a margin figure at present or moved prices"
    return None

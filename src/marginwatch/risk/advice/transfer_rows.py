"""A group's transfers as rows, with every account before and after."""

from typing import Literal

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import FloatArray
from marginwatch.risk.advice.conditions import Conditions
from marginwatch.risk.advice.moved import holding_of
from marginwatch.risk.advice.pictures import account_pictures
from marginwatch.risk.advice.rows import LeftOut, Transfer, TransferEffect, TransferGroup
from marginwatch.risk.advice.transfer_group import Group, Solution
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]

Status = Literal["nothing_to_do", "possible", "partly", "unknown"]


def group_row(
    group: Group,
    solution: Solution,
    conditions: Conditions,
    venue: str,
    owner: str,
    left_out: tuple[LeftOut, ...],
) -> TransferGroup:
    """Return the row of a group; before and after are reckoned by the margin model, not by the program."""
    transfers = _transfer_rows(group, solution)
    missing = conditions.missing_usd(solution.after)
    had_misses = bool(conditions.missing_usd(group.sheet).any())
    total, lacking = sum((one.usd for one in transfers), 0.0), float(missing.sum())
    is_nobody = not group.sheet.n_accounts and bool(left_out)
    status = "unknown" if is_nobody else _status(had_misses, lacking, solution.is_solved)
    return TransferGroup(
        venue=venue,
        owner=owner,
        status=status,
        transfers=transfers,
        total_usd=total,
        missing_usd=lacking,
        accounts=_effects(group, solution, conditions, transfers, missing),
        left_out=left_out,
        summary=_nobody(left_out)
        if is_nobody
        else _summary(status, transfers, total, lacking, len(left_out)),
    )


def _transfer_rows(group: Group, solution: Solution) -> tuple[Transfer, ...]:
    sheet = group.sheet
    rows = [
        Transfer(
            giver_id=sheet.account_ids[pair.giver],
            taker_id=sheet.account_ids[pair.taker],
            coin=str(sheet.coin_names[coin]),
            amount=pair.amount,
            usd=pair.amount * float(sheet.coin_usd[coin]),
        )
        for coin, pair in solution.transfers
    ]
    return tuple(sorted(rows, key=lambda row: -row.usd))


def _effects(
    group: Group,
    solution: Solution,
    conditions: Conditions,
    transfers: tuple[Transfer, ...],
    missing: FloatArray,
) -> tuple[TransferEffect, ...]:
    sheet, work = group.sheet, Workspace()
    before = account_pictures(sheet, conditions.betas, work)
    after = account_pictures(solution.after, conditions.betas, work) if transfers else before
    notes = _notes(group, solution)
    rows: list[TransferEffect] = []
    for row, account_id in enumerate(sheet.account_ids):
        applies = bool(group.can_take[row])
        rows.append(
            TransferEffect(
                account_id=account_id,
                given_usd=sum((one.usd for one in transfers if one.giver_id == account_id), 0.0),
                taken_usd=sum((one.usd for one in transfers if one.taker_id == account_id), 0.0),
                missing_usd=float(missing[row]),
                is_at_target=bool(missing[row] == 0.0) if applies else None,
                is_estimated=bool(sheet.is_estimated[row]),
                before=before[row],
                after=after[row],
                notes=tuple(notes.get(row, ())),
            )
        )
    return tuple(rows)


def _notes(group: Group, solution: Solution) -> dict[int, list[str]]:
    sheet = group.sheet
    notes: dict[int, list[str]] = {}
    for row in np.flatnonzero(sheet.mode == ISOLATED).tolist():
        notes[row] = ["isolated margin: transfers do not reach its positions, so the target does not apply"]
    for row in np.flatnonzero(sheet.is_estimated).tolist():
        notes.setdefault(row, []).append(f"estimated: {sheet.estimated_reasons[row]}")
    for coin, pair in solution.transfers:
        holding = int(holding_of(sheet, np.array([pair.taker]), np.array([coin]))[0])
        note = f"{sheet.coin_names[coin]} is taken to be switched on as collateral there"
        if group.is_new[holding] and note not in notes.get(pair.taker, ()):
            notes.setdefault(pair.taker, []).append(note)
    return notes


def _status(had_misses: bool, lacking: float, is_solved: bool) -> Status:
    if not is_solved:
        return "unknown"
    if not had_misses:
        return "nothing_to_do"
    return "partly" if lacking > 0.0 else "possible"


def _nobody(left_out: tuple[LeftOut, ...]) -> str:
    """Return why nothing is known of a group: none of its accounts can be judged."""
    reasons = list(dict.fromkeys(one.reason for one in left_out))
    more = f" and {len(reasons) - 1} other reasons" if len(reasons) > 1 else ""
    return f"it is not known whether anybody is at the target: none of {len(left_out)} can be judged ({reasons[0]}{more})"


def _summary(
    status: Status, transfers: tuple[Transfer, ...], total: float, lacking: float, n_left_out: int
) -> str:
    everybody = "every account that can be judged" if n_left_out else "every account"
    moved = f"{len(transfers)} transfer{'' if len(transfers) == 1 else 's'} of {total:,.2f} USD in all"
    said = {
        "nothing_to_do": f"{everybody} is at the target",
        "possible": f"{moved} bring {everybody} to the target",
        "partly": f"it cannot be done from within: {lacking:,.2f} USD are missing"
        + (f" after {moved}" if transfers else ", and nothing can be moved"),
        "unknown": "the program of transfers could not be solved",
    }[status]
    if not n_left_out:
        return said
    return f"{said}; {n_left_out} account{' is' if n_left_out == 1 else 's are'} not part of this"

"""The desk as ladders, and what distances rest on."""

import math
from typing import Literal

import numpy as np

from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.distance import DistanceFigures
from marginwatch.risk.heavy_rows import DistanceBasis, LadderRow
from marginwatch.risk.liquidation.contribution import NO_LEG
from marginwatch.risk.margin.sheet import MarginSheet

RUNGS_MAX = 500
"""Of each ladder; who looks at more looks at accounts."""


def ladder_rows(frame: Frame, most: int = RUNGS_MAX) -> list[LadderRow]:
    """Return who dies first as Bitcoin falls, then who dies first as it rises; none where nothing is known.

    Parameters
    ----------
    frame : Frame
        Whose latest distances.
    most : int
        Rungs of each ladder.
    """
    figures = frame.heavy.distance.held_at(frame.at_ns).value
    if figures is None:
        return []
    return [*_rungs(frame, figures, "down", most), *_rungs(frame, figures, "up", most)]


def row_in_frame(frame: Frame, sheet: MarginSheet, row: int) -> int | None:
    """Return the row in the book of an account of a sheet; None if it was removed since the sheet was made."""
    code, specs = int(sheet.account_row[row]), frame.book.specs
    spec = specs[code] if code < len(specs) else None
    return code if spec is not None and spec.account_id == sheet.account_ids[row] else None


def ladder_of(frame: Frame, account_id: AccountId) -> list[LadderRow]:
    """Return where one account stands on the two ladders, however far up; none where nothing liquidates it or is known."""
    figures = frame.heavy.distance.held_at(frame.at_ns).value
    row = None if figures is None else figures.rows.get(account_id)
    codes = [code for code, spec in enumerate(frame.book.specs) if spec and spec.account_id == account_id]
    if figures is None or row is None or not codes:
        return []
    falling: list[int] = np.flatnonzero(figures.down.account == row).tolist()
    rising: list[int] = np.flatnonzero(figures.up.account == row).tolist()
    return [
        *(_rung(frame, figures, "down", place, rank=place + 1, code=codes[0]) for place in falling),
        *(_rung(frame, figures, "up", place, rank=place + 1, code=codes[0]) for place in rising),
    ]


def _rungs(
    frame: Frame, figures: DistanceFigures, direction: Literal["down", "up"], most: int
) -> list[LadderRow]:
    sheet, ladder = figures.distances.sheet, figures.down if direction == "down" else figures.up
    rows: list[LadderRow] = []
    accounts: list[int] = ladder.account[:most].tolist()
    for place, account in enumerate(accounts):
        code = row_in_frame(frame, sheet, account)
        if code is not None:  # Else it was removed since.
            rows.append(_rung(frame, figures, direction, place, rank=len(rows) + 1, code=code))
    return rows


def _rung(
    frame: Frame,
    figures: DistanceFigures,
    direction: Literal["down", "up"],
    place: int,
    *,
    rank: int,
    code: int,
) -> LadderRow:
    sheet, spec = figures.distances.sheet, frame.book.specs[code]
    ladder = figures.down if direction == "down" else figures.up
    leg, price = int(ladder.leg[place]), float(ladder.btc_price[place])
    equity = float(frame.accounts.equity_usd[code])
    return LadderRow(
        direction=direction,
        rank=rank,
        account_id=sheet.account_ids[int(ladder.account[place])],
        desk=None if spec is None else spec.desk,
        shock=float(ladder.shock[place]),
        btc_price=price if math.isfinite(price) else None,
        equity_usd=equity if math.isfinite(equity) else None,
        worst_position=None if leg == NO_LEG else sheet.contract_names[int(sheet.leg_contract[leg])],
    )


def distance_basis(frame: Frame) -> DistanceBasis:
    """Return what the distances of a frame rest on, how old they are, and of how many accounts none is known."""
    held = frame.heavy.distance.held_at(frame.at_ns)
    if held.value is None:
        return DistanceBasis(age_s=held.age_s, reason=held.reason)
    figures = held.value
    price = figures.btc_usd
    return DistanceBasis(
        age_s=held.age_s,
        btc_price=price if math.isfinite(price) else None,
        btc_daily_volatility=figures.moves.daily_volatility,
        volatility_source=figures.moves.volatility_source,
        betas_source=figures.moves.betas_source,
        n_down=figures.down.account.shape[0],
        n_up=figures.up.account.shape[0],
        n_missing=int(np.count_nonzero(figures.common.answer == Answer.MISSING)),
    )

"""The desk as ladders, and what distances rest on."""

import math
from typing import Literal

import numpy as np

from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.distance import DistanceFigures
from marginwatch.risk.heavy_rows import DistanceBasis, LadderRow
from marginwatch.risk.liquidation.contribution import NO_LEG
from marginwatch.risk.liquidation.ladder import Ladder

RUNGS_MAX = 500
"""Of each ladder; who looks at more looks at accounts."""


def ladder_rows(frame: Frame) -> list[LadderRow]:
    """Return who dies first as Bitcoin falls, then who dies first as it rises; none where nothing is known."""
    figures = frame.heavy.distance.held_at(frame.at_ns).value
    if figures is None:
        return []
    return [*_rungs(frame, figures, figures.down, "down"), *_rungs(frame, figures, figures.up, "up")]


def _rungs(
    frame: Frame, figures: DistanceFigures, ladder: Ladder, direction: Literal["down", "up"]
) -> list[LadderRow]:
    sheet = figures.distances.sheet
    specs = {spec.account_id: spec for spec in frame.book.specs if spec is not None}
    codes = {spec.account_id: code for code, spec in enumerate(frame.book.specs) if spec is not None}
    rows: list[LadderRow] = []
    accounts: list[int] = ladder.account[:RUNGS_MAX].tolist()
    for rank, account in enumerate(accounts):
        account_id = sheet.account_ids[account]
        spec, code = specs.get(account_id), codes.get(account_id)
        if spec is None or code is None:
            continue  # It was removed since.
        leg, price = int(ladder.leg[rank]), float(ladder.btc_price[rank])
        equity = float(frame.accounts.equity_usd[code])
        rows.append(
            LadderRow(
                direction=direction,
                rank=len(rows) + 1,
                account_id=account_id,
                desk=spec.desk,
                shock=float(ladder.shock[rank]),
                btc_price=price if math.isfinite(price) else None,
                equity_usd=equity if math.isfinite(equity) else None,
                worst_position=None if leg == NO_LEG else sheet.contract_names[int(sheet.leg_contract[leg])],
            )
        )
    return rows


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

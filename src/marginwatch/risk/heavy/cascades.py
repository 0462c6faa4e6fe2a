"""Deaths that cause deaths, in a falling and in a rising market."""

from collections.abc import Mapping
from dataclasses import dataclass

from marginwatch.risk.heavy.moves import Moves
from marginwatch.risk.liquidation.cascade import Cascade, cascade, impact_per_usd
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace


@dataclass(slots=True, frozen=True, eq=False)
class CascadeFigures:
    """Both cascades.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts that count.
    down, up : Cascade
        Of a falling and of a rising market.
    usd_per_percent : mapping of str to float
        Depth of the coins whose order books are followed; the others take a stated constant.
    """

    sheet: MarginSheet
    down: Cascade
    up: Cascade
    usd_per_percent: Mapping[str, float]


def measure_cascades(
    sheet: MarginSheet, moves: Moves, usd_per_percent: Mapping[str, float], work: Workspace | None = None
) -> CascadeFigures:
    """Return both cascades of the accounts that count.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    moves : Moves
        Betas.
    usd_per_percent : mapping of str to float
        What moves a coin by 1 %, USD.
    work : Workspace, optional
        Buffers to be used again.
    """
    work = work or Workspace()
    impact = impact_per_usd(sheet, dict(usd_per_percent))
    down, up = (cascade(sheet, moves.betas, direction, impact, work) for direction in (-1, 1))
    return CascadeFigures(sheet, down, up, usd_per_percent)

"""Scenarios and worst cases of the accounts that count."""

from collections.abc import Sequence
from dataclasses import dataclass

from marginwatch.model.scenario import Scenario
from marginwatch.risk.heavy.moves import Moves
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.scenarios.library import standard_scenarios
from marginwatch.risk.scenarios.results import StressResult
from marginwatch.risk.scenarios.stress import stress
from marginwatch.risk.scenarios.worst_case import WorstCases, worst_cases
from marginwatch.risk.workspace import Workspace


@dataclass(slots=True, frozen=True, eq=False)
class StressFigures:
    """What if.

    Parameters
    ----------
    result : StressResult
        Every scenario.
    worst : WorstCases
        Each held coin to nothing, and doubled.
    betas_source : str
        Where the betas of the scenarios are known from.
    """

    result: StressResult
    worst: WorstCases
    betas_source: str


def measure_stress(
    sheet: MarginSheet, moves: Moves, own: Sequence[Scenario], work: Workspace | None = None
) -> StressFigures:
    """Return the standard scenarios, the desk's own, and the worst cases.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts that count.
    moves : Moves
        Betas.
    own : sequence of Scenario
        The desk's own, run after the standard ones.
    work : Workspace, optional
        Buffers to be used again.
    """
    work = work or Workspace()
    result = stress(sheet, moves.betas, standard_scenarios(own), work)
    return StressFigures(result, worst_cases(sheet, work), moves.betas_source)

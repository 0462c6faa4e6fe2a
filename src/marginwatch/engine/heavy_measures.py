"""What each heavy measure is reckoned from and by: one place for threads, for the process of its own, and for one question."""

from collections.abc import Callable, Mapping

from marginwatch.risk.heavy.advice import measure_advice
from marginwatch.risk.heavy.cascades import measure_cascades
from marginwatch.risk.heavy.chances import ChanceFigures, measure_chances
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.inputs import HeavyInputs
from marginwatch.risk.heavy.levels import measure_calendars, measure_levels
from marginwatch.risk.heavy.moves import moves_of
from marginwatch.risk.heavy.stress import measure_stress
from marginwatch.risk.heavy.value_at_risk import measure_value_at_risk
from marginwatch.risk.workspace import Workspace

DISTANCE = "distance"
SLOW = ("chances", "levels", "calendars", "stress", "cascades", "value_at_risk", "advice")
LOOKS_AT = {"levels": ("chances",)}
"""Which measures look at the results of others: whoever did not reckon those does not know them."""


def measures_of(
    of: HeavyInputs, work: Workspace, chances: Callable[[], ChanceFigures | None]
) -> Mapping[str, Callable[[], object]]:
    """Return what reckons each part from these inputs.

    Parameters
    ----------
    of : HeavyInputs
        One moment.
    work : Workspace
        Buffers to be used again; one set a thread.
    chances : callable
        Returns the latest chances, which levels of risk look at; None if there are none.
    """
    past = of.past

    def distance() -> object:
        sheet = of.own_sheet()
        return measure_distance(sheet, moves_of(sheet, past.daily), work)

    def chances_of_accounts() -> object:
        sheet = of.own_sheet()
        return measure_chances(sheet, moves_of(sheet, past.daily), past, work)

    def levels() -> object:
        sheet = of.own_sheet()
        return measure_levels(sheet, moves_of(sheet, past.daily), past, chances(), of.left_out, work)

    def calendars() -> object:
        return measure_calendars(of.own_sheet(), of.adl_rank, of.funding, of.left_out)

    def stress() -> object:
        sheet = of.own_sheet()
        return measure_stress(sheet, moves_of(sheet, past.daily), of.scenarios, work, of.left_out)

    def cascades() -> object:
        sheet = of.counted_sheet()
        return measure_cascades(sheet, moves_of(sheet, past.daily), of.usd_per_percent, work)

    def value_at_risk() -> object:
        return measure_value_at_risk(of.own_sheet(), past, of.left_out, of.var_settings)

    def advice() -> object:
        sheet = of.own_sheet()
        return measure_advice(sheet, moves_of(sheet, past.daily), past, of.terms, of.left_out, of.wish)

    slow = (chances_of_accounts, levels, calendars, stress, cascades, value_at_risk, advice)
    return {DISTANCE: distance, **dict(zip(SLOW, slow, strict=True))}

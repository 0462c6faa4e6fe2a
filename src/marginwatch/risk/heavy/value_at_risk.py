"""Value at risk by every method, confidence and horizon that is shown, and whether correlations still are what they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from marginwatch.model.ids import AccountId
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.history.closes import DAY_S, HOUR_S
from marginwatch.risk.history.correlation import CorrelationWatch, watch_correlations
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.var.backtest import Backtest
from marginwatch.risk.var.exposures import Exposures, exposures_of
from marginwatch.risk.var.measure import VarMeasures, history_for, measure_with
from marginwatch.risk.var.settings import VarMethod, VarSettings, interval_for

CONFIDENCES = (0.95, 0.99)
HORIZONS_S = (HOUR_S, DAY_S)
NO_HISTORY = "no price history is known: it is fetched when a service runs"


@dataclass(slots=True, frozen=True, eq=False)
class VarFigures:
    """Everything about value at risk.

    Parameters
    ----------
    exposures : Exposures
        Who holds what.
    settings : VarSettings
        What is shown first.
    measures : tuple of VarMeasures
        All that were reckoned.
    backtests : mapping of (str, float) to Backtest
        By method and confidence, of one-day figures of everything.
    correlations : CorrelationWatch or None
        None without enough history.
    reason : str or None
        Why there are no measures.
    """

    exposures: Exposures
    settings: VarSettings
    measures: tuple[VarMeasures, ...]
    backtests: Mapping[tuple[str, float], Backtest]
    correlations: CorrelationWatch | None
    reason: str | None

    def find(self, method: str, confidence: float, horizon_s: int) -> VarMeasures | None:
        """Return the measures of one method, confidence and horizon; None if they were not reckoned."""
        for one in self.measures:
            if (one.method, one.confidence, one.horizon_s) == (method, confidence, horizon_s):
                return one
        return None


def measure_value_at_risk(
    sheet: MarginSheet,
    past: PastReturns,
    left_out: Mapping[AccountId, str],
    settings: VarSettings | None = None,
    confidences: Sequence[float] = CONFIDENCES,
    horizons_s: Sequence[int] = HORIZONS_S,
) -> VarFigures:
    """Return every method at every confidence and horizon, the configured ones among them.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    past : PastReturns
        What is known of past prices.
    left_out : mapping of AccountId to str
        Accounts that count in no total, and why.
    settings : VarSettings, optional
        What is shown first.
    confidences, horizons_s : sequence
        What else is reckoned.
    """
    own = settings or VarSettings()
    exposures = exposures_of(sheet, left_out)
    found: list[VarMeasures] = []
    watch: CorrelationWatch | None = None
    reason: str | None = NO_HISTORY
    for interval_s, table in ((DAY_S, past.daily), (HOUR_S, past.hourly)):
        if table is None:
            continue
        try:
            history = history_for(exposures, table, own)
        except ValueError as error:
            reason = str(error)
            continue
        if interval_s == DAY_S:
            watch = watch_correlations(history)
        wanted = sorted({*horizons_s, own.horizon_s})
        for horizon_s in (one for one in wanted if interval_for(one) == interval_s):
            for confidence in sorted({*confidences, own.confidence}):
                for method in VarMethod:
                    asked = msgspec.structs.replace(
                        own, method=method, confidence=confidence, horizon_s=horizon_s
                    )
                    found.append(measure_with(exposures, history, asked))
    return VarFigures(exposures, own, tuple(found), past.backtests, watch, None if found else reason)

"""How far our margins are from the venue's, written down every hour."""

from collections.abc import Callable

import numpy as np
import structlog

from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.model.ids import AccountId
from marginwatch.model.risk_history import ModelErrorSample
from marginwatch.risk.margin.model_error import ErrorColumns
from marginwatch.store.risk_days import RiskDays

log = structlog.get_logger(__name__)

EVERY_S = 3_600.0
FIGURES = ("maintenance_margin", "adjusted_equity")


class ModelErrorKeeper:
    """Writes samples.

    Parameters
    ----------
    days : RiskDays
        Keeps them.
    clock : Clock
        Time.
    errors : callable
        Returns the errors by row of the book's account table; None before the first frame.
    name_of : callable
        Returns the account of a row; None if there is none any more.
    """

    def __init__(
        self,
        days: RiskDays,
        clock: Clock,
        errors: Callable[[], ErrorColumns | None],
        name_of: Callable[[int], AccountId | None],
    ) -> None:
        self._days = days
        self._clock = clock
        self._errors = errors
        self._name_of = name_of
        self._written_ns: dict[AccountId, int] = {}
        self._is_failing = False

    async def run(self) -> None:
        """Write a sample of every account every hour, forever."""
        while True:
            await self._clock.sleep(EVERY_S)
            await self.run_once()

    async def run_once(self) -> None:
        """Write what was measured since the last time; what cannot be written is written the next time."""
        samples = self._samples()
        try:
            await self._days.add_model_errors(samples)
        except MarginwatchError as error:
            if not self._is_failing:
                log.warning("model errors not kept", reason=str(error))
            self._is_failing = True
            return
        if self._is_failing:
            log.info("model errors kept again")
        self._is_failing = False
        self._written_ns.update((one.account_id, one.at_ns) for one in samples)

    def _samples(self) -> list[ModelErrorSample]:
        errors = self._errors()
        if errors is None:
            return []
        found: list[ModelErrorSample] = []
        for row in np.flatnonzero(errors.measured_at_ns > 0).tolist():
            name, at_ns = self._name_of(row), int(errors.measured_at_ns[row])
            if name is None or self._written_ns.get(name) == at_ns:
                continue
            for figure in FIGURES:
                error = float(getattr(errors, figure)[row])
                if np.isfinite(error):
                    found.append(ModelErrorSample(name, figure, at_ns, error, float(errors.gap_s[row])))
        return found

"""What is measured when nobody asks for anything else: methods, confidence levels, horizons, windows."""

from enum import StrEnum

import msgspec

from marginwatch.risk.history.closes import DAY_S, HOUR_S
from marginwatch.risk.var.tail import check_confidence


class VarMethod(StrEnum):
    """How the tail is estimated."""

    HISTORICAL = "historical"
    FILTERED = "filtered"
    NORMAL = "normal"
    CORNISH_FISHER = "cornish-fisher"


class VarSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Value at risk as a desk wants it.

    Parameters
    ----------
    method : VarMethod, default="filtered"
        The one that is shown first, ruled by and tested against what happens.
    confidence : float, default=0.99
        In (0.5, 1).
    horizon_s : int, default=86400
        Seconds: below a day made from hourly returns, else from daily ones.
    rows_max : int, default=1000
        Newest returns used.
    rows_min : int, default=60
        With fewer nothing is measured.

    Raises
    ------
    ValueError
        If a value is out of range.
    """

    method: VarMethod = VarMethod.FILTERED
    confidence: float = 0.99
    horizon_s: int = DAY_S
    rows_max: int = 1_000
    rows_min: int = 60

    def __post_init__(self) -> None:
        check_confidence(self.confidence)
        if self.horizon_s < HOUR_S:
            raise ValueError(f"horizon_s must be at least an hour (3600), got {self.horizon_s}")
        if not 2 <= self.rows_min <= self.rows_max:
            raise ValueError(
                f"rows_min must be at least 2 and at most rows_max, got {self.rows_min}, {self.rows_max}"
            )


def interval_for(horizon_s: int) -> int:
    """Return the interval of the returns that a horizon is made from: hours below a day, else days."""
    return HOUR_S if horizon_s < DAY_S else DAY_S

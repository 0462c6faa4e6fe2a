"""Thresholds from which scores are made, all of them configurable."""

from itertools import pairwise

import msgspec
import numpy as np

from marginwatch.book.table import FloatArray

SCORES = (1.0, 4.0, 7.0, 10.0)
"""Of the four marks of a threshold: calm, medium, high, limit."""


class Threshold(msgspec.Struct, frozen=True):
    """Where a measure scores 1, 4, 7 and 10; between them linearly, beyond the ends the same as there.

    Parameters
    ----------
    calm, medium, high, limit : float
        Strictly rising, or strictly falling for measures in which less is worse.

    Raises
    ------
    ValueError
        If they neither rise nor fall.
    """

    calm: float
    medium: float
    high: float
    limit: float

    def __post_init__(self) -> None:
        marks = (self.calm, self.medium, self.high, self.limit)
        steps = [after - before for before, after in pairwise(marks)]
        if not (all(step > 0.0 for step in steps) or all(step < 0.0 for step in steps)):
            raise ValueError(f"calm, medium, high and limit must strictly rise or strictly fall, got {marks}")

    def scores(self, values: FloatArray) -> FloatArray:
        """Return the score of each value, in [1, 10]; NaN stays."""
        marks, sign = (
            np.array([self.calm, self.medium, self.high, self.limit]),
            np.sign(self.limit - self.calm),
        )
        found = np.array(np.interp(sign * values, sign * marks, SCORES), np.float64)
        found[np.isnan(values)] = np.nan
        return found


class LevelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds of the measures that make the score, and what a desk's rests on.

    Parameters
    ----------
    maintenance_margin_usage, initial_margin_usage : Threshold
        Fractions. At an initial margin usage of 1 the venue refuses new risk, which liquidates nobody: HIGH begins there.
    distance, cautious_distance : Threshold
        The nearest move of Bitcoin that liquidates, fraction.
    probability_24h : Threshold
        Chance of liquidation within 24 h.
    leverage : Threshold
        Gross exposure ÷ equity, ×.
    account_share : float, default=0.05
        An account with at least this part of its desk's gross exposure or maintenance margin counts for the desk's score.
    target_usage : float, default=0.5
        Collateral beyond what initial margin or maintenance margin ÷ this needs is idle.

    Raises
    ------
    ValueError
        If a part or a usage is out of range.
    """

    maintenance_margin_usage: Threshold = Threshold(0.2, 0.5, 0.7, 1.0)
    initial_margin_usage: Threshold = Threshold(0.5, 0.8, 1.0, 10.0)
    distance: Threshold = Threshold(0.5, 0.25, 0.1, 0.0)
    cautious_distance: Threshold = Threshold(0.4, 0.18, 0.07, 0.0)
    probability_24h: Threshold = Threshold(0.0, 0.01, 0.05, 0.25)
    leverage: Threshold = Threshold(3.0, 8.0, 20.0, 50.0)
    account_share: float = 0.05
    target_usage: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.account_share <= 1.0:
            raise ValueError(f"account_share must lie in [0, 1], got {self.account_share!r}")
        if not 0.0 < self.target_usage <= 1.0:
            raise ValueError(f"target_usage must lie in (0, 1], got {self.target_usage!r}")

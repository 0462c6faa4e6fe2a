"""The Basel zones: how unlikely so many exceptions are if the forecasts are right."""

import math
from enum import StrEnum

GREEN_BELOW = 0.95
YELLOW_BELOW = 0.9999
"""Bounds of the probability of so many exceptions or fewer (Basel Committee, January 1996, section III)."""

DAYS_NEEDED = 250
"""A year of trading days there; the same number of days here, where markets never close."""


class Light(StrEnum):
    """The verdict; grey is none yet."""

    GREY = "grey"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


def traffic_light(n_exceptions: int, n_days: int, confidence: float) -> Light:
    """Return the zone of a number of exceptions; grey with fewer than 250 days, whatever they were.

    References
    ----------
    Basel Committee on Banking Supervision (January 1996), Supervisory framework for the use of "backtesting" in
    conjunction with the internal models approach to market risk capital requirements, section III and table 2.
    """
    return Light.GREY if n_days < DAYS_NEEDED else zone(n_exceptions, n_days, confidence)


def zone(n_exceptions: int, n_days: int, confidence: float) -> Light:
    """Return the zone by the probability alone, however few the days."""
    probability = probability_up_to(n_exceptions, n_days, 1.0 - confidence)
    if probability < GREEN_BELOW:
        return Light.GREEN
    return Light.YELLOW if probability < YELLOW_BELOW else Light.RED


def certain_by_then(n_exceptions: int, n_days: int, confidence: float) -> Light | None:
    """Return the best zone that 250 days can still end in, if it is worse than green; None otherwise or when they are over.

    Exceptions do not go away while days are added, so ten of them are red on day 20 already. This never calls anything
    good.
    """
    if n_days >= DAYS_NEEDED:
        return None
    at_best = zone(n_exceptions, DAYS_NEEDED, confidence)
    return None if at_best is Light.GREEN else at_best


def probability_up_to(n_exceptions: int, n_days: int, rate: float) -> float:
    """Return the binomial probability of at most ``n_exceptions`` in ``n_days``, each with probability ``rate``.

    Raises
    ------
    ValueError
        If the rate lies outside (0, 1) or a count is negative.
    """
    if not 0.0 < rate < 1.0 or n_exceptions < 0 or n_days < 0:
        raise ValueError(f"need 0 < rate < 1 and counts ≥ 0, got {rate!r}, {n_exceptions}, {n_days}")
    log_odds = math.log(rate) - math.log1p(-rate)
    log_term = n_days * math.log1p(-rate)
    total = 0.0
    for count in range(min(n_exceptions, n_days) + 1):
        total += math.exp(log_term)
        log_term += log_odds + math.log((n_days - count) / (count + 1)) if count < n_days else 0.0
    return min(total, 1.0)

"""What coins cost before the story began and at each hour since: candles are made from it.

Before the start lie the recorded days, the newest of them last, ending at the prices of the start; between two midnights
the price wanders at random without changing either. Since the start every full hour is written down as it was.
"""

import functools
import math
import random
from collections.abc import Mapping

from marginwatch.sim.recorded_prices import BETAS, recorded_days

HOUR_MS = 3_600_000
DAY_HOURS = 24
PAST_DAYS = 1_300
"""Earlier there are no candles."""

UNRECORDED_DAYS = 200
"""A coin of which there is no record counts as listed so long ago."""

HOURLY_NOISE = 0.004
"""Standard deviation of an hour's wandering for a beta of 1, half of it shared by all coins."""

HOURS_KEPT = 1_500


class PastPrices:
    """Prices of coins at full hours, the past ones made when somebody asks.

    Parameters
    ----------
    seed : int
        Of the wandering between midnights.
    start_ms : int
        When the story begins, UTC milliseconds.
    start_usd : mapping of str to float
        What each coin costs then; the past leads there.
    """

    def __init__(self, seed: int, start_ms: int, start_usd: Mapping[str, float]) -> None:
        self._seed = seed
        self._start_hour = start_ms // HOUR_MS
        self._start_usd = dict(start_usd)
        self._noted: dict[int, dict[str, float]] = {}
        self._last_hour = self._start_hour
        self._midnights: dict[str, list[float]] = {}

    def note(self, now_ms: int, usd: Mapping[str, float]) -> None:
        """Write down what coins cost just before ``now_ms``, if a full hour has passed since the last time."""
        hour = now_ms // HOUR_MS
        if hour <= self._last_hour:
            return
        self._last_hour = hour
        self._noted[hour] = dict(usd)
        while len(self._noted) > HOURS_KEPT:
            del self._noted[next(iter(self._noted))]

    def usd_at(self, coin: str, hour: int) -> float | None:
        """Return the price at a full hour, counted from the epoch and not after now; None before the coin was listed."""
        if hour > self._start_hour:
            # A step may be longer than an hour: then the hour before holds.
            noted = [at for at in self._noted if at <= hour]
            return self._noted[max(noted)][coin] if noted else self._start_usd[coin]
        if coin not in BETAS:
            return self._start_usd[coin]
        midnight, within = divmod(hour, DAY_HOURS)
        back = self._start_hour // DAY_HOURS - midnight
        levels = self._levels(coin)
        if back >= len(levels):
            return None
        if back == 0:
            # Today so far: from last midnight to the start.
            part, end = within / max(1, self._start_hour % DAY_HOURS), math.log(self._start_usd[coin])
            wander = _wander(self._seed, coin, midnight, self._start_hour % DAY_HOURS)
        else:
            part, end = within / DAY_HOURS, levels[back - 1]
            wander = _wander(self._seed, coin, midnight, DAY_HOURS)
        return math.exp(levels[back] + (end - levels[back]) * part + wander[within])

    def _levels(self, coin: str) -> list[float]:
        """Return logarithms of the price at midnights: the last one before the start, the one before it, and so on."""
        if coin not in self._midnights:
            days = recorded_days()[-PAST_DAYS:]
            n_days = len(days) if any(coin in day.own for day in days) else UNRECORDED_DAYS
            level = math.log(self._start_usd[coin])
            levels = [level]
            for day in reversed(days[-n_days:]):
                level -= day.returns[coin]
                levels.append(level)
            self._midnights[coin] = levels
        return self._midnights[coin]


@functools.lru_cache(maxsize=4_096)
def _wander(seed: int, coin: str, day: int, n_hours: int) -> tuple[float, ...]:
    """Return the wandering at each hour of a day, 0 at its first and its last."""
    shared = _bridge(f"past-{seed}-{day}", n_hours)
    own = _bridge(f"past-{seed}-{day}-{coin}", n_hours)
    scale = HOURLY_NOISE * BETAS[coin] * math.sqrt(0.5)
    return tuple(scale * (one + other) for one, other in zip(shared, own, strict=True))


@functools.lru_cache(maxsize=4_096)
def _bridge(seed: str, n_hours: int) -> tuple[float, ...]:
    chance = random.Random(seed)
    walk = [0.0]
    for _ in range(n_hours):
        walk.append(walk[-1] + chance.gauss(0.0, 1.0))
    return tuple(at - walk[-1] * number / max(1, n_hours) for number, at in enumerate(walk))

"""An endless history out of the recorded one: blocks of successive days, drawn at random, all coins of a day together.

Whole days keep what coins have in common on bad days; blocks keep bad days together.

References
----------
Künsch (1989), The jackknife and the bootstrap for general stationary observations, Annals of Statistics 17.
"""

import math
import random
import statistics
from collections.abc import Iterator

from marginwatch.sim.bridge import Segment
from marginwatch.sim.recorded_prices import recorded_days

BLOCK_DAYS = 10
DAY_S = 86_400.0


def bootstrapped(seed: int, pace: float) -> Iterator[Segment]:
    """Yield a segment for each day of an endless history.

    Parameters
    ----------
    seed : int
        Of the draws: same seed, same history.
    pace : float
        Recorded seconds that pass in one second; at 1 a recorded day takes a day.
    """
    dice, days = random.Random(f"bootstrap-{seed}"), recorded_days()
    while True:
        first = dice.randrange(len(days) - BLOCK_DAYS + 1)
        block = days[first : first + BLOCK_DAYS]
        # The noise between closes is as wide as the block's own days: a quiet month has quiet hours.
        noise = statistics.pstdev(day.returns["BTC"] for day in block)
        for day in block:
            yield Segment(DAY_S / pace, day.returns, noise)


def annual_volatility(noise: float) -> float:
    """Return a day's standard deviation as an annual one, fraction."""
    return noise * math.sqrt(365.0)

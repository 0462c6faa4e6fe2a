"""Volatility that comes in spells: a two-state Markov chain in continuous time, seeded."""

import random

from marginwatch.sim.scenario import Turns


class Switch:
    """Says at any time of an act whether its other regime holds; spells last exponentially distributed times.

    Parameters
    ----------
    seed : int
        Same seed, same spells.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"regimes-{seed}")
        self._until_s = 0.0
        self._is_other = True

    def is_other(self, turns: Turns, elapsed_s: float) -> bool:
        """Return whether the other regime holds ``elapsed_s`` after the act's start; time may only go on."""
        while elapsed_s >= self._until_s:
            self._is_other = not self._is_other
            mean_s = turns.other_mean_s if self._is_other else turns.mean_s
            self._until_s += self._random.expovariate(1.0 / mean_s)
        return self._is_other

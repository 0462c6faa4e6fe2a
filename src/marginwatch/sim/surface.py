"""The volatility surface of a coin: a level that wanders and jumps with the market, a skew and a smile."""

import math
import random

from marginwatch.sim.scenario import Regime

CALM_LEVELS = {"BTC": 0.48, "ETH": 0.66}
"""At-the-money volatility in a calm market, annual fraction; round figures of their order of magnitude."""

CALM_VOLATILITY = 0.50
PULL_PER_S = 0.02
NOISE_PER_ROOT_S = 0.0015
JUMP_SIZE = 0.06
SKEW, SMILE, WIDEST = -0.04, 0.025, 4.0
LOWEST, HIGHEST = 0.05, 5.0


class Surface:
    """Implied volatility by strike and time to expiry.

    Parameters
    ----------
    coin : str
        Whose.
    seed : int
        Of the level's randomness, which is apart from that of prices.
    """

    def __init__(self, coin: str, seed: int) -> None:
        self._calm = CALM_LEVELS[coin]
        self._random = random.Random(f"surface-{coin}-{seed}")
        self.level = self._calm

    def step(self, regime: Regime, dt_s: float) -> None:
        """Move the level: drawn to what the regime's own volatility asks for, with noise, and jumps as often as prices."""
        target = self._calm * math.sqrt(regime.volatility / CALM_VOLATILITY)
        weight = 1.0 - math.exp(-PULL_PER_S * dt_s)
        move = math.log(target / self.level) * weight
        move += NOISE_PER_ROOT_S * math.sqrt(min(dt_s, 3600.0)) * self._random.gauss(0.0, 1.0)
        if self._random.random() < regime.jumps_per_hour * dt_s / 3600.0:
            move += abs(self._random.gauss(0.0, JUMP_SIZE))
        self.level = min(HIGHEST, max(LOWEST, self.level * math.exp(move)))

    def volatility(self, forward: float, strike: float, years: float) -> float:
        """Return the implied volatility, annual fraction of 4 decimals: puts below the forward cost more than calls above."""
        spread = self.level * math.sqrt(max(years, 1e-6))
        distance = max(-WIDEST, min(WIDEST, math.log(strike / forward) / spread))
        level = self.level * (1.0 + SKEW * distance + SMILE * distance * distance)
        return round(min(HIGHEST, max(LOWEST, level)), 4)

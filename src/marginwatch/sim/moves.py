"""What moves coins: the seeded model, the bootstrapped record, or the replay of a crash, by the acts of the story."""

import math
import random
from dataclasses import replace
from typing import Literal, get_args

from marginwatch.sim.bootstrap import annual_volatility, bootstrapped
from marginwatch.sim.bridge import Bridge
from marginwatch.sim.coins import COINS, STABLECOINS
from marginwatch.sim.crash_days import crash_segments
from marginwatch.sim.scenario import CALM, SECONDS_A_YEAR, Act, Regime, act_at
from marginwatch.sim.switching import Switch

STABLE_PULL_PER_S = 0.08
STABLE_NOISE = 0.00002

MarketSource = Literal["model", "history"]
MARKET_SOURCES: tuple[MarketSource, ...] = get_args(MarketSource)


def check_market(source: str, pace: float) -> None:
    """Raise ValueError unless the source of moves is known and the pace of history positive."""
    if source not in MARKET_SOURCES:
        raise ValueError(f"market must be one of {', '.join(MARKET_SOURCES)}, got {source!r}")
    if not 0.0 < pace < math.inf:
        raise ValueError(f"pace must be positive, got {pace}")


class Moves:
    """Moves USD prices of coins through a story.

    Parameters
    ----------
    seed : int
        Of everything but the model, which draws from ``dice``.
    acts : tuple of Act
        The story.
    dice : random.Random
        The market's own, so that the model's draws keep their place among the market's others.
    source : str
        ``model``, or ``history``: then the calm stretches of the story are drawn from the record.
    pace : float
        Recorded seconds that pass in one second of history.

    Raises
    ------
    ValueError
        If the source is neither, or the pace is not positive.
    """

    def __init__(
        self, seed: int, acts: tuple[Act, ...], dice: random.Random, source: str = "model", pace: float = 1.0
    ) -> None:
        check_market(source, pace)
        self._acts = acts
        self._dice = dice
        self._seed = seed
        self._switch = Switch(seed)
        self._history = Bridge(bootstrapped(seed, pace), seed) if source == "history" else None
        self._replays: dict[str, Bridge] = {}
        self.regime = acts[0].regime
        """What held over the last step."""
        self.forced: Regime | None = None
        """If given, it holds whatever the story says, and the model moves the coins."""
        self.pegs: dict[str, float] = {}
        """Stablecoin → the price in USD that it is drawn to, whatever the story says."""

    def step(self, usd: dict[str, float], elapsed_s: float, dt_s: float) -> None:
        """Move the prices in ``usd`` over the ``dt_s`` seconds that end ``elapsed_s`` after the start."""
        act, starts_s = act_at(self._acts, elapsed_s)
        self.regime = self.forced or _regime(act, elapsed_s - starts_s, self._switch)
        recorded = None if self.forced else self._recorded(elapsed_s - dt_s, elapsed_s)
        if recorded is None:
            self._step_model(usd, dt_s)
        usdt_before = usd["USDT"]
        self._step_stablecoins(usd, dt_s)
        if recorded is not None:
            # The record is in USDT, as contracts are: what USDT itself does comes on top.
            for coin, move in recorded.items():
                usd[coin] *= math.exp(move) * usd["USDT"] / usdt_before

    def _recorded(self, from_s: float, to_s: float) -> dict[str, float] | None:
        """Return the coins' log moves where they follow the record over this time, else None."""
        starts_s = 0.0
        for act in self._acts:
            ends_s = math.inf if act.duration_s is None else starts_s + act.duration_s
            played_s = min(to_s, ends_s) - max(from_s, starts_s)
            if act.replay and played_s > 0.0:
                bridge = self._replays.get(act.replay)
                if bridge is None:
                    segments = iter(crash_segments(act.replay))
                    bridge = self._replays[act.replay] = Bridge(segments, f"{act.replay}-{self._seed}")
                return bridge.advance(played_s)
            starts_s = ends_s
        if self._history is None or self.regime is not CALM:
            return None
        if (segment := self._history.segment) is not None:
            self.regime = replace(CALM, volatility=annual_volatility(segment.noise))
        return self._history.advance(to_s - from_s)

    def _step_model(self, usd: dict[str, float], dt_s: float) -> None:
        regime, dice = self.regime, self._dice
        root = math.sqrt(dt_s / SECONDS_A_YEAR)
        factor = regime.drift_per_s * dt_s + regime.volatility * root * dice.gauss(0.0, 1.0)
        jump_chance = regime.jumps_per_hour * dt_s / 3600.0
        for coin in COINS:
            move = coin.beta * factor + coin.own_volatility * root * dice.gauss(0.0, 1.0)
            if dice.random() < jump_chance:
                move += dice.gauss(0.0, regime.jump_size)
            usd[coin.name] *= math.exp(move)

    def _step_stablecoins(self, usd: dict[str, float], dt_s: float) -> None:
        for coin, pull in zip(STABLECOINS, (self.regime.usdt_pull, self.regime.usdc_pull), strict=True):
            noise = STABLE_NOISE * math.sqrt(dt_s) * self._dice.gauss(0.0, 1.0)
            weight = 1.0 - math.exp(-STABLE_PULL_PER_S * dt_s)
            usd[coin] += (self.pegs.get(coin, pull) - usd[coin]) * weight + noise


def _regime(act: Act, elapsed_s: float, switch: Switch) -> Regime:
    if act.turns is not None and switch.is_other(act.turns, elapsed_s):
        return act.turns.other
    return act.regime

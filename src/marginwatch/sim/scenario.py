"""Named market stories: which drift, volatility, jumps and stablecoin stress hold at which time."""

from dataclasses import dataclass

SECONDS_A_YEAR = 365.0 * 86_400.0


@dataclass(frozen=True, slots=True)
class Regime:
    """What the market does for a while.

    ``drift_per_s`` is the log return of the common factor a second; ``volatility`` is annual, fraction;
    ``jumps_per_hour`` counts jumps of each coin, ``jump_size`` is their standard deviation as a log return;
    ``usdt_pull`` and ``usdc_pull`` are the prices in USD that the stablecoins are drawn to.
    """

    drift_per_s: float = 0.0
    volatility: float = 0.50
    jumps_per_hour: float = 0.02
    jump_size: float = 0.01
    usdt_pull: float = 0.9996
    usdc_pull: float = 0.9999


@dataclass(frozen=True, slots=True)
class Act:
    """One regime and how long it lasts, seconds; None is for ever."""

    regime: Regime
    duration_s: float | None


CALM = Regime()
CRASH = Regime(
    drift_per_s=-0.28 / 30.0,
    volatility=2.5,
    jumps_per_hour=60.0,
    jump_size=0.015,
    usdt_pull=1.004,
    usdc_pull=0.998,
)
AFTERMATH = Regime(drift_per_s=0.02 / 120.0, volatility=1.2, jumps_per_hour=2.0, usdt_pull=1.002)
SQUEEZE = Regime(drift_per_s=0.22 / 30.0, volatility=2.0, jumps_per_hour=40.0, jump_size=0.015)
DEPEG = Regime(drift_per_s=-0.05 / 60.0, volatility=1.2, jumps_per_hour=5.0, usdt_pull=0.93)

SCENARIOS: dict[str, tuple[Act, ...]] = {
    "calm": (Act(CALM, None),),
    "crash": (Act(CRASH, 30.0), Act(AFTERMATH, None)),
    "calm-then-crash": (Act(CALM, 25.0), Act(CRASH, 30.0), Act(AFTERMATH, None)),
    "squeeze": (Act(CALM, 10.0), Act(SQUEEZE, 30.0), Act(CALM, None)),
    "depeg": (Act(CALM, 10.0), Act(DEPEG, None)),
}
"""Scenario name → its acts. The crash takes about a quarter off the common factor in half a minute."""


def scenario_named(name: str) -> tuple[Act, ...]:
    """Return the acts of a scenario.

    Raises
    ------
    ValueError
        If there is no scenario of that name; the message lists them.
    """
    if name not in SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(SCENARIOS)}, got {name!r}")
    return SCENARIOS[name]


def regime_at(acts: tuple[Act, ...], elapsed_s: float) -> Regime:
    """Return the regime that holds ``elapsed_s`` seconds after the start."""
    left_s = elapsed_s
    for act in acts:
        if act.duration_s is None or left_s < act.duration_s:
            return act.regime
        left_s -= act.duration_s
    return acts[-1].regime

"""Named market stories: which drift, volatility, jumps and stablecoin stress hold at which time, and what is replayed."""

from dataclasses import dataclass

from marginwatch.sim.crash_days import CRASHES

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
class Turns:
    """Another regime that an act turns to and back from at random: how long either lasts on average, seconds."""

    other: "Regime"
    mean_s: float
    other_mean_s: float


@dataclass(frozen=True, slots=True)
class Act:
    """One regime and how long it lasts, seconds; None is for ever.

    ``turns`` lets it alternate with another regime. ``replay`` names the crash of
    :data:`marginwatch.sim.crash_days.CRASHES` that moves the coins meanwhile.
    """

    regime: Regime
    duration_s: float | None
    turns: Turns | None = None
    replay: str = ""


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
USDC_DEPEG = Regime(volatility=1.0, jumps_per_hour=5.0, usdt_pull=1.004, usdc_pull=0.88)
STRESSED = Regime(volatility=1.8, jumps_per_hour=30.0, jump_size=0.012, usdt_pull=1.001, usdc_pull=0.999)
REPLAYED = Regime(volatility=2.0, jumps_per_hour=20.0)
"""Of a replay: the coins follow the record, options and books what stands here."""

REGIMES: dict[str, Regime] = {
    "calm": CALM,
    "stressed": STRESSED,
    "crash": CRASH,
    "aftermath": AFTERMATH,
    "squeeze": SQUEEZE,
    "depeg": DEPEG,
    "usdc-depeg": USDC_DEPEG,
}
"""Name → regime, for whoever imposes one on the market."""

SCENARIOS: dict[str, tuple[Act, ...]] = {
    "calm": (Act(CALM, None),),
    "crash": (Act(CRASH, 30.0), Act(AFTERMATH, None)),
    "calm-then-crash": (Act(CALM, 25.0), Act(CRASH, 30.0), Act(AFTERMATH, None)),
    "squeeze": (Act(CALM, 10.0), Act(SQUEEZE, 30.0), Act(CALM, None)),
    "depeg": (Act(CALM, 10.0), Act(DEPEG, None)),
    "usdc-depeg": (Act(CALM, 10.0), Act(USDC_DEPEG, 90.0), Act(CALM, None)),
    "regimes": (Act(CALM, None, turns=Turns(STRESSED, mean_s=60.0, other_mean_s=20.0)),),
    **{
        name: (Act(CALM, 10.0), Act(REPLAYED, crash.duration_s, replay=name), Act(AFTERMATH, None))
        for name, crash in CRASHES.items()
    },
}
"""Scenario name → its acts. The crash takes about a quarter off the common factor in half a minute; a name that is a
date replays what was recorded then, a day in a minute."""


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


def act_at(acts: tuple[Act, ...], elapsed_s: float) -> tuple[Act, float]:
    """Return the act that is on ``elapsed_s`` seconds after the start, and when it began."""
    starts_s = 0.0
    for act in acts:
        if act.duration_s is None or elapsed_s - starts_s < act.duration_s:
            return act, starts_s
        starts_s += act.duration_s
    return acts[-1], starts_s


def regime_at(acts: tuple[Act, ...], elapsed_s: float) -> Regime:
    """Return the regime that holds ``elapsed_s`` seconds after the start, turns left aside."""
    return act_at(acts, elapsed_s)[0].regime

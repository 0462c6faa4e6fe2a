"""What a seed means: which accounts there are, what goes wrong, and what their owners do meanwhile."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from marginwatch.sim.bybit.ret_codes import TEXTS
from simulation.virtual_time import EPOCH_NS

Draw = Callable[[random.Random], str]

CODES = sorted(TEXTS)
WHERE = ("", "", "@/v5/position/*", "@/v5/account/*", "@/v5/user/*", "@/v5/execution/*", "@/v5/market/*")
CODES_OF_ALL = 3
"""So many codes are on where all faults are, the next ones each time: fifty seeds see each of them."""


def _chance(name: str, low: float, high: float) -> Draw:
    return lambda dice: f"{name}={dice.uniform(low, high):.3f}"


def _mean(name: str, low: float, high: float) -> Draw:
    return lambda dice: f"{name}={dice.uniform(low, high):.2f}s"


def _span(name: str, longest_ms: int) -> Draw:
    return lambda dice: f"{name}=0ms..{dice.randint(20, longest_ms)}ms"


def _skew(dice: random.Random) -> str:
    return f"clock_skew={dice.choice((-1, 1)) * dice.uniform(0.3, 90.0):.2f}s"


def _codes(dice: random.Random) -> str:
    return ",".join(
        f"retcode.{code}{dice.choice(WHERE)}={dice.uniform(0.01, 0.10):.3f}" for code in dice.sample(CODES, 2)
    )


FAULTS: dict[str, Draw] = {
    "drop": _chance("drop", 0.01, 0.3),
    "duplicate": _chance("duplicate", 0.05, 0.5),
    "reorder": _chance("reorder", 0.05, 0.5),
    "malformed": _chance("malformed", 0.01, 0.2),
    "wrong_types": _chance("wrong_types", 0.01, 0.2),
    "huge": _chance("huge", 0.001, 0.01),
    "trickle": _chance("trickle", 0.02, 0.3),
    "truncate": _chance("truncate", 0.003, 0.03),
    "delay": _span("delay", 600),
    "slow_reader": _span("slow_reader", 1500),
    "disconnect": _mean("disconnect", 1.0, 6.0),
    "close": _mean("close", 1.0, 6.0),
    "half_open": _mean("half_open", 2.0, 8.0),
    "refuse_socket": _chance("refuse_socket", 0.1, 0.8),
    "refuse_login": _chance("refuse_login", 0.1, 0.8),
    "latency": _span("latency", 800),
    "rest_error": _chance("rest_error", 0.05, 0.5),
    "rest_busy": _chance("rest_busy", 0.02, 0.3),
    "rest_limited": _chance("rest_limited", 0.02, 0.3),
    "rest_cut": _chance("rest_cut", 0.02, 0.3),
    "rest_hang": _chance("rest_hang", 0.01, 0.1),
    "rest_empty": _chance("rest_empty", 0.02, 0.3),
    "rest_page": _chance("rest_page", 0.02, 0.3),
    "rest_malformed": _chance("rest_malformed", 0.02, 0.3),
    "rest_truncate": _chance("rest_truncate", 0.02, 0.3),
    "rest_wrong_types": _chance("rest_wrong_types", 0.02, 0.3),
    "rest_huge": _chance("rest_huge", 0.001, 0.01),
    "short_pages": _chance("short_pages", 0.2, 0.9),
    "codes": _codes,
    "ban": lambda dice: f"ban={dice.uniform(4, 10):.2f}s,ban_for={dice.uniform(0.5, 2):.2f}s",
    "freeze": lambda dice: f"freeze={dice.uniform(2, 6):.2f}s,freeze_for=300ms..{dice.uniform(1, 4):.2f}s",
    "late": _mean("late", 0.2, 2.5),
    "crash": lambda dice: f"crash_late={dice.uniform(0.5, 4):.2f}s,crash_freeze={dice.uniform(0.5, 3):.2f}s",
    "revoke": lambda dice: f"revoke={dice.uniform(0.2, 0.6):.2f},revoke_after=500ms..8s",
    "mode_change": _mean("mode_change", 0.5, 3.0),
    "clock_skew": _skew,
    "idle": lambda _: "",
}
"""Fault → how it is drawn, in the words of :mod:`marginwatch.sim.faults.plan`. ``idle`` are sockets that ask to be cut
when they have been quiet (``max_active_time``), of a monitor that pings too seldom."""

MILD = {
    "refuse_socket", "refuse_login", "drop", "malformed", "wrong_types", "huge", "trickle", "truncate",
}  # fmt: skip
ENDING = {"disconnect", "close", "half_open", "ban"}
"""Faults that hide all others if they are on in full beside them: by chance, as those of REST are, and by mean time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Parameters
    ----------
    seed : int
        Of everything.
    faults : str
        As the exchange reads it.
    names : frozenset of str
        Names of :data:`FAULTS` that are on.
    n_desk, n_guests : int
        Accounts with traders of their own; accounts whose owner does what comes to mind.
    scenario, positions_per_account, activity_per_s
        Of the exchange.
    start_ns : int
        When it begins, UTC nanoseconds.
    faulty_s : float
        How long faults last, seconds.
    """

    seed: int
    faults: str
    names: frozenset[str]
    n_desk: int
    n_guests: int
    scenario: str
    positions_per_account: int | None
    activity_per_s: float
    start_ns: int
    faulty_s: float

    @property
    def is_idling(self) -> bool:
        """Whether sockets ask to be cut when quiet."""
        return "idle" in self.names


def plan_of(seed: int) -> Plan:
    """Return the plan of a seed: one fault alone, several, or all of them, by turns."""
    dice = random.Random(f"plan-{seed}")
    kinds = list(FAULTS)
    if seed % 3 == 0:
        names = [kinds[seed // 3 % len(kinds)]]
    elif seed % 3 == 1:
        names = dice.sample(kinds, dice.randint(3, 7))
    else:
        names = kinds
    drawn = [FAULTS[name](dice) for name in names]
    if len(names) == len(kinds):
        drawn = [_softened(seed, name, text) for name, text in zip(names, drawn, strict=True)]
    n_desk = dice.randint(1, 5)
    return Plan(
        seed=seed,
        faults=",".join(filter(None, drawn)),
        names=frozenset(names),
        n_desk=n_desk,
        n_guests=dice.randint(max(1, 3 - n_desk), 3),
        scenario="crash" if "crash" in names else dice.choice(("calm", "calm", "crash", "squeeze", "depeg")),
        positions_per_account=dice.choice((None, None, 3, 8)),
        activity_per_s=dice.choice((1.0, 4.0, 12.0)),
        # Every fourth run meets the hour of funding, sessions and expiries in its middle.
        start_ns=EPOCH_NS - dice.randint(2, 8) * 1_000_000_000
        if seed % 4 == 0
        else EPOCH_NS + dice.randint(600, 20_000) * 1_000_000_000,
        faulty_s=dice.uniform(8.0, 14.0),
    )


def _softened(seed: int, name: str, text: str) -> str:
    """Return a fault at a small part of its strength where all of them are on, so that something still gets through."""
    head, _, value = text.partition("=")
    if name == "codes":
        first = seed // 3 * CODES_OF_ALL
        some = [CODES[(first + number) % len(CODES)] for number in range(CODES_OF_ALL)]
        return ",".join(f"retcode.{code}{WHERE[(seed + code) % len(WHERE)]}=0.01" for code in some)
    if name in ENDING:
        mean, comma, rest = value.partition(",")
        return f"{head}={3 * float(mean.removesuffix('s')):.2f}s{comma}{rest}"
    if name in ("latency", "slow_reader", "delay"):
        longest_ms = int(value.rpartition("..")[2].removesuffix("ms"))
        return f"{head}=0ms..{longest_ms // 4}ms"
    if name.startswith("rest_") or name in MILD:
        return f"{head}={float(value) / 12:.4f}"
    return text

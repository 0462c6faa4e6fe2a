"""Seeded faults of a simulated exchange's wire, as one readable list such as ``drop=0.01,disconnect=30s``.

The grammar is ``name=value`` joined by commas. A *chance* is a fraction from 0 to 1 or a percentage (``0.02``,
``2%``); a *duration* has a unit (``250ms``, ``30s``, ``2m``); a *span* is one duration or two joined by ``..``.

=============  ========  ==============================================================================
name           value     what it does
=============  ========  ==============================================================================
drop           chance    a pushed frame never leaves
duplicate      chance    a pushed frame is sent twice
reorder        chance    a pushed frame is held back and overtaken by later ones
malformed      chance    a pushed frame carries text cut in the middle; the socket lives on
truncate       chance    a frame announces more bytes than come, then the socket dies
delay          span      every frame waits this long; order is kept
disconnect     duration  mean life of a socket that then dies without a close frame (the client sees 1006)
close          duration  mean life of a socket that is then closed properly
half_open      duration  mean life of a socket that then stays open and says nothing, not even a pong
latency        span      every REST reply waits this long
rest_error     chance    a REST call gets HTTP 500, 502 or 503
rest_busy      chance    a REST call gets HTTP 429
rest_limited   chance    a REST call gets the venue's own rate-limit answer
clock_skew     duration  the exchange's clock is ahead by this much (negative: behind)
=============  ========  ==============================================================================
"""

import random
import re
from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec

from marginwatch.errors import ConfigError

Span = tuple[float, float]
"""Shortest and longest wait, seconds."""

Damage = Literal["malformed", "truncate"]
SocketEnd = Literal["disconnect", "close", "half_open"]
RestFault = Literal["error", "busy", "limited"]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_DURATION = re.compile(r"([+-]?\d+(?:\.\d+)?)(ms|s|m)")


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong and how often: the list of the module's table, parsed.

    Chances are fractions, durations seconds, 0 (or ``(0, 0)``) meaning never.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    malformed: float = 0.0
    truncate: float = 0.0
    delay: Span = (0.0, 0.0)
    disconnect: float = 0.0
    close: float = 0.0
    half_open: float = 0.0
    latency: Span = (0.0, 0.0)
    rest_error: float = 0.0
    rest_busy: float = 0.0
    rest_limited: float = 0.0
    clock_skew: float = 0.0


class FrameFate(NamedTuple):
    """What happens to one pushed frame: how often it is sent (0: lost), how late, how damaged."""

    copies: int
    delay_s: float
    is_overtaken: bool
    damage: Damage | None


UNTOUCHED = FrameFate(1, 0.0, False, None)  # positional: built for every frame


def _chance(text: str) -> float:
    value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= value <= 1:
        raise ValueError("a chance lies between 0 and 1, or 0% and 100%")
    return value


def _signed_duration(text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration is a number with a unit, such as 250ms, 30s or 2m")
    return float(match[1]) * _UNITS[match[2]]


def _duration(text: str) -> float:
    value = _signed_duration(text)
    if value < 0:
        raise ValueError("a duration is not negative")
    return value


def _span(text: str) -> Span:
    first, _, last = text.partition("..")
    low, high = _duration(first), _duration(last or first)
    if low > high:
        raise ValueError("a span goes from the shorter to the longer, such as 5ms..50ms")
    return low, high


_READERS: dict[str, Callable[[str], float | Span]] = {
    **dict.fromkeys(("drop", "duplicate", "reorder", "malformed", "truncate"), _chance),
    **dict.fromkeys(("rest_error", "rest_busy", "rest_limited"), _chance),
    **dict.fromkeys(("disconnect", "close", "half_open"), _duration),
    **dict.fromkeys(("delay", "latency"), _span),
    "clock_skew": _signed_duration,
}


def parse_faults(text: str) -> FaultPlan:
    """Return the plan that a list of faults describes.

    Parameters
    ----------
    text : str
        ``name=value`` joined by commas, as in the module's table; empty means no fault.

    Returns
    -------
    FaultPlan
        The parsed plan.

    Raises
    ------
    ConfigError
        For an unknown name, a name given twice or a value of the wrong form; the message names the item.
    """
    values: dict[str, float | Span] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, has_value, value = (part.strip() for part in item.partition("="))
        if name not in _READERS:
            raise ConfigError(f"faults: {name!r} is not a fault; known are {', '.join(sorted(_READERS))}")
        if name in values:
            raise ConfigError(f"faults: {name} is given twice; keep one")
        if not has_value:
            raise ConfigError(f"faults: {name} needs a value, such as {name}={_example(name)}")
        try:
            values[name] = _READERS[name](value)
        except ValueError as problem:
            hint = str(problem) if "could not convert" not in str(problem) else "it is not a number"
            raise ConfigError(f"faults: {item!r}: {hint}") from None
    return msgspec.convert(values, FaultPlan)


def _example(name: str) -> str:
    reader = _READERS[name]
    return "0.01" if reader is _chance else "5ms..50ms" if reader is _span else "30s"


class Faults:
    """The dice of one simulated exchange.

    Parameters
    ----------
    plan : FaultPlan, optional
        What may go wrong; nothing by default.
    seed : int, default=0
        The same seed and the same order of questions give the same faults.
    """

    def __init__(self, plan: FaultPlan | None = None, seed: int = 0) -> None:
        self.plan = plan or FaultPlan()
        self.seed = seed
        self.is_active = True
        self._rest_dice = random.Random(f"{seed}/rest")
        self._sockets = 0

    def start(self) -> None:
        """Let faults happen again."""
        self.is_active = True

    def stop(self) -> None:
        """Let nothing go wrong from now on, so that what is under test can settle. Half-open sockets stay so."""
        self.is_active = False

    @property
    def clock_skew_s(self) -> float:
        """Return how far ahead the exchange's clock is, seconds; 0 while stopped."""
        return self.plan.clock_skew if self.is_active else 0.0

    def rest_latency_s(self) -> float:
        """Return how long the next REST reply waits, seconds."""
        low, high = self.plan.latency
        return self._rest_dice.uniform(low, high) if self.is_active and high else 0.0

    def rest_fault(self) -> RestFault | None:
        """Return what goes wrong with the next REST call, or None."""
        plan = self.plan
        if not self.is_active or not (plan.rest_error or plan.rest_busy or plan.rest_limited):
            return None
        throw = self._rest_dice.random()
        table: tuple[tuple[float, RestFault], ...] = (
            (plan.rest_error, "error"),
            (plan.rest_busy, "busy"),
            (plan.rest_limited, "limited"),
        )
        for chance, fault in table:
            if throw < chance:
                return fault
            throw -= chance
        return None

    def rest_error_status(self) -> int:
        """Return the HTTP status of a server-side failure: 500, 502 or 503."""
        return self._rest_dice.choice((500, 502, 503))

    def for_socket(self) -> "SocketFaults":
        """Return the dice of a new socket, numbered in the order of connecting."""
        self._sockets += 1
        return SocketFaults(self, random.Random(f"{self.seed}/socket/{self._sockets}"))


class SocketFaults:
    """The dice of one socket; made by :meth:`Faults.for_socket`."""

    def __init__(self, faults: Faults, dice: random.Random) -> None:
        self._faults = faults
        self._dice = dice
        plan = faults.plan
        self._touches_frames = any(
            (plan.drop, plan.duplicate, plan.reorder, plan.malformed, plan.truncate, plan.delay[1])
        )

    @property
    def is_active(self) -> bool:
        """True while faults may happen."""
        return self._faults.is_active

    def frame_fate(self) -> FrameFate:
        """Return what happens to the next pushed frame; constant time, no dice thrown where nothing may happen."""
        if not self._touches_frames or not self._faults.is_active:
            return UNTOUCHED
        plan, dice = self._faults.plan, self._dice
        if plan.drop and dice.random() < plan.drop:
            return FrameFate(0, 0.0, False, None)  # as above
        damage: Damage | None = None
        if plan.truncate and dice.random() < plan.truncate:
            damage = "truncate"
        elif plan.malformed and dice.random() < plan.malformed:
            damage = "malformed"
        return FrameFate(
            copies=2 if plan.duplicate and dice.random() < plan.duplicate else 1,
            delay_s=self.delay_s(),
            is_overtaken=bool(plan.reorder) and dice.random() < plan.reorder,
            damage=damage,
        )

    def delay_s(self) -> float:
        """Return how long the next frame waits, seconds."""
        low, high = self._faults.plan.delay
        return self._dice.uniform(low, high) if high and self._faults.is_active else 0.0

    def overtaken_by_s(self) -> float:
        """Return how long a frame is held back so that later ones overtake it, seconds."""
        return self._dice.uniform(0.02, 0.2)

    def end(self) -> tuple[float, SocketEnd] | None:
        """Return when this socket ends (seconds from now) and how, or None; ages are exponential."""
        plan = self._faults.plan
        means: tuple[tuple[float, SocketEnd], ...] = (
            (plan.disconnect, "disconnect"),
            (plan.close, "close"),
            (plan.half_open, "half_open"),
        )
        ends: list[tuple[float, SocketEnd]] = [
            (self._dice.expovariate(1 / mean), kind) for mean, kind in means if mean
        ]
        return min(ends, default=None)

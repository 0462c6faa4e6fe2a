"""The dice of one socket: what happens to each of its frames, how slowly it is read, when and how it ends."""

import random
from typing import Literal, NamedTuple, Protocol

from marginwatch.sim.faults.plan import FaultPlan

Damage = Literal["malformed", "wrong_types", "huge", "trickle", "truncate"]
SocketEnd = Literal["disconnect", "close", "half_open"]


class FrameFate(NamedTuple):
    """What happens to one pushed frame: how often it is sent (0: lost), how late, how damaged."""

    copies: int
    delay_s: float
    is_overtaken: bool
    damage: Damage | None


UNTOUCHED = FrameFate(1, 0.0, False, None)  # positional: built for every frame


class Rules(Protocol):
    """What a socket's dice need to know of their exchange's faults."""

    is_active: bool
    touches_frames: bool

    @property
    def plan(self) -> FaultPlan:
        """What may go wrong at present."""
        ...


class SocketFaults:
    """The dice of one socket; made by :meth:`marginwatch.sim.faults.dice.Faults.for_socket`."""

    def __init__(self, rules: Rules, dice: random.Random) -> None:
        self._rules = rules
        self.dice = dice

    @property
    def is_active(self) -> bool:
        """True while faults may happen."""
        return self._rules.is_active

    def frame_fate(self) -> FrameFate:
        """Return what happens to the next pushed frame; constant time, no dice thrown where nothing may happen."""
        if not self._rules.touches_frames or not self._rules.is_active:
            return UNTOUCHED
        plan, dice = self._rules.plan, self.dice
        if plan.drop and dice.random() < plan.drop:
            return FrameFate(0, 0.0, False, None)  # as above
        return FrameFate(
            damage=self._damage(plan),
            copies=2 if plan.duplicate and dice.random() < plan.duplicate else 1,
            delay_s=self.delay_s(),
            is_overtaken=bool(plan.reorder) and dice.random() < plan.reorder,
        )

    def _damage(self, plan: FaultPlan) -> Damage | None:
        kinds: tuple[tuple[float, Damage], ...] = (
            (plan.truncate, "truncate"),
            (plan.malformed, "malformed"),
            (plan.wrong_types, "wrong_types"),
            (plan.huge, "huge"),
            (plan.trickle, "trickle"),
        )
        for chance, kind in kinds:
            if chance and self.dice.random() < chance:
                return kind
        return None

    def delay_s(self) -> float:
        """Return how long the next frame waits, seconds."""
        low, high = self._rules.plan.delay
        return self.dice.uniform(low, high) if high and self.is_active else 0.0

    def reading_s(self) -> float:
        """Return how late the next request of the client is read, seconds."""
        low, high = self._rules.plan.slow_reader
        return self.dice.uniform(low, high) if high and self.is_active else 0.0

    def overtaken_by_s(self) -> float:
        """Return how long a frame is held back so that later ones overtake it, seconds."""
        return self.dice.uniform(0.02, 0.2)

    def pause_s(self) -> float:
        """Return the pause between two pieces of a frame that arrives in pieces, seconds."""
        return self.dice.uniform(0.01, 0.1)

    def end(self) -> tuple[float, SocketEnd] | None:
        """Return when this socket ends (seconds from now) and how, or None; ages are exponential."""
        plan = self._rules.plan
        means: tuple[tuple[float, SocketEnd], ...] = (
            (plan.disconnect, "disconnect"),
            (plan.close, "close"),
            (plan.half_open, "half_open"),
        )
        ends: list[tuple[float, SocketEnd]] = [
            (self.dice.expovariate(1 / mean), kind) for mean, kind in means if mean
        ]
        return min(ends, default=None)

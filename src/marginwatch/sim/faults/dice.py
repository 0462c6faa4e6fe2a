"""The dice of one simulated exchange: the next REST call, the time to the next mishap, and whose key will die."""

import random
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from marginwatch.sim.faults.plan import FaultPlan
from marginwatch.sim.faults.socket_dice import SocketFaults

RestFault = Literal[
    "error", "busy", "limited", "cut", "hang", "empty", "page",
    "malformed", "truncate", "wrong_types", "huge",
]  # fmt: skip

KeyDeath = Literal["revoked", "expired", "bound elsewhere"]


class Doom(NamedTuple):
    """How and when a key dies, seconds after the start."""

    after_s: float
    how: KeyDeath


class Faults:
    """The dice of one simulated exchange.

    Parameters
    ----------
    plan : FaultPlan, optional
        What may go wrong; nothing by default. May be replaced at any time.
    seed : int, default=0
        The same seed and the same order of questions give the same faults.
    """

    def __init__(self, plan: FaultPlan | None = None, seed: int = 0) -> None:
        self.seed = seed
        self.is_active = True
        self.on_plan: Callable[[], None] | None = None
        """Called when the plan was replaced."""
        self._rest_dice = random.Random(f"{seed}/rest")
        self._sockets = 0
        self.plan = plan or FaultPlan()

    @property
    def plan(self) -> FaultPlan:
        """What may go wrong at present."""
        return self._plan

    @plan.setter
    def plan(self, plan: FaultPlan) -> None:
        self._plan = plan
        chances: dict[RestFault, float] = {
            "error": plan.rest_error,
            "busy": plan.rest_busy,
            "limited": plan.rest_limited,
            "cut": plan.rest_cut,
            "hang": plan.rest_hang,
            "empty": plan.rest_empty,
            "page": plan.rest_page,
            "malformed": plan.rest_malformed,
            "truncate": plan.rest_truncate,
            "wrong_types": plan.rest_wrong_types,
            "huge": plan.rest_huge,
        }
        self._rest_table: list[tuple[float, RestFault]] = [
            (chance, fault) for fault, chance in chances.items() if chance
        ]
        self.touches_frames = any(
            (plan.drop, plan.duplicate, plan.reorder, plan.malformed, plan.truncate, plan.delay[1])
        ) or any((plan.wrong_types, plan.huge, plan.trickle))

        if self.on_plan is not None:
            self.on_plan()

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
        """Return what goes wrong with the next REST call, or None; all kinds share one throw."""
        if not self.is_active or not self._rest_table:
            return None
        throw = self._rest_dice.random()
        for chance, fault in self._rest_table:
            if throw < chance:
                return fault
            throw -= chance
        return None

    def rest_error_status(self) -> int:
        """Return the HTTP status of a server-side failure: 500, 502 or 503."""
        return self._rest_dice.choice((500, 502, 503))

    def ret_code(self, path: str) -> int | None:
        """Return the retCode that a call of an endpoint gets out of the blue, or None; the first that hits counts."""
        if self.is_active:
            for fault in self.plan.codes:
                if fnmatchcase(path, fault.pattern) and self._rest_dice.random() < fault.chance:
                    return fault.code
        return None

    def is_short_page(self) -> bool:
        """Return whether the next page holds less than was asked for."""
        return self._hits(self.plan.short_pages)

    def refuses_socket(self) -> bool:
        """Return whether the next new socket is refused."""
        return self._hits(self.plan.refuse_socket)

    def refuses_login(self) -> bool:
        """Return whether the next log-in of a good key is refused."""
        return self._hits(self.plan.refuse_login)

    def damage_dice(self) -> random.Random:
        """Return dice for the place of a damage in a reply."""
        return self._rest_dice

    def event_dice(self, kind: str) -> random.Random:
        """Return the dice of one kind of mishap that befalls the whole exchange; each kind has its own."""
        return random.Random(f"{self.seed}/{kind}")

    def dooms(self, uids: Iterable[str]) -> dict[str, Doom]:
        """Return whose key dies, when and how: exactly the planned share, the same ones for the same seed."""
        dice, everybody = self.event_dice("revoke"), sorted(uids)
        chosen = dice.sample(everybody, round(self.plan.revoke * len(everybody)))
        ways: tuple[KeyDeath, ...] = ("revoked", "expired", "bound elsewhere")
        return {uid: Doom(dice.uniform(*self.plan.revoke_after), dice.choice(ways)) for uid in chosen}

    def for_socket(self) -> SocketFaults:
        """Return the dice of a new socket, numbered in the order of connecting."""
        self._sockets += 1
        return SocketFaults(self, random.Random(f"{self.seed}/socket/{self._sockets}"))

    def _hits(self, chance: float) -> bool:
        return bool(chance) and self.is_active and self._rest_dice.random() < chance

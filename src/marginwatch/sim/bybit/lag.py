"""The private side of an exchange in trouble: standing still, or telling the past.

Exchanges have done both in crashes. A frozen private side says nothing on streams and repeats itself by REST; a late one
pushes late and answers with what was true a while ago. Both are fed from replies that were given before: what nobody
ever asked is answered as it is.
"""

import collections
import enum
from typing import NamedTuple

import msgspec

from marginwatch.clock import Clock
from marginwatch.sim.bybit.envelope import Result
from marginwatch.sim.faults import Faults

LAGGING = frozenset(
    {
        "/v5/position/list",
        "/v5/account/wallet-balance",
        "/v5/order/realtime",
        "/v5/execution/list",
        "/v5/account/transaction-log",
    }
)
"""Endpoints that tell the state of an account."""

LONGEST_CRASH_S = 300.0
QUESTIONS = 50_000
"""So many different questions are remembered, the latest ones."""


class Question(NamedTuple):
    """Who asked what."""

    uid: str
    path: str
    query: str


class Still(enum.Enum):
    """What of the private side stands still."""

    NOTHING = enum.auto()
    STREAMS = enum.auto()
    ALL = enum.auto()


class PrivateLag:
    """How far behind the private side is, and what it said before.

    Parameters
    ----------
    faults : Faults
        Its plan says how late; a stop of the faults ends every lag but one that is held by hand.
    clock : Clock
        Whose seconds count.
    """

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self.held_still = Still.NOTHING
        """By hand."""
        self.held_late_s = 0.0
        """By hand, seconds."""
        self._still_since_s = 0.0
        self._still_until_s = float("-inf")
        self._crash_until_s = float("-inf")
        self._said: collections.OrderedDict[Question, collections.deque[tuple[float, msgspec.Raw]]] = (
            collections.OrderedDict()
        )

    def hold(self, still: Still) -> None:
        """Let the private side stand still, or move again, whatever the faults do."""
        if self.held_still is Still.NOTHING:
            self._still_since_s = self._clock.monotonic_s()
        self.held_still = still

    def freeze(self, for_s: float) -> None:
        """Let streams and replies stand still for so many seconds from now."""
        if not self.is_replying_still:
            self._still_since_s = self._clock.monotonic_s()
        self._still_until_s = max(self._still_until_s, self._clock.monotonic_s() + for_s)

    def crash(self, for_s: float = LONGEST_CRASH_S) -> None:
        """Let the lag of a crash last for so many seconds from now."""
        self._crash_until_s = self._clock.monotonic_s() + for_s

    @property
    def is_silent(self) -> bool:
        """True while streams say nothing."""
        return self.held_still is not Still.NOTHING or self._is_frozen

    @property
    def is_replying_still(self) -> bool:
        """True while replies repeat themselves."""
        return self.held_still is Still.ALL or self._is_frozen

    @property
    def _is_frozen(self) -> bool:
        return self._faults.is_active and self._clock.monotonic_s() < self._still_until_s

    @property
    def late_s(self) -> float:
        """How late the private side is, seconds; 0 while it is on time."""
        if not self._faults.is_active:
            return self.held_late_s
        plan = self._faults.plan
        in_crash = plan.crash_late if self._clock.monotonic_s() < self._crash_until_s else 0.0
        return max(self.held_late_s, plan.late, in_crash)

    def reply(self, question: Question, result: Result) -> Result | msgspec.Raw:
        """Return what the caller is told: ``result``, or what was told before, as far back as the lag goes.

        Parameters
        ----------
        question : Question
            Who asked what.
        result : mapping
            What is true now.
        """
        late_s, is_still = self.late_s, self.is_replying_still
        if question.path not in LAGGING or not (late_s or is_still or self._may_lag):
            return result
        now_s = self._clock.monotonic_s()
        said = self._said.setdefault(question, collections.deque())
        self._said.move_to_end(question)
        if len(self._said) > QUESTIONS:
            self._said.popitem(last=False)
        # As bytes: minutes of replies to a thousand accounts are kept.
        if not said or not is_still:
            said.append((now_s, msgspec.Raw(msgspec.json.encode(result))))
        as_of_s = (min(now_s, self._still_since_s) if is_still else now_s) - late_s
        plan = self._faults.plan
        needed_s = now_s - max(late_s, plan.late, plan.crash_late)
        while len(said) > 1 and said[1][0] <= min(needed_s, as_of_s):
            said.popleft()
        return next((told for at_s, told in reversed(said) if at_s <= as_of_s), said[0][1])

    @property
    def _may_lag(self) -> bool:
        plan = self._faults.plan
        return bool(plan.freeze or plan.late or plan.crash_freeze or plan.crash_late)

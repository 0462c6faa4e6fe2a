"""What rules judge and no frame holds, gathered once a second: keys, budgets, clocks, events, channels, ourselves."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from marginwatch.app.alerting.happenings import Happenings
from marginwatch.app.alerting.self_watch import SelfWatch
from marginwatch.clock import Clock
from marginwatch.collect.budget import BudgetState
from marginwatch.collect.statuses import AccountStatus
from marginwatch.model.ids import VenueId
from marginwatch.model.venue_facts import Maintenance
from marginwatch.notify.health import ChannelHealth
from marginwatch.risk.answers import Answer
from marginwatch.rules.facts import FactColumn, Facts, Reading
from marginwatch.rules.measures.facts import SERVICE

EVERY_S = 1.0
BUDGET_SAMPLES = 60
"""The use of a budget is judged over a minute: one burst uses up a window of seconds and is no trouble."""

STATUSES_EVERY_S = 10.0
"""Keys change by the day, and ten thousand statuses take milliseconds."""

COUNTED = {
    "account.liquidation_fills": ("liquidation",),
    "account.adl_fills": ("adl",),
    "account.margin_mode_changes": ("margin_mode_changed",),
    "account.type_changes": ("account_type_changed",),
    "account.reconciliation_breaks": ("break",),
}
"""Measure → kinds of notices that it counts."""


class Watched(Protocol):
    """What is asked of the service."""

    def statuses(self) -> Sequence[AccountStatus]:
        """Return every session's status."""
        ...

    def budget_states(self) -> Mapping[VenueId, BudgetState]:
        """Return how the budget of each venue stands."""
        ...

    def clock_skews_s(self) -> Mapping[VenueId, float]:
        """Return our clock − the venue's, seconds, where it was measured."""
        ...

    def maintenances(self) -> Mapping[VenueId, Sequence[Maintenance]]:
        """Return what each venue has announced and has not ended."""
        ...

    def framed_at_ns(self) -> int | None:
        """Return the moment of the latest frame."""
        ...


class FactKeeper:
    """Puts the latest figures into the facts.

    Parameters
    ----------
    facts : Facts
        Written here alone.
    service : Watched
        Asked for what it knows.
    self_watch : SelfWatch
        How we are ourselves.
    channels : callable
        Returns how each channel does.
    equity : callable
        Returns what is known of daily losses and drawdowns: columns, and readings by name.
    clock : Clock
        Time.

    Attributes
    ----------
    happenings : Happenings
        To be told of notices and breaks.
    """

    def __init__(
        self,
        facts: Facts,
        service: Watched,
        self_watch: SelfWatch,
        channels: Callable[[], Mapping[str, ChannelHealth]],
        equity: Callable[[], tuple[Mapping[str, FactColumn], Mapping[str, Mapping[str, Reading]]]],
        clock: Clock,
    ) -> None:
        self.happenings = Happenings()
        self._facts = facts
        self._service = service
        self._self = self_watch
        self._channels = channels
        self._equity = equity
        self._clock = clock
        self._budgets: dict[VenueId, deque[float]] = {}
        self._statuses_due_s = 0.0

    async def run(self) -> None:
        """Gather every second until cancelled."""
        while True:
            self.gather()
            await self._clock.sleep(EVERY_S)

    def gather(self) -> None:
        """Put everything known now into the facts."""
        now_ns, now_s = self._clock.now_ns(), self._clock.monotonic_s()
        found: dict[str, Mapping[str, Reading]] = {**self._ourselves(now_ns), **self._venues(now_ns)}
        for measure, kinds in COUNTED.items():
            counts = self.happenings.counts(kinds, now_ns)
            found[measure] = {name: Reading(float(n)) for name, n in counts.items()}
        found["channel.is_failing"] = {
            name: Reading(float(health.is_failing)) for name, health in self._channels().items()
        }
        if now_s >= self._statuses_due_s:
            self._statuses_due_s = now_s + STATUSES_EVERY_S
            found |= self._keys(now_ns)
        columns, readings = self._equity()
        self._facts.by_row.update(columns)
        self._facts.by_name.update(found | dict(readings))

    def _ourselves(self, now_ns: int) -> dict[str, Mapping[str, Reading]]:
        report, framed_ns = self._self.report(), self._service.framed_at_ns()
        disk = _missing("the data folder's disk cannot be read")
        if report.disk_free_share is not None:
            disk = Reading(report.disk_free_share)
        age = _missing("there was no frame yet")
        if framed_ns is not None:
            age = Reading(max(0.0, (now_ns - framed_ns) / 1e9))
        return {
            "service.memory_share": {SERVICE: Reading(report.memory_share)},
            "service.disk_free_share": {SERVICE: disk},
            "service.loop_lag": {SERVICE: Reading(report.loop_lag_s)},
            "service.frame_age": {SERVICE: age},
        }

    def _venues(self, now_ns: int) -> dict[str, Mapping[str, Reading]]:
        used: dict[str, Reading] = {}
        for venue, state in self._service.budget_states().items():
            samples = self._budgets.setdefault(venue, deque(maxlen=BUDGET_SAMPLES))
            # A host that must be left alone gives nothing, however little was used.
            is_blocked = state.blocked_until_ns is not None
            samples.append(1.0 if is_blocked else state.used / max(1, state.allowed))
            used[str(venue)] = Reading(sum(samples) / len(samples))
        skews = {str(venue): Reading(skew_s) for venue, skew_s in self._service.clock_skews_s().items()}
        announced = {
            str(venue): Reading(
                float(sum(one.ends_at_ns is None or one.ends_at_ns > now_ns for one in all_of))
            )
            for venue, all_of in self._service.maintenances().items()
        }
        return {
            "venue.rate_budget_used": used,
            "venue.clock_skew": skews,
            "venue.maintenance_announced": announced,
        }

    def _keys(self, now_ns: int) -> dict[str, Mapping[str, Reading]]:
        statuses = self._service.statuses()
        return {
            "account.key_expires_in": {
                str(one.account_id): Reading((one.key_expires_at_ns - now_ns) / 1e9)
                for one in statuses
                if one.key_expires_at_ns is not None
            },
            "account.key_is_unsafe": {
                str(one.account_id): Reading(1.0) for one in statuses if one.is_key_unsafe
            },
        }


def _missing(reason: str) -> Reading:
    return Reading(float("nan"), Answer.MISSING, reason)

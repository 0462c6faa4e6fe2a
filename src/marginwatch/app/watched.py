"""What rules ask a service beside its frames."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from marginwatch.clock import Clock
from marginwatch.collect.budget import BudgetState, RateBudget
from marginwatch.collect.fleet import Fleet
from marginwatch.collect.statuses import AccountStatus
from marginwatch.engine.engine import Engine
from marginwatch.model.ids import VenueId
from marginwatch.model.venue_facts import Maintenance


class VenueClock(Protocol):
    """The venue's clock as seen from here."""

    @property
    def is_measured(self) -> bool:
        """Whether it was compared with ours at all."""
        ...

    @property
    def offset_ns(self) -> int:
        """How far it is ahead of ours, nanoseconds."""
        ...


class WatchedService:
    """Answers for sessions, budgets and clocks.

    Parameters
    ----------
    fleet : Fleet
        The sessions.
    engine : Engine
        Makes frames.
    budgets : mapping of str to RateBudget
        By exchange.
    clocks : mapping of VenueId to (exchange, VenueClock)
        Of each venue that was opened.
    clock : Clock
        Time.
    """

    def __init__(
        self,
        fleet: Fleet,
        engine: Engine,
        budgets: Mapping[str, RateBudget],
        clocks: Mapping[VenueId, tuple[str, VenueClock]],
        clock: Clock,
    ) -> None:
        self._fleet = fleet
        self._engine = engine
        self._budgets = budgets
        self._clocks = clocks
        self._clock = clock

    def statuses(self) -> Sequence[AccountStatus]:
        """Return every session's status."""
        return self._fleet.statuses()

    def budget_states(self) -> Mapping[VenueId, BudgetState]:
        """Return how the budget of each venue stands; venues of one exchange share one."""
        states = {exchange: budget.state() for exchange, budget in self._budgets.items()}
        return {
            venue: states[exchange] for venue, (exchange, _) in self._clocks.items() if exchange in states
        }

    def clock_skews_s(self) -> Mapping[VenueId, float]:
        """Return our clock − the venue's, seconds, where it was measured."""
        return {
            venue: -clock.offset_ns / 1e9 for venue, (_, clock) in self._clocks.items() if clock.is_measured
        }

    def maintenances(self) -> Mapping[VenueId, Sequence[Maintenance]]:
        """Return what each venue has announced and has not ended."""
        return self._fleet.maintenances()

    def framed_at_ns(self) -> int | None:
        """Return the moment of the latest frame; None before the first."""
        frame = self._engine.frame
        return None if frame is None else frame.at_ns

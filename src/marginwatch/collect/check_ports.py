"""What a venue must offer for its accounts to be checked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from marginwatch.collect.budget import RateBudget
from marginwatch.collect.ports import Verdict
from marginwatch.model.account import AccountSpec, Endpoints, KeyReport
from marginwatch.model.ids import Asset, VenueId
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import Maintenance, OutsideBalance, SubMember, Withdrawable


class SweepCounts(Protocol):
    """What a sweep found."""

    @property
    def rows(self) -> dict[str, int | None]:
        """Open positions per segment; None where the segment is closed to the key."""
        ...


class CheckClient(Protocol):
    """REST calls of one account that a check makes, each within the shared budget."""

    @property
    def last_sweep(self) -> SweepCounts | None:
        """What the last complete sweep found; None before the first."""
        ...

    @property
    def closed_endpoints(self) -> Mapping[str, str]:
        """A sentence for each endpoint that this key may not use or this host does not have."""
        ...

    async def fetch_key_report(self) -> KeyReport:
        """Return what the key may do."""
        ...

    async def fetch_account(self, *, include_orders: bool = False) -> AccountSnapshot:
        """Return a complete sweep."""
        ...

    async def fetch_funding_balances(self) -> tuple[OutsideBalance, ...]:
        """Return the coins that back no position."""
        ...

    async def fetch_withdrawable(self, assets: Sequence[Asset]) -> tuple[Withdrawable, ...]:
        """Return what could leave the margin account now."""
        ...

    async def fetch_sub_members(self) -> tuple[SubMember, ...]:
        """Return the sub-accounts of a main account."""
        ...


class ClockSample(Protocol):
    """One measurement of the venue's clock."""

    @property
    def offset_ns(self) -> int:
        """How far it is ahead of ours, nanoseconds."""
        ...

    @property
    def latency_ns(self) -> int:
        """Round trip of the measurement, nanoseconds."""
        ...


class VenueClock(Protocol):
    """The venue's clock as seen from here."""

    @property
    def best(self) -> ClockSample | None:
        """The sample in use; None before the first one."""
        ...


class CheckVenue(Protocol):
    """REST calls of a venue that a check makes."""

    @property
    def clock_offset(self) -> VenueClock:
        """The venue's clock."""
        ...

    def client(self, spec: AccountSpec) -> CheckClient:
        """Return the REST calls of one account."""
        ...

    async def sync_clock(self) -> None:
        """Measure the venue's clock anew."""
        ...

    async def fetch_system_status(self) -> tuple[Maintenance, ...]:
        """Return the interruptions that the venue announces."""
        ...


@dataclass(frozen=True, slots=True)
class CheckPort:
    """One venue, for a check.

    Parameters
    ----------
    venue, endpoints
        Which, and where.
    rest : CheckVenue
        Its calls.
    budget : RateBudget
        The budget that they pass.
    calls_per_sweep : float
        REST calls of one complete snapshot, for planning.
    judge_key : callable
        Whether a key may be used, from its report, its account and UTC nanoseconds.
    grant_for : callable
        Endpoint → the permission that opens it, None if it is not known.
    """

    venue: VenueId
    endpoints: Endpoints
    rest: CheckVenue
    budget: RateBudget
    calls_per_sweep: float
    judge_key: Callable[[KeyReport, AccountSpec, int], Verdict]
    grant_for: Callable[[str], str | None]

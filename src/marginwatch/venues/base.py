"""What every venue folder provides, so that ``collect`` need not know which exchange it speaks to."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from marginwatch.model.account import AccountSpec, Endpoints, KeyReport
from marginwatch.model.activity import Fill, LedgerEntry
from marginwatch.model.ids import VenueId
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import BorrowTier, CollateralInfo, FeeRate


class EndpointLimit(msgspec.Struct, frozen=True):
    """How often one endpoint may be called: ``calls`` per ``per_s`` seconds, counted per ``scope``."""

    calls: int
    per_s: float
    scope: str = "uid"


class VenueManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one exchange that configuration and budgets need.

    Parameters
    ----------
    exchange : str
        Name as written in the configuration.
    environments : mapping of str to Endpoints
        Hosts by environment name.
    ip_limit : EndpointLimit
        Requests of all accounts behind one address, per host.
    connect_limit : EndpointLimit
        New sockets per stream domain.
    endpoint_limits : mapping of str to EndpointLimit
        Per path.
    documents : str
        Where these facts come from, with their date.
    """

    exchange: str
    environments: Mapping[str, Endpoints]
    ip_limit: EndpointLimit
    connect_limit: EndpointLimit
    endpoint_limits: Mapping[str, EndpointLimit]
    documents: str

    def venue_id(self, environment: str) -> VenueId:
        """Return the venue of an environment: the exchange alone for ``live``, else ``exchange-environment``."""
        return VenueId(self.exchange if environment == "live" else f"{self.exchange}-{environment}")


class RateGate(Protocol):
    """The shared budget that every REST call passes; ``collect`` provides it."""

    async def acquire(self, endpoint: str, uid_key: str | None) -> None:
        """Wait until one call of ``endpoint`` fits; ``uid_key`` names the caller's own bucket (None: public)."""
        ...

    def observe(self, endpoint: str, uid_key: str | None, headers: Mapping[str, str]) -> None:
        """Learn from the headers of a reply."""
        ...

    def block_host(self, seconds: float, message: str) -> None:
        """Stop all calls to the host for a while (address banned)."""
        ...

    def block_bucket(self, endpoint: str, uid_key: str | None, until_ns: int) -> None:
        """Stop one bucket until a moment, UTC nanoseconds."""
        ...


class VenueClient(Protocol):
    """REST calls of one account; every call passes the shared rate budget."""

    @property
    def spec(self) -> AccountSpec:
        """The configured account."""
        ...

    async def fetch_key_report(self) -> KeyReport:
        """Return what the key may do."""
        ...

    async def fetch_account(self, *, include_orders: bool = False) -> AccountSnapshot:
        """Return a complete sweep of the account, with its open orders if they are asked for."""
        ...

    async def fetch_fee_rates(self, category: str) -> tuple[FeeRate, ...]:
        """Return the account's fees in all contracts of a category."""
        ...

    async def fetch_collateral_info(self) -> tuple[CollateralInfo, ...]:
        """Return how each coin of the account may be pledged and borrowed."""
        ...

    async def fetch_borrow_tiers(self) -> tuple[BorrowTier, ...]:
        """Return the margin tiers of debts in all coins of the venue."""
        ...

    async def fetch_fills_since(self, since_ns: int) -> tuple[Fill, ...]:
        """Return the executions after ``since_ns``, oldest first."""
        ...

    async def fetch_ledger(self, since_ns: int, until_ns: int | None = None) -> tuple[LedgerEntry, ...]:
        """Return the ledger lines from ``since_ns`` to ``until_ns`` (None: now), the venue's clock, oldest first."""
        ...

"""What a venue must offer so that a session need not know which exchange it speaks to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from marginwatch.errors import MarginwatchError
from marginwatch.model.account import AccountSpec, Endpoints, KeyReport
from marginwatch.model.events import (
    AdlAlertsUpdate,
    Event,
    InsurancePoolsUpdate,
    LiquidationsSeen,
    MarksUpdate,
)
from marginwatch.model.ids import Asset, VenueId
from marginwatch.model.instrument import Instrument, MarginTier
from marginwatch.model.market import BookChange
from marginwatch.model.price import Mark
from marginwatch.model.price_history import PriceClose
from marginwatch.model.venue_facts import CollateralTier, FeeRate, Maintenance
from marginwatch.venues.base import EndpointLimit, VenueClient

MarketNews: TypeAlias = BookChange | LiquidationsSeen | InsurancePoolsUpdate | AdlAlertsUpdate
"""What public streams say beside prices."""


class Control(Protocol):
    """A frame that speaks about the stream itself: an answer, a pong, an error."""

    @property
    def kind(self) -> str:
        """``auth``, ``subscribe``, ``pong``, ``error`` or ``other``."""
        ...

    @property
    def is_success(self) -> bool:
        """Whether the venue did what was asked."""
        ...

    @property
    def code(self) -> int | None:
        """The venue's own code, if it sent one."""
        ...

    @property
    def message(self) -> str:
        """The venue's words."""
        ...

    @property
    def already_subscribed(self) -> bool:
        """True for the harmless refusal of a topic that we have."""
        ...


class Subscription(Protocol):
    """One subscribe request."""

    @property
    def frame(self) -> bytes:
        """What is sent."""
        ...

    @property
    def is_optional(self) -> bool:
        """Whether the account can be followed without it."""
        ...


class Verdict(Protocol):
    """Whether a key may be used."""

    @property
    def refusal(self) -> str | None:
        """A sentence with the remedy; None if the key is fine."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the owner should mend in time."""
        ...

    @property
    def expiry_warning(self) -> str | None:
        """The one among them whose words change as time goes by; None if the key does not expire soon."""
        ...


class StreamDialect(Protocol):
    """Frames of a venue's streams, pure functions of their arguments."""

    def login(self, spec: AccountSpec, expires_at_ns: int) -> bytes:
        """Return the log-in frame that is valid until ``expires_at_ns`` on the venue's clock."""
        ...

    def login_error(self, control: Control, spec: AccountSpec) -> MarginwatchError:
        """Return what a refused log-in means."""
        ...

    def subscribe_private(self, topics: str) -> Sequence[Subscription]:
        """Return the requests that subscribe to an account, in the form of topics that it is configured for."""
        ...

    def ping(self) -> bytes:
        """Return the frame that any living socket answers."""
        ...

    def read_private(
        self, frame: bytes, spec: AccountSpec, ts_received_ns: int
    ) -> tuple[Event, ...] | Control:
        """Return what a private frame says; ProtocolError if it does not decode."""
        ...

    def read_public(self, frame: bytes, category: str, ts_received_ns: int) -> MarksUpdate | Control:
        """Return what a public frame says; ProtocolError if it does not decode."""
        ...

    def read_market(self, frame: bytes, category: str, ts_received_ns: int) -> MarketNews | Control:
        """Return what a public frame says of depth, liquidations and insurance; ProtocolError if it does not decode."""
        ...

    def market_topics(self, instrument: Instrument) -> tuple[str, ...]:
        """Return the topics of a contract that are read by :meth:`read_market`; empty if it has none."""
        ...

    def ticker_topic(self, instrument: Instrument) -> str:
        """Return the topic of a contract's public prices."""
        ...

    def subscribe_public(self, category: str, topics: Sequence[str]) -> tuple[bytes, ...]:
        """Return the requests that subscribe to ``topics``, each within the venue's bounds."""
        ...

    def unsubscribe_public(self, category: str, topics: Sequence[str]) -> tuple[bytes, ...]:
        """Return the requests that give ``topics`` back."""
        ...

    def fits_public(self, category: str, topics: Iterable[str], one_more: str) -> bool:
        """Return whether a connection that has ``topics`` may take one more."""
        ...

    def refused_topics(self, control: Control) -> tuple[str, ...]:
        """Return the topics that a refused subscription names; empty if it names none."""
        ...

    def conversion_instruments(self) -> tuple[Instrument, ...]:
        """Return the contracts whose indices turn settlement currencies into USD."""
        ...

    def collateral_instrument(self, asset: Asset) -> Instrument | None:
        """Return the contract that prices a wallet coin in USD; None for one that needs none."""
        ...


class FactsVenue(Protocol):
    """What a venue tells everybody and seldom changes."""

    async def load_instruments(self) -> Sequence[Instrument]:
        """Return all contracts that trade; the catalog learns them."""
        ...

    def take_replaced(self) -> tuple[Instrument, ...]:
        """Return the loaded contracts that took the place of an inferred one since the last call."""
        ...

    async def fetch_tiers(
        self, category: str, instruments: Sequence[Instrument] | None = None
    ) -> tuple[MarginTier, ...]:
        """Return the risk-limit tables of some contracts of a category, or (None) of all."""
        ...

    async def fetch_collateral_tiers(self) -> tuple[CollateralTier, ...]:
        """Return how much of each coin counts as collateral, band by band."""
        ...

    async def fetch_system_status(self) -> tuple[Maintenance, ...]:
        """Return the interruptions that the venue announces."""
        ...


class ClosesVenue(Protocol):
    """Closes of past intervals."""

    async def fetch_closes(
        self, category: str, symbol: str, interval_s: int, since_s: int, rows_max: int
    ) -> tuple[PriceClose, ...]:
        """Return the closes of finished intervals that began at ``since_s`` or later, oldest first, in one call."""
        ...


class RestVenue(Protocol):
    """REST calls of a venue that are not an account's own."""

    def client(self, spec: AccountSpec) -> VenueClient:
        """Return the REST calls of one account."""
        ...

    async def sync_clock(self) -> None:
        """Measure the venue's clock anew."""
        ...

    async def fetch_marks(self, category: str, instruments: Sequence[Instrument]) -> tuple[Mark, ...]:
        """Return the prices of a whole category (of the held underlyings, for options) in one call or a few."""
        ...

    async def load_contracts(self, instruments: Sequence[Instrument]) -> tuple[Instrument, ...]:
        """Return the contracts as the venue describes them, asked for by symbol; the catalog learns them."""
        ...

    def take_unknown(self) -> tuple[Instrument, ...]:
        """Return the contracts first seen since the last call that are known from their symbols only."""
        ...

    def venue_now_ns(self) -> int:
        """Return the venue's clock, UTC nanoseconds."""
        ...


@dataclass(frozen=True, slots=True)
class VenuePort:
    """One exchange in one environment, as collect sees it.

    Parameters
    ----------
    venue, endpoints
        Which, and where.
    rest : RestVenue
        Its REST calls.
    stream : StreamDialect
        Its stream frames.
    connect_limit : EndpointLimit
        New sockets per stream host.
    calls_per_sweep : float
        REST calls of one complete snapshot, for planning.
    seconds_per_call : callable
        How long one call takes of the share of the budget that we may use, seconds. Ports that share a budget give the
        same callable.
    judge_key : callable
        Whether a key may be used, from its report, its account and UTC nanoseconds.
    facts : FactsVenue or None
        Its slow facts; None where the venue has none to tell.
    closes : ClosesVenue or None
        Its past prices; None where it tells none.
    tiered_categories : tuple of str
        The categories whose contracts have risk-limit tables.
    standard_fees : mapping of str to tuple of FeeRate
        The venue's published rates by category, for accounts whose own cannot be read.
    """

    venue: VenueId
    endpoints: Endpoints
    rest: RestVenue
    stream: StreamDialect
    connect_limit: EndpointLimit
    calls_per_sweep: float
    seconds_per_call: Callable[[], float]
    judge_key: Callable[[KeyReport, AccountSpec, int], Verdict]
    facts: FactsVenue | None = None
    closes: ClosesVenue | None = None
    tiered_categories: tuple[str, ...] = ()
    standard_fees: Mapping[str, tuple[FeeRate, ...]] = field(default_factory=dict[str, tuple[FeeRate, ...]])

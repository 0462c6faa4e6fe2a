"""Updates patch: what a session or a price feed hands to the book, synchronously, one object a message."""

from collections.abc import Callable

import msgspec

from marginwatch.model.activity import Fill, OpenOrder
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity
from marginwatch.model.ids import AccountId, Asset, DecimalText, VenueId
from marginwatch.model.instrument import Instrument, MarginTier
from marginwatch.model.market import AdlAlert, Depth, InsurancePool, Liquidation
from marginwatch.model.position import Greeks, Position
from marginwatch.model.price import Mark
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import BorrowTier, CollateralInfo, CollateralTier, FactKind, FeeRate


class PositionsUpdate(msgspec.Struct, frozen=True, gc=False):
    """Whole rows of some positions of one account; rows not named are unchanged.

    ``ts_venue_ns`` is when the venue made the message, ``ts_received_ns`` when we heard it, UTC nanoseconds.
    """

    account_id: AccountId
    positions: tuple[Position, ...]
    ts_venue_ns: int
    ts_received_ns: int


class BalancesUpdate(msgspec.Struct, frozen=True, gc=False):
    """Account totals (None if not in the message) and the coins it names; coins not named are unchanged."""

    account_id: AccountId
    account: AccountState | None
    balances: tuple[Balance, ...]
    ts_venue_ns: int
    ts_received_ns: int


class FillsUpdate(msgspec.Struct, frozen=True, gc=False):
    """Executions, live or found afterwards (``is_backfill``)."""

    account_id: AccountId
    fills: tuple[Fill, ...]
    ts_venue_ns: int
    ts_received_ns: int
    is_backfill: bool = False


class OrdersUpdate(msgspec.Struct, frozen=True, gc=False):
    """Orders that changed."""

    account_id: AccountId
    orders: tuple[OpenOrder, ...]
    ts_venue_ns: int
    ts_received_ns: int


class GreeksUpdate(msgspec.Struct, frozen=True, gc=False):
    """An account's option totals per base asset, as the venue states them."""

    account_id: AccountId
    greeks: tuple[tuple[Asset, Greeks], ...]
    ts_venue_ns: int
    ts_received_ns: int


class MarksUpdate(msgspec.Struct, frozen=True, gc=False):
    """Public prices, snapshots or deltas as each :class:`Mark` says."""

    marks: tuple[Mark, ...]
    ts_received_ns: int


class InstrumentsUpdate(msgspec.Struct, frozen=True):
    """Contracts learned or changed; they replace inferred ones."""

    instruments: tuple[Instrument, ...]


class TiersUpdate(msgspec.Struct, frozen=True):
    """The whole risk-limit table of each contract named in it."""

    tiers: tuple[MarginTier, ...]


class CollateralTiersUpdate(msgspec.Struct, frozen=True):
    """The collateral bands of all coins of a venue: a coin not named counts nothing there."""

    venue: VenueId
    tiers: tuple[CollateralTier, ...]
    ts_received_ns: int


class BorrowTiersUpdate(msgspec.Struct, frozen=True):
    """The borrow tiers of all coins of a venue."""

    venue: VenueId
    tiers: tuple[BorrowTier, ...]
    ts_received_ns: int


class FeeRatesUpdate(msgspec.Struct, frozen=True):
    """An account's fees in all contracts of one category; they replace what was known of it.

    ``is_standard``: the venue's published rates, for an account whose own cannot be read.
    """

    account_id: AccountId
    category: str
    rates: tuple[FeeRate, ...]
    ts_received_ns: int
    is_standard: bool = False


class CollateralInfoUpdate(msgspec.Struct, frozen=True):
    """Which coins of an account count as collateral, where the wallet does not say; coins not named are unchanged."""

    account_id: AccountId
    coins: tuple[CollateralInfo, ...]
    ts_received_ns: int


class FactUnread(msgspec.Struct, frozen=True):
    """A fact was asked for and did not come; until it does, what needs it is missing for this reason."""

    venue: VenueId
    account_id: AccountId | None
    kind: FactKind
    reason: str


class DepthsUpdate(msgspec.Struct, frozen=True, gc=False):
    """Order books of some contracts as they are now; each replaces what was known of its contract."""

    depths: tuple[Depth, ...]
    ts_received_ns: int


class LiquidationsSeen(msgspec.Struct, frozen=True, gc=False):
    """Liquidations of anybody in contracts that are followed."""

    liquidations: tuple[Liquidation, ...]
    ts_received_ns: int


class InsurancePoolsUpdate(msgspec.Struct, frozen=True):
    """Insurance pools of a venue that changed; pools not named are unchanged."""

    venue: VenueId
    pools: tuple[InsurancePool, ...]
    ts_received_ns: int


class AdlAlertsUpdate(msgspec.Struct, frozen=True):
    """How near contracts of a venue are to auto-deleveraging; contracts not named are unchanged."""

    venue: VenueId
    alerts: tuple[AdlAlert, ...]
    ts_received_ns: int


class AssetPricesUpdate(msgspec.Struct, frozen=True):
    """USD prices of assets as a venue states them (asset, price)."""

    prices: tuple[tuple[Asset, DecimalText], ...]
    ts_received_ns: int


class ConnectivityUpdate(msgspec.Struct, frozen=True, gc=False):
    """An account's health changed."""

    connectivity: Connectivity


class AccountRemoved(msgspec.Struct, frozen=True):
    """An account was taken out of the configuration; its rows are to be forgotten."""

    account_id: AccountId


Event = (
    PositionsUpdate
    | BalancesUpdate
    | FillsUpdate
    | OrdersUpdate
    | GreeksUpdate
    | MarksUpdate
    | InstrumentsUpdate
    | TiersUpdate
    | CollateralTiersUpdate
    | BorrowTiersUpdate
    | FeeRatesUpdate
    | CollateralInfoUpdate
    | FactUnread
    | DepthsUpdate
    | LiquidationsSeen
    | InsurancePoolsUpdate
    | AdlAlertsUpdate
    | AssetPricesUpdate
    | ConnectivityUpdate
    | AccountSnapshot
    | AccountRemoved
)

EventSink = Callable[[Event], None]
"""Synchronous by design: a queue and a task switch cost 2 µs a message, a third of the whole floor."""

"""The full sweep of one account: every position, every coin, the totals and what kind of account it is."""

import msgspec

from marginwatch.errors import ConfigError, ConnectivityError, MarginwatchError
from marginwatch.model.activity import OpenOrder
from marginwatch.model.failure import Failure
from marginwatch.model.ids import InstrumentId
from marginwatch.model.position import Position, PositionSide
from marginwatch.venues.bybit.calls import Calls
from marginwatch.venues.bybit.capabilities import is_closed
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.paging import Listing
from marginwatch.venues.bybit.parse.orders import parse_open_orders
from marginwatch.venues.bybit.parse.positions import parse_positions
from marginwatch.venues.bybit.rest import Params

POSITIONS = "/v5/position/list"
ORDERS = "/v5/order/realtime"
POSITIONS_A_PAGE = 200
ORDERS_A_PAGE = 50
CLOCK_SET_BACK_NS = 1_000_000_000
"""A reply that is older than the one before by more than this was stamped by a clock that was set back meanwhile."""


class Segment(msgspec.Struct, frozen=True):
    """One call family of a sweep: ``linear`` has to be asked once per settlement coin."""

    category: str
    settle_coin: str | None = None

    @property
    def name(self) -> str:
        """Return ``linear/USDT``, ``inverse`` and so on."""
        return f"{self.category}/{self.settle_coin}" if self.settle_coin else self.category

    @property
    def is_essential(self) -> bool:
        """Options alone may be closed to a key or absent at a host without the account being unreadable."""
        return self.category != "option"


SEGMENTS = (Segment("linear", "USDT"), Segment("linear", "USDC"), Segment("inverse"), Segment("option"))


class SweepReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep found, so that "no positions although there are some" explains itself.

    Parameters
    ----------
    rows : dict of str to int or None
        Open positions per segment (``linear/USDT``, …); None where the segment is closed to the key.
    coins : int
        Wallet rows.
    orders : int or None
        Open orders; None where they were not asked for.
    pages : int
        Replies it took.
    as_of_ns, heard_ns : int
        Venue's time of the first reply; our time of the last one. UTC nanoseconds.
    """

    rows: dict[str, int | None]
    coins: int
    pages: int
    as_of_ns: int
    heard_ns: int
    orders: int | None = None


class PositionSweep(msgspec.Struct, frozen=True):
    """All open positions, with the rows found per segment, pages read, and the venue's time of first and last reply."""

    positions: tuple[Position, ...]
    failures: tuple[Failure, ...]
    rows: dict[str, int | None]
    pages: int
    as_of_ns: int
    latest_ns: int


def check_order(earlier_ns: int, later_ns: int) -> None:
    """Check the venue's times of two replies, the later one given second.

    Raises
    ------
    ConnectivityError
        If the venue's clock was set back in between: what is older cannot be told from what is newer then.
    """
    if later_ns < earlier_ns - CLOCK_SET_BACK_NS:
        raise ConnectivityError(
            "the venue set its clock back while the account was read; it is read again",
            reason="clock_set_back",
        )


async def sweep_positions(calls: Calls, catalog: InstrumentCatalog) -> PositionSweep:
    """Return every open position, one segment after the other.

    Raises
    ------
    MarginwatchError
        If an essential segment does not answer, or the venue's clock was set back: half a sweep is not a snapshot.
    """
    found: dict[tuple[InstrumentId, PositionSide], Position] = {}
    failures: list[Failure] = []
    rows: dict[str, int | None] = {}
    pages, first_ns, latest_ns = 0, None, 0
    for segment in SEGMENTS:
        try:
            listing = await _positions_of(calls, catalog, segment)
        except MarginwatchError as error:
            if segment.is_essential or not is_closed(error):
                raise
            rows[segment.name] = None
            text = f"{segment.name} positions cannot be read with this key here: {error.message}"
            failures.append(Failure("not_covered", segment.name, text))
            continue
        for position in listing.rows:
            keep_newer(found, position)
        failures += listing.failures
        rows[segment.name] = len(listing.rows)
        pages += listing.n_pages
        check_order(latest_ns, listing.as_of_ns)
        latest_ns = max(latest_ns, listing.as_of_ns)
        first_ns = listing.as_of_ns if first_ns is None else min(first_ns, listing.as_of_ns)
    assert first_ns is not None, "the essential segments have answered"  # noqa: S101  # an invariant, not a check
    return PositionSweep(tuple(found.values()), tuple(failures), rows, pages, first_ns, latest_ns)


class OrderSweep(msgspec.Struct, frozen=True):
    """All open orders of the derivatives segments, and the rows that could not be read."""

    orders: tuple[OpenOrder, ...]
    failures: tuple[Failure, ...]


async def sweep_orders(calls: Calls, catalog: InstrumentCatalog) -> OrderSweep:
    """Return every open order of the derivatives segments; a closed option segment is left out.

    Raises
    ------
    MarginwatchError
        If an essential segment does not answer.
    """
    orders: dict[str, OpenOrder] = {}
    failures: list[Failure] = []
    for segment in SEGMENTS:
        try:
            listing = await calls.read_list(
                ORDERS,
                _params(segment, ORDERS_A_PAGE),
                lambda result, category=segment.category: parse_open_orders(result, category, catalog),
                optional_as=None if segment.is_essential else f"{ORDERS}?category={segment.category}",
            )
        except MarginwatchError as error:
            if segment.is_essential or not is_closed(error):
                raise
            continue
        orders.update((order.order_id, order) for order in listing.rows if order.is_open)
        failures += listing.failures
    return OrderSweep(tuple(orders.values()), tuple(failures))


def keep_newer(found: dict[tuple[InstrumentId, PositionSide], Position], position: Position) -> None:
    """Put a row among those found; a row that moved to a later page while we read is there twice."""
    other = found.get(position.key)
    if other is None or _age_order(position) >= _age_order(other):
        found[position.key] = position


def refuse_unsupported(account_type: str | None) -> None:
    """Raise for a kind of account whose margin we cannot read.

    Raises
    ------
    ConfigError
        For a classic account.
    """
    if account_type == "classic":
        raise ConfigError(
            "this is a classic account, whose wallets and margin are separate and not supported; "
            "upgrade it to a unified trading account (UTA 2.0) at the exchange, or take it out of the configuration",
            reason="account_type",
        )


def coverage_gap(account_type: str | None) -> str | None:
    """Return what is not covered of a kind of account, in a sentence; None where all is."""
    if account_type is None or not account_type.startswith("UTA1"):
        return None
    return (
        f"this is a {account_type} account: its inverse contracts have a wallet and margin of their own, which are not "
        "included; upgrade it to UTA 2.0 at the exchange to see all of it"
    )


def _age_order(position: Position) -> tuple[int, int]:
    return (position.ts_venue_ns or 0, position.sequence or 0)


def _params(segment: Segment, limit: int) -> Params:
    return {"category": segment.category, "settleCoin": segment.settle_coin, "limit": limit}


async def _positions_of(calls: Calls, catalog: InstrumentCatalog, segment: Segment) -> Listing[Position]:
    return await calls.read_list(
        POSITIONS,
        _params(segment, POSITIONS_A_PAGE),
        lambda result: parse_positions(result, segment.category, catalog),
        optional_as=None if segment.is_essential else f"{POSITIONS}?category={segment.category}",
    )

"""One row for each account, and beside it what only Python needs to know."""

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

import numpy as np

from marginwatch.book.fees import Schedule
from marginwatch.book.holdings import number
from marginwatch.book.names import Names
from marginwatch.book.open_orders import OpenOrders
from marginwatch.book.ordering import Stamp
from marginwatch.book.paid_funding import PaidFunding
from marginwatch.book.table import NAN, CodeArray, FloatArray, Table
from marginwatch.model.account import AccountSpec
from marginwatch.model.balance import AccountState
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.ids import Asset, InstrumentId, VenueId
from marginwatch.model.position import Greeks, PositionSide
from marginwatch.model.snapshots import Break

PositionKey: TypeAlias = tuple[InstrumentId, PositionSide]

LINK_CODES = {state: code for code, state in enumerate(LinkState)}
"""LinkState → code in the ``link_state`` column, in the order of the enumeration."""

MARGIN_MODES = {None: 0, "cross": 1, "isolated": 2, "portfolio": 3, "unknown": 4}
"""Margin mode → code in the ``margin_mode`` column."""


@dataclass(slots=True)
class AccountEntry:
    """What the book knows of one account beside its columns.

    Parameters
    ----------
    spec : AccountSpec
        As configured.
    row : int
        In :class:`AccountTable`.
    rows, coins : dict
        Rows of its open positions by key; rows of its holdings by asset.
    tombstones : dict
        Stamps of closed positions, so that a late older message does not open them again.
    floor_ns : int
        A message made no later than this says nothing about a row that the last snapshot did not have.
    held : dict of PositionKey or Asset to Stamp
        Differences not yet acted upon, with the stamp that our side had; looked at again in the next snapshot.
    suspects : dict
        Differences acted upon whose message may still be on its way; breaks if it has not come by the next snapshot.
    is_gap_open : bool
        Messages may be missing for a reason we know (the socket was down), so differences are no breaks.
    is_second_look_due : bool
        The last snapshot left something undecided.
    orders : OpenOrders
        Its open orders.
    funding : PaidFunding
        What it paid and received.
    greeks : dict
        By base asset, as the venue states them.
    schedules : dict of str to Schedule or None
        Cache: the nearest fee schedule by category.
    row_array, wallet_array : ndarray of int64 or None
        Caches: the position rows above; those of the coins in the wallet, or that settle positions.
    """

    spec: AccountSpec
    row: int
    connectivity: Connectivity | None = None
    state: AccountState | None = None
    state_made_ns: int = 0
    rows: dict[PositionKey, int] = field(default_factory=dict[PositionKey, int])
    coins: dict[Asset, int] = field(default_factory=dict[Asset, int])
    tombstones: dict[PositionKey, Stamp] = field(default_factory=dict[PositionKey, Stamp])
    floor_ns: int = 0
    has_snapshot: bool = False
    is_gap_open: bool = False
    is_second_look_due: bool = False
    held: dict[PositionKey | Asset, Stamp] = field(default_factory=dict["PositionKey | Asset", Stamp])
    suspects: dict[tuple[str, str], Break] = field(default_factory=dict[tuple[str, str], Break])
    orders: OpenOrders = field(default_factory=OpenOrders)
    funding: PaidFunding = field(default_factory=PaidFunding)
    schedules: dict[str, Schedule | None] = field(default_factory=dict[str, "Schedule | None"])
    greeks: dict[Asset, Greeks] = field(default_factory=dict[Asset, Greeks])
    row_array: CodeArray | None = None
    wallet_array: CodeArray | None = None

    def position_rows(self) -> CodeArray:
        """Return the rows of its positions, cached until one opens or closes."""
        if self.row_array is None:
            self.row_array = np.fromiter(self.rows.values(), dtype=np.int64, count=len(self.rows))
        return self.row_array


class AccountTable(Table):
    """Totals and health of accounts. Money is in USD, as the venue states it; NaN where it does not.

    Times are UTC nanoseconds, 0 for never. ``link_state`` and ``margin_mode`` count by ``LINK_CODES`` and
    ``MARGIN_MODES``; ``venue``, ``desk`` and ``owner`` by the names of this table. ``stated_at_ns`` is when the venue says that
    its totals held.
    """

    BLANKS: ClassVar[dict[str, float | int | bool]] = {
        "equity": NAN,
        "adjusted_equity": NAN,
        "available_balance": NAN,
        "initial_margin": NAN,
        "maintenance_margin": NAN,
        "venue": 0,
        "desk": 0,
        "owner": 0,
        "margin_mode": 0,
        "stated_at_ns": 0,
        "n_positions": 0,
        "link_state": 0,
        "reconciled_at_ns": 0,
        "socket_replied_at_ns": 0,
        "data_at_ns": 0,
        "fresh_for_ns": 0,
        "socket_alive_for_ns": 0,
    }
    equity: FloatArray
    adjusted_equity: FloatArray
    available_balance: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    venue: CodeArray
    desk: CodeArray
    owner: CodeArray
    margin_mode: CodeArray
    stated_at_ns: CodeArray
    n_positions: CodeArray
    link_state: CodeArray
    reconciled_at_ns: CodeArray
    socket_replied_at_ns: CodeArray
    data_at_ns: CodeArray
    fresh_for_ns: CodeArray
    socket_alive_for_ns: CodeArray
    data_at_ns_at: "memoryview[int]"
    n_positions_at: "memoryview[int]"
    socket_replied_at_ns_at: "memoryview[int]"
    reconciled_at_ns_at: "memoryview[int]"

    def __init__(self) -> None:
        super().__init__()
        # Row 0 is no account: a 0 there keeps "is anything missing?" cheap to answer.
        for total in (
            "equity",
            "adjusted_equity",
            "available_balance",
            "initial_margin",
            "maintenance_margin",
        ):
            getattr(self, total)[0] = 0.0
        self.entries: list[AccountEntry | None] = [None]
        self.specs: list[AccountSpec | None] = [None]
        self.states: list[AccountState | None] = [None]
        self.links: list[Connectivity | None] = [None]
        self.gaps: list[tuple[str, ...]] = [()]
        """Sentences: what belongs to the account and was not in its last snapshot."""
        self.venues: Names[VenueId] = Names()
        self.desks: Names[str] = Names()
        self.owners: Names[str] = Names()
        self.tags: Names[str] = Names()
        self.groups_version = 0

    def add(self, spec: AccountSpec) -> AccountEntry:
        """Return the entry of a new account, not heard yet."""
        row = self.take()
        if row == len(self.entries):
            self.entries.append(None)
            self.specs.append(None)
            self.states.append(None)
            self.links.append(None)
            self.gaps.append(())
        entry = AccountEntry(spec=spec, row=row)
        self.entries[row] = entry
        self.write_spec(entry, spec)
        self.write_connectivity(
            entry, Connectivity(account_id=spec.account_id, link_state=LinkState.STARTING)
        )
        entry.connectivity = self.links[row] = None
        return entry

    def write_spec(self, entry: AccountEntry, spec: AccountSpec) -> None:
        """Take over what is configured."""
        entry.spec = self.specs[entry.row] = spec
        self.venue[entry.row] = self.venues.code(spec.venue)
        self.desk[entry.row] = self.desks.code(spec.desk)
        self.owner[entry.row] = self.owners.code(spec.owner)
        for tag in spec.tags:
            self.tags.code(tag)
        self.groups_version += 1

    def write_connectivity(self, entry: AccountEntry, told: Connectivity) -> None:
        """Take over an account's health; times never go back, for messages of our own may be younger."""
        row = entry.row
        entry.connectivity = self.links[row] = told
        self.link_state[row] = LINK_CODES[told.link_state]
        self.fresh_for_ns[row] = told.fresh_for_ns
        self.socket_alive_for_ns[row] = told.socket_alive_for_ns
        self.reconciled_at_ns[row] = max(int(self.reconciled_at_ns[row]), told.reconciled_at_ns or 0)
        self.socket_replied_at_ns[row] = max(
            int(self.socket_replied_at_ns[row]), told.socket_replied_at_ns or 0
        )
        self.data_at_ns[row] = max(int(self.data_at_ns[row]), told.data_at_ns or 0)

    def write_state(self, entry: AccountEntry, state: AccountState, made_ns: int) -> None:
        """Replace an account's totals; nothing is written if one is not a decimal (ValueError)."""
        numbers = (
            number(state.equity),
            number(state.adjusted_equity),
            number(state.available_balance),
            number(state.initial_margin),
            number(state.maintenance_margin),
        )
        row = entry.row
        (
            self.equity[row],
            self.adjusted_equity[row],
            self.available_balance[row],
            self.initial_margin[row],
            self.maintenance_margin[row],
        ) = numbers
        self.margin_mode[row] = MARGIN_MODES[state.margin_mode]
        self.stated_at_ns[row] = made_ns if state.as_of_ns is None else state.as_of_ns
        entry.state = self.states[row] = state
        entry.state_made_ns = made_ns

    def release(self, row: int) -> None:
        """Forget an account."""
        super().release(row)
        self.entries[row] = self.specs[row] = self.states[row] = self.links[row] = None
        self.gaps[row] = ()
        self.groups_version += 1

"""The book frozen at one moment, in buffers that are used again."""

from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from marginwatch.book.accounts import AccountTable, PositionKey
from marginwatch.book.columns import Columns
from marginwatch.book.leg_facts import LegFacts
from marginwatch.book.positions import PositionTable
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.model.account import AccountSpec
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity
from marginwatch.model.ids import Asset
from marginwatch.model.instrument import Instrument
from marginwatch.model.position import Position

CHANGED_PART_MAX = 8
"""Columns are copied whole once more than one row in so many was written since they were filled."""

LEG_COLUMNS = ("adl_rank", "margin_change_at_ns", "is_seized", "is_reduce_only")
"""What is copied from the facts beside the positions."""

ACCOUNT_CODES = {
    "venue": "account_venue",
    "desk": "account_desk",
    "margin_mode": "margin_mode",
    "reconciled_at_ns": "reconciled_at_ns",
    "stated_at_ns": "stated_at_ns",
}
"""Columns of the account table, and how they are called here."""


@dataclass(slots=True)
class BookSnapshot:
    """What the book held at one moment.

    All sequences are indexed by the book's row numbers, row 0 and unused rows being blank (None, 0 or NaN); columns of
    one table have equal length. The buffers belong to whoever froze: they are overwritten when the same object is given
    to :meth:`marginwatch.book.position_book.PositionBook.freeze` again.

    Parameters
    ----------
    sequence : int
        The book's sequence: it grows with every event applied.
    at_ns : int
        When, UTC nanoseconds.
    quantity, entry_value : ndarray of shape (n_positions,), float64
        As in :class:`marginwatch.book.positions.PositionTable`.
    account, instrument, holding : ndarray of shape (n_positions,), int64
        Rows in the other tables.
    opened : ndarray of shape (n_positions,), int64
        Number of the opening, 0 for unused rows; ``n_opened`` is the last one given.
    adl_rank, margin_change_at_ns, is_seized, is_reduce_only : ndarray of shape (n_positions,), float64
        As in :class:`marginwatch.book.leg_facts.LegFacts`.
    positions : list of Position or None
        Exact texts of each row.
    holding_account, holding_asset : ndarray of shape (n_holdings,), int64
        Rows in the account and asset tables.
    balances : list of Balance or None
        Exact texts of each holding's coin.
    account_venue, account_desk, margin_mode, reconciled_at_ns, stated_at_ns : ndarray of shape (n_accounts,), int64
        As in :class:`marginwatch.book.accounts.AccountTable`; ``groups_version`` changes whenever an account's name, desk, tags or
        venue do.
    specs, states, links, gaps : list
        Of each account: configuration, totals, health; sentences on what its last snapshot did not contain.
    instruments : list of Instrument or None
        Contracts.
    coins : list of str or None
        Names of coins by the codes of the asset table's ``coin`` column.
    """

    sequence: int = 0
    at_ns: int = 0
    quantity: FloatArray = field(default_factory=lambda: np.zeros(0))
    entry_value: FloatArray = field(default_factory=lambda: np.zeros(0))
    account: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    instrument: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    holding: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    opened: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    n_opened: int = 0
    adl_rank: FloatArray = field(default_factory=lambda: np.zeros(0))
    margin_change_at_ns: FloatArray = field(default_factory=lambda: np.zeros(0))
    is_seized: FloatArray = field(default_factory=lambda: np.zeros(0))
    is_reduce_only: FloatArray = field(default_factory=lambda: np.zeros(0))
    positions: list[Position | None] = field(default_factory=list[Position | None])
    holding_account: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    holding_asset: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    balances: list[Balance | None] = field(default_factory=list[Balance | None])
    account_venue: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    account_desk: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    margin_mode: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    reconciled_at_ns: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    stated_at_ns: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    groups_version: int = -1
    specs: list[AccountSpec | None] = field(default_factory=list[AccountSpec | None])
    states: list[AccountState | None] = field(default_factory=list[AccountState | None])
    links: list[Connectivity | None] = field(default_factory=list[Connectivity | None])
    gaps: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    instruments: list[Instrument | None] = field(default_factory=list[Instrument | None])
    coins: list[Asset | None] = field(default_factory=list[Asset | None])
    _seen: int = -1
    _seen_balances: int = -1

    def fill(self, columns: Columns, sequence: int, at_ns: int) -> None:
        """Copy the book into these buffers. Cost: linear in rows, about 10 ns each."""
        self.sequence = sequence
        self.at_ns = at_ns
        columns.facts.sync()
        self._fill_positions(columns.positions, columns.facts.legs)
        self._fill_accounts(columns.accounts)
        holdings, size = columns.holdings, columns.holdings.size
        self.holding_account = copied(self.holding_account, holdings.account[:size])
        self.holding_asset = copied(self.holding_asset, holdings.asset[:size])
        self._seen_balances = holdings.mirror(self.balances, self._seen_balances)
        self.instruments[:] = columns.instruments.instruments
        self.coins[:] = columns.assets.coins.texts

    def _fill_accounts(self, table: AccountTable) -> None:
        self.specs[:] = table.specs
        self.states[:] = table.states
        self.links[:] = table.links
        self.gaps[:] = table.gaps
        self.groups_version = table.groups_version
        for theirs, ours in ACCOUNT_CODES.items():
            setattr(self, ours, getattr(table, theirs)[: table.size].copy())

    def _fill_positions(self, table: PositionTable, legs: LegFacts) -> None:
        size, before = table.size, self.quantity.shape[0]
        self.n_opened = table.n_opened
        rows = table.written_since(self._seen)
        self._seen = table.mirror(self.positions, self._seen)
        if rows is None or before != size or rows.shape[0] > size // CHANGED_PART_MAX:
            self.quantity = copied(self.quantity, table.quantity[:size])
            self.entry_value = copied(self.entry_value, table.entry_value[:size])
            self.account = copied(self.account, table.account[:size])
            self.instrument = copied(self.instrument, table.instrument[:size])
            self.holding = copied(self.holding, table.holding[:size])
            self.opened = copied(self.opened, table.opened[:size])
            for name in LEG_COLUMNS:
                setattr(self, name, copied(getattr(self, name), getattr(legs, name)[:size]))
            return
        self.quantity[rows] = table.quantity[rows]
        self.entry_value[rows] = table.entry_value[rows]
        self.account[rows] = table.account[rows]
        self.instrument[rows] = table.instrument[rows]
        self.holding[rows] = table.holding[rows]
        self.opened[rows] = table.opened[rows]
        for name in LEG_COLUMNS:
            getattr(self, name)[rows] = getattr(legs, name)[rows]

    def positions_of(self, account: int) -> dict[PositionKey, Position]:
        """Return the open positions of an account by key; linear in all rows, so for people and tests."""
        rows = np.flatnonzero(self.account == account)
        found = (self.positions[int(row)] for row in rows)
        return {position.key: position for position in found if position is not None}


Scalar = TypeVar("Scalar", bound=np.generic)


def copied(buffer: NDArray[Scalar], source: NDArray[Any]) -> NDArray[Scalar]:
    """Return ``source`` copied into ``buffer``, or into a new and roomier one of its type if it does not fit."""
    roomy = buffer if buffer.base is None else cast("NDArray[Scalar]", buffer.base)
    if roomy.shape[0] < source.shape[0]:
        roomy = np.empty(source.shape[0] * 5 // 4, dtype=buffer.dtype)
    view = roomy[: source.shape[0]]
    np.copyto(view, source)
    return view

"""One row for each open position; a closed one gives its row back."""

from typing import ClassVar

import numpy as np

from marginwatch.book.table import NAN, BoolArray, CodeArray, FloatArray, Table
from marginwatch.model.position import Position

CHANGES_MAX = 1_000_000
"""Changes remembered for copies to catch up by, if nobody copies; then the next copy is a whole one."""


LEGS, MIXED = 1, 2
"""Codes of the ``twins`` column."""


class PositionTable(Table):
    """Open positions of all accounts.

    ``entry_value`` is what one contract was worth in settlement currency when it was entered, or at the last session's
    settlement: multiplier × entry price (linear, option) or −multiplier ÷ entry price (inverse), so that quantity × (value
    at mark − value at entry) is the profit of either. NaN where the entry price is missing. Margins are the venue's, in settlement currency.
    ``twins`` is 0 for the only row of its account in its contract, ``LEGS`` for the legs of a hedge, ``MIXED`` where a one-way
    row stands beside a leg, so that two rows may be on one side. ``opened`` is the number of the opening, from 1 and never
    given twice, by which a row is told from what it held before. ``positions`` keeps the struct of each row for its exact texts, ``made_ns`` the time of the message it came in.
    ``changes`` lists the rows written since change number ``changes_from``, for frozen copies to catch up by. ``news`` are
    the rows whose facts beside are to be looked at again; ``has_orders`` is set for those whose orders are valued by what
    they hold, or may be.
    """

    BLANKS: ClassVar[dict[str, float | int | bool]] = {
        "quantity": 0.0,
        "entry_value": 0.0,
        "initial_margin": 0.0,
        "maintenance_margin": 0.0,
        "liquidation_price": NAN,
        "account": 0,
        "instrument": 0,
        "settle_holding": 0,
        "holding": 0,
        "twins": 0,
        "opened": 0,
        "has_orders": False,
    }
    quantity: FloatArray
    entry_value: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    liquidation_price: FloatArray
    account: CodeArray
    instrument: CodeArray
    holding: CodeArray
    settle_holding: CodeArray
    twins: CodeArray
    opened: CodeArray
    has_orders: BoolArray
    quantity_at: "memoryview[float]"
    entry_value_at: "memoryview[float]"
    initial_margin_at: "memoryview[float]"
    maintenance_margin_at: "memoryview[float]"
    liquidation_price_at: "memoryview[float]"
    account_at: "memoryview[int]"
    instrument_at: "memoryview[int]"
    holding_at: "memoryview[int]"
    settle_holding_at: "memoryview[int]"
    twins_at: "memoryview[int]"
    opened_at: "memoryview[int]"
    has_orders_at: "memoryview[bool]"

    def __init__(self) -> None:
        super().__init__(capacity=256)
        self.positions: list[Position | None] = [None]
        self.made_ns: list[int] = [0]
        self.changes: list[int] = []
        self.changes_from = 0
        self.news: dict[int, None] = {}
        self.n_opened = 0

    def written_since(self, seen: int) -> CodeArray | None:
        """Return the rows written or given back since change number ``seen``; None if that is too long ago."""
        if seen < self.changes_from:
            return None
        return np.array(self.changes[seen - self.changes_from :], np.int64)

    def mirror(self, copy: list[Position | None], seen: int) -> int:
        """Bring ``copy``, which saw the changes before number ``seen``, up to date; return the number to go on from.

        Copying 200,000 references touches as many objects and takes milliseconds; usually few of them changed.
        """
        upto = self.changes_from + len(self.changes)
        if seen < self.changes_from or upto - seen > len(self.positions):
            copy[:] = self.positions
        else:
            copy.extend(self.positions[len(copy) :])
            for row in self.changes[seen - self.changes_from :]:
                copy[row] = self.positions[row]
        if len(self.changes) > 2 * len(self.positions):
            self._forget_changes()
        return upto

    def add(self, account: int, instrument: int, holding: int, settle_holding: int) -> int:
        """Return a new row that points to its account, contract and the two coins it touches."""
        row = self.take()
        if row == len(self.positions):
            self.positions.append(None)
            self.made_ns.append(0)
        self.account_at[row] = account
        self.instrument_at[row] = instrument
        self.holding_at[row] = holding
        self.settle_holding_at[row] = settle_holding
        self.n_opened += 1
        self.opened_at[row] = self.n_opened
        return row

    def write(
        self, row: int, position: Position, quantity: float, terms: tuple[float, bool], made_ns: int
    ) -> None:
        """Write a row's numbers; nothing is written if one of them is not a decimal (ValueError)."""
        # Where a venue settles in sessions, what was won up to the last one is in the wallet already.
        text = position.session_average_price or position.entry_price
        entry_value = NAN
        if text is not None:
            entry_price = float(text)
            multiplier, is_inverse = terms
            if not is_inverse:
                entry_value = multiplier * entry_price
            elif entry_price:
                entry_value = -multiplier / entry_price
        text = position.initial_margin
        initial = NAN if text is None else float(text)
        text = position.maintenance_margin
        maintenance = NAN if text is None else float(text)
        text = position.liquidation_price
        self.liquidation_price_at[row] = NAN if text is None else float(text)
        self.quantity_at[row] = quantity
        self.entry_value_at[row] = entry_value
        self.initial_margin_at[row] = initial
        self.maintenance_margin_at[row] = maintenance
        before = self.positions[row]
        if before is None or self.has_orders_at[row] or not _says_same_beside(before, position):
            self.news[row] = None
        self.positions[row] = position
        self.made_ns[row] = made_ns
        self.changes.append(row)
        if len(self.changes) > CHANGES_MAX:
            self._forget_changes()

    def touch(self, row: int) -> None:
        """Count a row as written, for what is kept beside it changed."""
        self.changes.append(row)
        self.news[row] = None

    def take_news(self) -> list[int]:
        """Return the rows whose facts beside may have changed since the last call."""
        rows = list(self.news)
        self.news.clear()
        return rows

    def _forget_changes(self) -> None:
        self.changes_from += len(self.changes)
        self.changes.clear()

    def release(self, row: int) -> None:
        """Give a closed row back."""
        super().release(row)
        self.positions[row] = None
        self.made_ns[row] = 0
        self.changes.append(row)
        self.news[row] = None


def _says_same_beside(before: Position, position: Position) -> bool:
    """Return whether a row says the same as before of everything that :class:`LegFacts` has columns of.

    So it is with most messages, which tell of prices, profits and margins.
    """
    return (
        before.instrument is position.instrument
        and before.leverage_setting == position.leverage_setting
        and before.adl_rank == position.adl_rank
        and before.status == position.status
        and before.is_reduce_only == position.is_reduce_only
        and before.session_average_price == position.session_average_price
        and before.margin_change_at_ns == position.margin_change_at_ns
    )

"""The tables together, and the few writes that touch more than one of them."""

import math

import numpy as np

from marginwatch.book.accounts import AccountEntry, AccountTable, PositionKey
from marginwatch.book.assets import AssetTable
from marginwatch.book.holdings import HoldingTable
from marginwatch.book.instruments import InstrumentTable
from marginwatch.book.margin_facts import MarginFacts
from marginwatch.book.market_state import MarketState
from marginwatch.book.ordering import Stamp, stamp_of
from marginwatch.book.positions import LEGS, MIXED, PositionTable
from marginwatch.book.table import CodeArray
from marginwatch.errors import ProtocolError
from marginwatch.model.ids import Asset, InstrumentId
from marginwatch.model.position import Position, PositionSide

SIDES: tuple[PositionSide, ...] = ("net", "long", "short")


def quantity_of(position: Position) -> float:
    """Return a row's quantity as a float.

    Raises
    ------
    ValueError
        If it is not a finite decimal.
    """
    quantity = float(position.quantity)
    if not math.isfinite(quantity):
        raise ValueError(f"quantity {position.quantity!r} is not finite")
    return quantity


def unreadable(error: ValueError, entry: AccountEntry, subject: str) -> ProtocolError:
    """Return the error for a number that is none, naming the account and the row it stood in."""
    return ProtocolError(
        f"{subject}: {error}; the row was left as it was",
        venue=entry.spec.venue,
        account_id=entry.spec.account_id,
    )


class Columns:
    """Every table of the book. The book and its reconciliation write here, and nobody else."""

    def __init__(self) -> None:
        self.assets = AssetTable()
        self.instruments = InstrumentTable(self.assets)
        self.accounts = AccountTable()
        self.holdings = HoldingTable()
        self.positions = PositionTable()
        self.market = MarketState(self.instruments)
        self.facts = MarginFacts(self.accounts, self.assets, self.instruments, self.holdings, self.positions)

    def holding(self, entry: AccountEntry, asset: Asset) -> int:
        """Return the row of a coin in an account, a new one if it is new there."""
        row = entry.coins.get(asset)
        if row is None:
            code = self.assets.row(entry.spec.venue, asset)
            row = entry.coins[asset] = self.holdings.add(entry.row, code)
        return row

    def wallet_rows(self, entry: AccountEntry) -> CodeArray:
        """Return the rows of the coins that are in the wallet or settle positions, cached until one comes or goes."""
        if entry.wallet_array is None:
            has_coin, settles = self.holdings.has_coin_at, self.holdings.settles_at
            mine = [row for row in entry.coins.values() if has_coin[row] or settles[row]]
            entry.wallet_array = np.array(mine, np.int64)
        return entry.wallet_array

    def write_position(self, entry: AccountEntry, key: PositionKey, position: Position, made_ns: int) -> None:
        """Write a row, opening or closing it as its quantity says; on ProtocolError nothing is changed."""
        row = entry.rows.get(key)
        try:
            quantity = quantity_of(position)
            if quantity == 0.0:
                self.close_position(entry, key, stamp_of(position, made_ns))
                return
            instrument = self.instruments.row(position.instrument)
            if row is None:
                row = self._open(entry, key, position, instrument)
            self.positions.write(row, position, quantity, self.instruments.terms[instrument], made_ns)
            entry.tombstones.pop(key, None)
        except ValueError as error:
            if row is not None and self.positions.positions[row] is None:
                self._give_back(entry, key)
            raise unreadable(error, entry, f"{key[0]}/{key[1]}") from None

    def rewrite_position(self, row: int, position: Position, made_ns: int) -> bool:
        """Write newer content of an open row that stays open in the very same contract: the usual message.

        Returns False, writing nothing, where it is not that simple, and :meth:`write_position` must look at it.
        """
        table = self.positions
        try:
            quantity = float(position.quantity)
            # Infinity and NaN minus themselves are not 0.
            if quantity == 0.0 or quantity - quantity != 0.0:
                return False
            table.write(row, position, quantity, self.instruments.terms[table.instrument_at[row]], made_ns)
        except ValueError:
            return False
        return True

    def _open(self, entry: AccountEntry, key: PositionKey, position: Position, instrument: int) -> int:
        terms = position.instrument
        holding = self.holding(entry, terms.underlying_asset)
        settle = self.holding(entry, terms.settle_asset)
        row = entry.rows[key] = self.positions.add(entry.row, instrument, holding, settle)
        entry.row_array = None
        if not self.holdings.settles_at[settle]:
            self.holdings.settles_at[settle] = True
            entry.wallet_array = None
        self._note_twins(entry, key[0])
        self.accounts.n_positions_at[entry.row] += 1
        return row

    def _note_twins(self, entry: AccountEntry, instrument_id: InstrumentId) -> None:
        """Tell the rows of one contract in one account of each other."""
        sides: list[PositionSide] = [side for side in SIDES if (instrument_id, side) in entry.rows]
        code = 0 if len(sides) < 2 else MIXED if "net" in sides else LEGS
        for side in sides:
            self.positions.twins_at[entry.rows[instrument_id, side]] = code

    def close_position(self, entry: AccountEntry, key: PositionKey, stamp: Stamp) -> None:
        """Give a row back if it is open, and remember when it was flat."""
        if key in entry.rows:
            self._give_back(entry, key)
        entry.tombstones[key] = stamp

    def _give_back(self, entry: AccountEntry, key: PositionKey) -> None:
        row = entry.rows.pop(key)
        self.accounts.n_positions_at[entry.row] -= 1
        if self.positions.twins_at[row]:
            self._note_twins(entry, key[0])
        self.positions.release(row)
        entry.row_array = None

    def position_stamp(self, row: int) -> Stamp:
        """Return the stamp of an open row."""
        position = self.positions.positions[row]
        assert position is not None, "a row in use has its struct"  # noqa: S101  # an invariant of ours
        return stamp_of(position, self.positions.made_ns[row])

    def drop_account(self, entry: AccountEntry) -> None:
        """Forget an account with all of its rows."""
        for row in entry.rows.values():
            self.positions.release(row)
        for row in entry.coins.values():
            self.holdings.release(row)
        self.facts.forget_account(entry)
        self.accounts.release(entry.row)

    def revalue_entries(self, instrument: int) -> None:
        """Rewrite the rows of a contract whose terms changed (rare: an inferred contract became known)."""
        table = self.positions
        for row in range(1, table.size):
            position = table.positions[row]
            if position is not None and table.instrument_at[row] == instrument:
                terms = self.instruments.terms[instrument]
                table.write(row, position, quantity_of(position), terms, table.made_ns[row])
                table.touch(row)

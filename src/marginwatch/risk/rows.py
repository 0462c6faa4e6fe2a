"""Which rows are measured: everything, or what belongs to a few accounts. The measures cannot tell the difference."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import AccountEntry
from marginwatch.book.columns import Columns
from marginwatch.book.table import BoolArray, CodeArray, FloatArray

CODES = 3
"""Of the codes of a position, the first three are measured with: account, instrument, settle_holding."""


class Rows(NamedTuple):
    """Columns of the positions, holdings and accounts to be measured.

    ``account``, ``settle_holding``, ``coins`` and ``coin_owner`` count within this slice, 0 to ``n_accounts`` − 1 and
    ``n_holdings`` − 1; ``instrument`` and ``coin_asset`` are rows of the book's tables. Holding 0 is none, or one without
    a coin. The slice of everything has the book's own numbers, blank row 0 included. Amounts as in the book's tables.

    ``coins`` are the holdings that have a coin in the wallet (``coin_is_held``) or settle positions; the columns from
    ``coin_owner`` to ``coin_switch`` have one row for each of them. Those from ``equity`` on have one for each account.
    ``account_row`` are the accounts' rows in the book. The book's facts must be in step with its tables.
    """

    n_accounts: int
    n_holdings: int
    quantity: FloatArray
    entry_value: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    liquidation_price: FloatArray
    account: CodeArray
    instrument: CodeArray
    settle_holding: CodeArray
    leverage: FloatArray
    taker_fee: FloatArray
    order_value: FloatArray
    fee_source: CodeArray
    twins: CodeArray
    coins: CodeArray
    coin_owner: CodeArray
    coin_asset: CodeArray
    settled_equity: FloatArray
    coin_free: FloatArray
    coin_initial_margin: FloatArray
    coin_maintenance_margin: FloatArray
    coin_is_held: BoolArray
    coin_wallet: FloatArray
    coin_borrowed: FloatArray
    coin_pnl: FloatArray
    coin_locked: FloatArray
    coin_order_margin: FloatArray
    coin_switch: CodeArray
    equity: FloatArray
    adjusted_equity: FloatArray
    available_balance: FloatArray
    account_initial_margin: FloatArray
    account_maintenance_margin: FloatArray
    margin_mode: CodeArray
    account_row: CodeArray
    venue: CodeArray
    n_positions: CodeArray
    stated_at_ns: CodeArray
    is_heard: BoolArray


def all_rows(columns: Columns) -> Rows:
    """Return everything: positions as views into the live book, so measure before the next event is applied."""
    positions, holdings, accounts, facts = (
        columns.positions,
        columns.holdings,
        columns.accounts,
        columns.facts,
    )
    n, m, k = positions.size, holdings.size, accounts.size
    # Few holdings are in a wallet or settle anything; most are coins bet on.
    coins = np.flatnonzero(holdings.has_coin[:m] | holdings.settles[:m])
    every: CodeArray = np.arange(k)
    return _rows(
        (k, m),
        (positions.floats[:, :n], facts.legs.floats[:, :n]),
        (positions.codes[:CODES, :n], positions.twins[:n], facts.legs.fee_source[:n]),
        coins,
        (holdings.floats.take(coins, axis=1), facts.coins.floats.take(coins, axis=1)),
        (holdings.codes.take(coins, axis=1), facts.coins.is_collateral.take(coins)),
        holdings.has_coin.take(coins),
        accounts.floats[:, :k].copy(),
        (
            every,
            accounts.margin_mode[:k],
            accounts.venue[:k],
            accounts.stated_at_ns[:k],
            accounts.n_positions[:k],
        ),
        accounts.reconciled_at_ns[:k] > 0,
    )


def _rows(
    sizes: tuple[int, int],
    position_floats: tuple[FloatArray, FloatArray],
    position_codes: tuple[CodeArray, CodeArray, CodeArray],
    coins: CodeArray,
    coin_floats: tuple[FloatArray, FloatArray],
    coin_codes: tuple[CodeArray, CodeArray],
    coin_is_held: BoolArray,
    totals: FloatArray,
    account_codes: tuple[CodeArray, CodeArray, CodeArray, CodeArray, CodeArray],
    is_heard: BoolArray,
) -> Rows:
    """Name the columns of a slice, which stand in the order of the tables' ``BLANKS``."""
    quantity, entry_value, initial_margin, maintenance_margin, liquidation_price = position_floats[0]
    leverage, taker_fee, order_value, _ = position_floats[1]
    account, instrument, settle_holding = position_codes[0]
    coin_owner, coin_asset = coin_codes[0]
    settled_equity, coin_free, coin_initial_margin, coin_maintenance_margin = coin_floats[0]
    wallet, borrowed, pnl, locked, order_margin = coin_floats[1]
    equity, adjusted_equity, available_balance, account_initial_margin, account_maintenance_margin = totals
    account_row, margin_mode, venue, stated_at_ns, n_positions = account_codes
    return Rows(
        n_accounts=sizes[0],
        n_holdings=sizes[1],
        quantity=quantity,
        entry_value=entry_value,
        initial_margin=initial_margin,
        maintenance_margin=maintenance_margin,
        liquidation_price=liquidation_price,
        account=account,
        instrument=instrument,
        settle_holding=settle_holding,
        leverage=leverage,
        taker_fee=taker_fee,
        order_value=order_value,
        fee_source=position_codes[2],
        twins=position_codes[1],
        coins=coins,
        coin_owner=coin_owner,
        coin_asset=coin_asset,
        settled_equity=settled_equity,
        coin_free=coin_free,
        coin_initial_margin=coin_initial_margin,
        coin_maintenance_margin=coin_maintenance_margin,
        coin_is_held=coin_is_held,
        coin_wallet=wallet,
        coin_borrowed=borrowed,
        coin_pnl=pnl,
        coin_locked=locked,
        coin_order_margin=order_margin,
        coin_switch=coin_codes[1],
        equity=equity,
        adjusted_equity=adjusted_equity,
        available_balance=available_balance,
        account_initial_margin=account_initial_margin,
        account_maintenance_margin=account_maintenance_margin,
        margin_mode=margin_mode,
        account_row=account_row,
        venue=venue,
        stated_at_ns=stated_at_ns,
        n_positions=n_positions,
        is_heard=is_heard,
    )


class LocalNumbers:
    """Scratch that renumbers accounts and holdings within a slice without sorting; one for the life of a fast lane."""

    def __init__(self) -> None:
        self._accounts: CodeArray = np.zeros(64, np.int64)
        self._holdings: CodeArray = np.zeros(64, np.int64)
        self._places: CodeArray = np.arange(64)

    def accounts(self, rows: CodeArray, table_size: int) -> CodeArray:
        """Return a map from the book's account numbers to the place in ``rows``; other entries are stale."""
        if self._accounts.shape[0] < table_size:
            self._accounts = np.zeros(2 * table_size, np.int64)
        self._accounts[rows] = self.places(rows.shape[0])
        return self._accounts

    def holdings(self, rows: CodeArray, codes: CodeArray, table_size: int) -> CodeArray:
        """Return ``codes``, holdings of the book, as 1 + their place in ``rows``; 0 for those not in there."""
        if self._holdings.shape[0] < table_size:
            self._holdings = np.zeros(2 * table_size, np.int64)
        self._holdings[rows] = self.places(rows.shape[0] + 1)[1:]
        found = self._holdings.take(codes)
        self._holdings[rows] = 0
        return found

    def places(self, length: int) -> CodeArray:
        """Return 0, 1, … of that length, to be read only."""
        if self._places.shape[0] < length:
            self._places = np.arange(2 * length)
        return self._places[:length]


def rows_of(columns: Columns, entries: Sequence[AccountEntry], numbers: LocalNumbers) -> Rows:
    """Return copies of what belongs to some accounts, which take the numbers of their places in ``entries``.

    Of the holdings it has those that are in a wallet or settle positions only.
    """
    positions, holdings, accounts, facts = (
        columns.positions,
        columns.holdings,
        columns.accounts,
        columns.facts,
    )
    mine = np.array([entry.row for entry in entries], np.int64)
    held = _joined([entry.position_rows() for entry in entries])
    owned = _joined([columns.wallet_rows(entry) for entry in entries])
    places = numbers.accounts(mine, accounts.size)
    codes = positions.codes[:CODES].take(held, axis=1)
    codes[0] = places.take(codes[0])
    codes[2] = numbers.holdings(owned, codes[2], holdings.size)
    coin_codes = holdings.codes.take(owned, axis=1)
    coin_codes[0] = places.take(coin_codes[0])
    n_holdings = owned.shape[0] + 1
    return _rows(
        (len(entries), n_holdings),
        (positions.floats.take(held, axis=1), facts.legs.floats.take(held, axis=1)),
        (codes, positions.twins.take(held), facts.legs.fee_source.take(held)),
        numbers.places(n_holdings)[1:],
        (holdings.floats.take(owned, axis=1), facts.coins.floats.take(owned, axis=1)),
        (coin_codes, facts.coins.is_collateral.take(owned)),
        holdings.has_coin.take(owned),
        accounts.floats.take(mine, axis=1),
        (
            mine,
            accounts.margin_mode.take(mine),
            accounts.venue.take(mine),
            accounts.stated_at_ns.take(mine),
            accounts.n_positions.take(mine),
        ),
        accounts.reconciled_at_ns.take(mine) > 0,
    )


def _joined(parts: list[CodeArray]) -> CodeArray:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)

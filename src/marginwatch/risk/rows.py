"""Which rows are measured: everything, or what belongs to a few accounts. The measures cannot tell the difference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marginwatch.book.accounts import AccountEntry
from marginwatch.book.columns import Columns
from marginwatch.book.table import BoolArray, CodeArray, FloatArray


@dataclass(slots=True, frozen=True)
class Rows:
    """Columns of the positions, holdings and accounts to be measured.

    ``account``, ``holding``, ``settle_holding`` and ``holding_account`` count within this slice, 0 to ``n_accounts`` − 1
    and ``n_holdings`` − 1; ``instrument`` and ``holding_asset`` are rows of the book's tables. The slice of everything
    has the book's own numbers, blank row 0 included. Amounts as in the book's tables.
    """

    n_accounts: int
    n_holdings: int
    quantity: FloatArray
    entry_value: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    liquidation_price: FloatArray
    instrument: CodeArray
    account: CodeArray
    holding: CodeArray
    settle_holding: CodeArray
    holding_account: CodeArray
    holding_asset: CodeArray
    has_coin: BoolArray
    settled_equity: FloatArray
    coin_free: FloatArray
    coin_initial_margin: FloatArray
    coin_maintenance_margin: FloatArray
    equity: FloatArray
    adjusted_equity: FloatArray
    available_balance: FloatArray
    account_initial_margin: FloatArray
    account_maintenance_margin: FloatArray
    margin_mode: CodeArray


def all_rows(columns: Columns) -> Rows:
    """Return everything, as views into the live book: measure before the next event is applied."""
    positions, holdings, accounts = columns.positions, columns.holdings, columns.accounts
    n, m, k = positions.size, holdings.size, accounts.size
    return Rows(
        n_accounts=k,
        n_holdings=m,
        quantity=positions.quantity[:n],
        entry_value=positions.entry_value[:n],
        initial_margin=positions.initial_margin[:n],
        maintenance_margin=positions.maintenance_margin[:n],
        liquidation_price=positions.liquidation_price[:n],
        instrument=positions.instrument[:n],
        account=positions.account[:n],
        holding=positions.holding[:n],
        settle_holding=positions.settle_holding[:n],
        holding_account=holdings.account[:m],
        holding_asset=holdings.asset[:m],
        has_coin=holdings.has_coin[:m],
        settled_equity=holdings.settled_equity[:m],
        coin_free=holdings.free[:m],
        coin_initial_margin=holdings.initial_margin[:m],
        coin_maintenance_margin=holdings.maintenance_margin[:m],
        equity=accounts.equity[:k],
        adjusted_equity=accounts.adjusted_equity[:k],
        available_balance=accounts.available_balance[:k],
        account_initial_margin=accounts.initial_margin[:k],
        account_maintenance_margin=accounts.maintenance_margin[:k],
        margin_mode=accounts.margin_mode[:k],
    )


class LocalNumbers:
    """Scratch that renumbers holdings within a slice without sorting; one for the life of a fast lane."""

    def __init__(self) -> None:
        self._local: CodeArray = np.zeros(64, np.int64)

    def of(self, holdings: CodeArray, table_size: int) -> CodeArray:
        """Return a map from the book's holding numbers to the place in ``holdings``; other entries are stale."""
        if self._local.shape[0] < table_size:
            self._local = np.zeros(2 * table_size, np.int64)
        self._local[holdings] = np.arange(holdings.shape[0])
        return self._local


def rows_of(columns: Columns, entries: Sequence[AccountEntry], numbers: LocalNumbers) -> Rows:
    """Return copies of what belongs to some accounts, which take the numbers of their places in ``entries``."""
    positions, holdings, accounts = columns.positions, columns.holdings, columns.accounts
    row_lists = [entry.position_rows() for entry in entries]
    coin_lists = [entry.holding_rows() for entry in entries]
    places = np.arange(len(entries))
    rows = np.concatenate(row_lists) if row_lists else places
    coins = np.concatenate(coin_lists) if coin_lists else places
    mine = np.array([entry.row for entry in entries], np.int64)
    local = numbers.of(coins, holdings.size)
    return Rows(
        n_accounts=len(entries),
        n_holdings=coins.shape[0],
        quantity=positions.quantity[rows],
        entry_value=positions.entry_value[rows],
        initial_margin=positions.initial_margin[rows],
        maintenance_margin=positions.maintenance_margin[rows],
        liquidation_price=positions.liquidation_price[rows],
        instrument=positions.instrument[rows],
        account=np.repeat(places, [part.shape[0] for part in row_lists]),
        holding=local[positions.holding[rows]],
        settle_holding=local[positions.settle_holding[rows]],
        holding_account=np.repeat(places, [part.shape[0] for part in coin_lists]),
        holding_asset=holdings.asset[coins],
        has_coin=holdings.has_coin[coins],
        settled_equity=holdings.settled_equity[coins],
        coin_free=holdings.free[coins],
        coin_initial_margin=holdings.initial_margin[coins],
        coin_maintenance_margin=holdings.maintenance_margin[coins],
        equity=accounts.equity[mine],
        adjusted_equity=accounts.adjusted_equity[mine],
        available_balance=accounts.available_balance[mine],
        account_initial_margin=accounts.initial_margin[mine],
        account_maintenance_margin=accounts.maintenance_margin[mine],
        margin_mode=accounts.margin_mode[mine],
    )

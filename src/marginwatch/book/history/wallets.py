"""How far balances moved since an account was settled: in coins, so that prices alone move nothing."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray


class WalletsSeen(NamedTuple):
    """Coins of accounts by their rows in the holding table: whose, how many without unrealized profit, USD for one (or NaN)."""

    account: CodeArray
    amount: FloatArray
    usd: FloatArray


class Wallet(NamedTuple):
    """The coins of one account at one moment, by the same rows."""

    rows: CodeArray
    amount: FloatArray
    usd: FloatArray


class Wallets:
    """What every coin amounted to when its account was settled last; 0 of one that came later."""

    def __init__(self) -> None:
        self._settled: FloatArray = np.zeros(0)

    def of(self, seen: WalletsSeen, account: int) -> Wallet:
        """Return the wallet of one account."""
        rows = np.flatnonzero(seen.account == account)
        return Wallet(rows, seen.amount[rows], seen.usd[rows])

    def settle(self, seen: WalletsSeen, is_settled: BoolArray) -> None:
        """Take what some accounts (a mask by their rows) have now for settled."""
        self._grow(seen.account.shape[0])
        mine = is_settled[seen.account]
        self._settled[: mine.shape[0]][mine] = seen.amount[mine]

    def settle_one(self, wallet: Wallet) -> None:
        """Take what an account had for settled."""
        self._settled[wallet.rows] = wallet.amount

    def moved_usd(self, seen: WalletsSeen, n_accounts: int) -> FloatArray:
        """Return by how much each account's coins moved since, in USD at present prices; coins without one left out."""
        n = seen.account.shape[0]
        self._grow(n)
        moved = (seen.amount - self._settled[:n]) * seen.usd
        moved[np.isnan(moved)] = 0.0
        return np.bincount(seen.account, moved, n_accounts)[:n_accounts].astype(np.float64)

    def moved_of(self, wallet: Wallet) -> float:
        """Return the same of one account at the moment of its wallet."""
        return float(np.nansum((wallet.amount - self._settled[wallet.rows]) * wallet.usd))

    def _grow(self, n: int) -> None:
        missing = n - self._settled.shape[0]
        if missing > 0:
            self._settled = np.concatenate((self._settled, np.zeros(missing)))

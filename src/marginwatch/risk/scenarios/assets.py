"""Profit by asset, scenario by scenario, of the accounts whose figures are known."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import Asset
from marginwatch.risk.answers import Answer
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.scenarios.coin_profit import OwnedAndOwed, owned_and_owed
from marginwatch.risk.scenarios.market import ScenarioMarket
from marginwatch.risk.scenarios.results import AssetStress


class AssetSums:
    """The table of a run, filled scenario by scenario.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    is_known : ndarray of shape (k,), bool
        Whose figures are known now.
    n_scenarios : int
        Rows of the table.
    """

    def __init__(self, sheet: MarginSheet, is_known: BoolArray, n_scenarios: int) -> None:
        self._sheet = sheet
        self._counted = is_known
        self._books = owned_and_owed(sheet, is_known)
        self._pnl = np.zeros((n_scenarios, len(sheet.coin_names)))
        self._is_held = np.zeros(self._pnl.shape, np.bool_)

    def take(
        self, place: int, market: ScenarioMarket, is_known: BoolArray, funding: FloatArray | None
    ) -> None:
        """Fill in one scenario.

        Parameters
        ----------
        place : int
            Row.
        market : ScenarioMarket
            Its prices.
        is_known : ndarray of shape (k,), bool
            Whose figures are known in it.
        funding : ndarray of shape (n,), float64, or None
            What funding brings each leg, settlement coin.
        """
        books = self._books_of(is_known)
        self._pnl[place] = books.profit(market.contract_mark, market.coin_usd)
        self._is_held[place] = books.is_held
        if funding is not None:
            legs = np.flatnonzero(is_known[self._sheet.leg_account])
            usd = market.prices.holding_usd[self._sheet.leg_settle_holding[legs]]
            self.add(place, legs, funding[legs] * usd)

    def _books_of(self, is_known: BoolArray) -> OwnedAndOwed:
        if np.array_equal(is_known, self._counted):
            return self._books
        return owned_and_owed(self._sheet, is_known)

    def add(self, place: int, legs: CodeArray, usd: FloatArray) -> None:
        """Add what some legs made beyond their marks, USD, to their underlyings."""
        coin = self._sheet.underlying_coin[self._sheet.leg_contract[legs]]
        self._pnl[place] += grouped(coin, usd, self._pnl.shape[1])

    def result(self) -> AssetStress:
        """Return the table by name of coin, which may have a row at each of several venues."""
        everybody = self._books_of(np.ones(self._sheet.n_accounts, np.bool_)).is_held
        rows: dict[Asset, list[int]] = {}
        for row in np.flatnonzero(everybody).tolist():
            name = self._sheet.coin_names[row]
            if name is not None:
                rows.setdefault(name, []).append(row)
        groups = list(rows.values())
        first = np.cumsum([0, *(len(group) for group in groups[:-1])], dtype=np.int64)
        order = np.array([row for group in groups for row in group], np.int64)
        if not groups:
            nothing = np.zeros((self._pnl.shape[0], 0))
            return AssetStress((), nothing, nothing.astype(np.uint8))
        pnl = np.add.reduceat(self._pnl[:, order], first, axis=1)
        is_held = np.logical_or.reduceat(self._is_held[:, order], first, axis=1)
        is_number = is_held & ~np.isnan(pnl)
        answer = np.where(is_number, np.uint8(Answer.NUMBER), np.uint8(Answer.MISSING))
        return AssetStress(tuple(rows), np.where(is_number, pnl, np.nan), answer)

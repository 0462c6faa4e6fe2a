"""What stress answers: figures of accounts, desks, assets and of everything, scenario by scenario."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId, Asset
from marginwatch.model.scenario import Scenario
from marginwatch.risk.answers import AnswerArray
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.scenarios.coin_moves import Borrowed, CoinMoves, borrowed_moves, unmet_moves


@dataclass(slots=True, frozen=True, eq=False)
class AccountStress:
    """Every account in every scenario, shape (s, k), before anybody trades; USD, NaN without a number.

    Parameters
    ----------
    pnl_usd : ndarray of float64
        Equity in the scenario − equity now, gains positive. An isolated leg that is liquidated has lost its margin, not
        more and not less, before the scenario if it is beyond its limit now; others are valued at marks.
    equity_left_usd : ndarray of float64
        Equity in the scenario before haircuts; negative is owed.
    answer : ndarray of uint8
        Of both: a number, or missing.
    usage : ndarray of float64
        Maintenance margin usage in the scenario; of an isolated account the largest over its legs.
    usage_answer : ndarray of uint8
        Not applicable to accounts with neither margin nor equity, and to isolated ones without legs.
    is_liquidated : ndarray of bool
        Headroom is not above 0; of an isolated account: at least one leg is liquidated. False where not known.
    liquidation_answer : ndarray of uint8
        Whether ``is_liquidated`` is known; not applicable to accounts without legs and debts.
    n_liquidated_legs : ndarray of int64
        Legs that the venue takes: all of a liquidated account, of an isolated one those at their limit.
    """

    pnl_usd: FloatArray
    equity_left_usd: FloatArray
    answer: AnswerArray
    usage: FloatArray
    usage_answer: AnswerArray
    is_liquidated: BoolArray
    liquidation_answer: AnswerArray
    n_liquidated_legs: CodeArray


@dataclass(slots=True, frozen=True, eq=False)
class GroupStress:
    """Sums over groups of accounts in every scenario, shape (s, g); missing accounts are left out and counted.

    Parameters
    ----------
    pnl_usd, equity_left_usd : ndarray of float64
        Sums, USD.
    answer : ndarray of uint8
        Of both sums: not applicable without accounts, missing if all of them are.
    usage : ndarray of float64
        Σ maintenance margin ÷ Σ adjusted equity of the accounts that have both (not the isolated ones), as if all backed
        each other, which they do not.
    usage_answer : ndarray of uint8
        Not applicable without such accounts.
    worst_usage : ndarray of float64
        The largest usage of any account.
    worst_usage_answer : ndarray of uint8
        Not applicable if it is for all accounts; missing if all that have one are missing.
    n_liquidated, n_liquidated_legs : ndarray of int64
        Accounts and legs.
    n_left_out : ndarray of int64
        Missing accounts.
    n_accounts : ndarray of shape (g,), int64
        All accounts.
    """

    pnl_usd: FloatArray
    equity_left_usd: FloatArray
    answer: AnswerArray
    usage: FloatArray
    usage_answer: AnswerArray
    worst_usage: FloatArray
    worst_usage_answer: AnswerArray
    n_liquidated: CodeArray
    n_liquidated_legs: CodeArray
    n_left_out: CodeArray
    n_accounts: CodeArray


@dataclass(slots=True, frozen=True, eq=False)
class AssetStress:
    """Which coin's move made the profit of all accounts together; over assets it sums to that of the portfolio.

    A position in a coin against a stablecoin is long the one and short the other: each gets what its own USD price made.

    Parameters
    ----------
    names : tuple of Asset
        Held coins, shape (a,); the same coin at several venues is one.
    pnl_usd : ndarray of shape (s, a), float64
        USD, missing accounts left out; NaN without a number.
    answer : ndarray of shape (s, a), uint8
        Missing if only missing accounts hold the coin.
    """

    names: tuple[Asset, ...]
    pnl_usd: FloatArray
    answer: AnswerArray


@dataclass(slots=True, frozen=True, eq=False)
class StressResult:
    """Everything in every scenario.

    Parameters
    ----------
    sheet : MarginSheet
        What it is of; its moment is the result's.
    scenarios : tuple of Scenario
        Shape (s,).
    moves : CoinMoves
        What they did to each coin.
    accounts : AccountStress
        Shape (s, k), in the order of ``sheet.account_ids``.
    desks : GroupStress
        Shape (s, number of ``sheet.desk_names``), by desk code; code 0: accounts without a desk.
    portfolio : GroupStress
        Shape (s, 1).
    assets : AssetStress
        By coin.
    left_out : tuple of (AccountId, str)
        Accounts that are missing in a scenario or count in no sum, and why.
    """

    sheet: MarginSheet
    scenarios: tuple[Scenario, ...]
    moves: CoinMoves
    accounts: AccountStress
    desks: GroupStress
    portfolio: GroupStress
    assets: AssetStress
    left_out: tuple[tuple[AccountId, str], ...]

    def borrowed(self, place: int) -> tuple[Borrowed, ...]:
        """Return the held coins that took another coin's move in a scenario, to be listed beside it."""
        return borrowed_moves(self.sheet, self.moves, place)

    def unmet(self, place: int) -> tuple[Asset, ...]:
        """Return the coins that a scenario names and nobody holds."""
        return unmet_moves(self.sheet, self.scenarios[place])

    def worst_scenario(self) -> int | None:
        """Return the scenario with the largest loss of the portfolio; None where no sum is known."""
        losses = self.portfolio.pnl_usd[:, 0]
        return int(np.nanargmin(losses)) if np.isfinite(losses).any() else None

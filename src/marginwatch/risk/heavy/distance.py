"""Distance to liquidation of every account of a sheet, and the ladders in both directions."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.heavy.moves import Moves, benchmark_usd
from marginwatch.risk.liquidation.by_position import PositionDistances, position_distances
from marginwatch.risk.liquidation.distance import CoinDistances, Distances, distances
from marginwatch.risk.liquidation.forced_actions import first_actions
from marginwatch.risk.liquidation.ladder import Ladder, in_daily_sigmas, ladder
from marginwatch.risk.liquidation.market_move import common_shock
from marginwatch.risk.liquidation.ways import Ways
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace

NO_PAIR = -1


@dataclass(slots=True, frozen=True, eq=False)
class Nearest:
    """The nearer of two ways of each account, taken out once: shock (signed), answer, and the leg that takes most."""

    shock: FloatArray
    answer: AnswerArray
    leg: CodeArray


def nearest_of(ways: Ways) -> Nearest:
    """Return the nearer way of each account."""
    return Nearest(ways.shock, ways.answer, ways.leg)


@dataclass(slots=True, frozen=True, eq=False)
class DistanceFigures:
    """Distances of one sheet.

    Parameters
    ----------
    distances : Distances
        By account, by coin of an account, by isolated leg.
    common, cautious, no_new_risk : Nearest
        The nearer of the two ways of each account.
    first_pair : ndarray of shape (k + 1,), int64
        Rows of ``distances.coins`` of account ``i`` are ``first_pair[i]:first_pair[i + 1]``.
    coin_shock : ndarray of shape (g,), float64
        The nearer shock of each row of ``distances.coins``, signed.
    moves : Moves
        What the common shock is made of.
    btc_usd : float
        Bitcoin's price at the moment, USD; NaN if unknown.
    sigmas : ndarray of shape (k,), float64
        The nearest common shock in daily standard deviations of Bitcoin, ≥ 0; NaN if there is none.
    first_action : ndarray of shape (k,), int64
        Codes of ``ForcedAction``.
    nearest_coin : ndarray of shape (k,), int64
        Row of ``distances.coins`` whose coin alone is nearest to liquidate the account; −1 for none.
    down, up : Ladder
        Who dies first as Bitcoin falls, and as it rises.
    rows : dict of AccountId to int
        Row of each account in the sheet.
    positions : PositionDistances
        Of each position, by row of the book.
    """

    distances: Distances
    common: Nearest
    cautious: Nearest
    no_new_risk: Nearest
    first_pair: CodeArray
    coin_shock: FloatArray
    moves: Moves
    btc_usd: float
    sigmas: FloatArray
    first_action: CodeArray
    nearest_coin: CodeArray
    down: Ladder
    up: Ladder
    rows: dict[AccountId, int]
    positions: PositionDistances

    @property
    def nearest(self) -> float:
        """The smallest distance of any account, fraction ≥ 0; infinite if nobody has one."""
        shocks, cautious = np.abs(self.common.shock), np.abs(self.cautious.shock)
        both = np.concatenate((shocks[np.isfinite(shocks)], cautious[np.isfinite(cautious)]))
        return float(both.min()) if both.shape[0] else float("inf")


def measure_distance(sheet: MarginSheet, moves: Moves, work: Workspace | None = None) -> DistanceFigures:
    """Return all distances of a sheet.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    moves : Moves
        From :func:`marginwatch.risk.heavy.moves.moves_of`.
    work : Workspace, optional
        Buffers to be used again.
    """
    work = work or Workspace()
    found = distances(sheet, moves.betas, work)
    common = nearest_of(found.common)
    shock = common.shock
    reached = np.flatnonzero(np.isfinite(shock))
    accounts = common_shock(sheet, moves.betas, work)
    btc_usd = benchmark_usd(sheet)
    return DistanceFigures(
        distances=found,
        common=common,
        cautious=nearest_of(found.cautious),
        no_new_risk=nearest_of(found.no_new_risk),
        first_pair=np.searchsorted(found.coins.account, np.arange(sheet.n_accounts + 1)),
        coin_shock=found.coins.ways.shock,
        moves=moves,
        btc_usd=btc_usd,
        sigmas=in_daily_sigmas(shock, moves.daily_volatility),
        first_action=first_actions(accounts, reached, shock[reached]),
        nearest_coin=_nearest_coins(found.coins, sheet.n_accounts),
        down=ladder(found.common, -1, btc_usd),
        up=ladder(found.common, 1, btc_usd),
        rows={name: row for row, name in enumerate(sheet.account_ids)},
        positions=position_distances(found),
    )


def _nearest_coins(coins: CoinDistances, n_accounts: int) -> CodeArray:
    nearest = np.full(n_accounts, NO_PAIR)
    rows = np.flatnonzero(coins.ways.answer == Answer.NUMBER)
    if rows.shape[0]:
        order = rows[np.lexsort((np.abs(coins.ways.shock[rows]), coins.account[rows]))]
        account, first = np.unique(coins.account[order], return_index=True)
        nearest[account] = order[first]
    return nearest

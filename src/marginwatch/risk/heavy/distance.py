"""Distance to liquidation of every account of a sheet, and the ladders in both directions."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer
from marginwatch.risk.heavy.moves import Moves, benchmark_usd
from marginwatch.risk.liquidation.distance import CoinDistances, Distances, distances
from marginwatch.risk.liquidation.forced_actions import first_actions
from marginwatch.risk.liquidation.ladder import Ladder, in_daily_sigmas, ladder
from marginwatch.risk.liquidation.market_move import common_shock
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace

NO_PAIR = -1


@dataclass(slots=True, frozen=True, eq=False)
class DistanceFigures:
    """Distances of one sheet.

    Parameters
    ----------
    distances : Distances
        By account, by coin of an account, by isolated leg.
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
    """

    distances: Distances
    moves: Moves
    btc_usd: float
    sigmas: FloatArray
    first_action: CodeArray
    nearest_coin: CodeArray
    down: Ladder
    up: Ladder
    rows: dict[AccountId, int]

    @property
    def nearest(self) -> float:
        """The smallest distance of any account, fraction ≥ 0; infinite if nobody has one."""
        shocks = np.abs(self.distances.common.shock)
        cautious = np.abs(self.distances.cautious.shock)
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
    shock = found.common.shock
    reached = np.flatnonzero(np.isfinite(shock))
    accounts = common_shock(sheet, moves.betas, work)
    btc_usd = benchmark_usd(sheet)
    return DistanceFigures(
        distances=found,
        moves=moves,
        btc_usd=btc_usd,
        sigmas=in_daily_sigmas(shock, moves.daily_volatility),
        first_action=first_actions(accounts, reached, shock[reached]),
        nearest_coin=_nearest_coins(found.coins, sheet.n_accounts),
        down=ladder(found.common, -1, btc_usd),
        up=ladder(found.common, 1, btc_usd),
        rows={name: row for row, name in enumerate(sheet.account_ids)},
    )


def _nearest_coins(coins: CoinDistances, n_accounts: int) -> CodeArray:
    nearest = np.full(n_accounts, NO_PAIR)
    rows = np.flatnonzero(coins.ways.answer == Answer.NUMBER)
    if rows.shape[0]:
        order = rows[np.lexsort((np.abs(coins.ways.shock[rows]), coins.account[rows]))]
        account, first = np.unique(coins.account[order], return_index=True)
        nearest[account] = order[first]
    return nearest

"""How far each position is from the liquidation that a move of its own price alone would bring."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.liquidation.distance import CoinDistances, Distances
from marginwatch.risk.margin.sheet import MarginSheet

ISOLATED = MARGIN_MODES["isolated"]


@dataclass(slots=True, frozen=True, eq=False)
class PositionDistances:
    """Distances by row of the book's position table, as long as the sheet had rows.

    Parameters
    ----------
    shock : ndarray of shape (n_rows,), float64
        Signed fraction: of an isolated position's own price, which takes that position; of others the price of their coin
        alone, which takes the whole account. NaN without a number.
    answer : ndarray of shape (n_rows,), uint8
        What kind of answer each is; ``NOT_APPLICABLE`` in rows without a position.
    n_opened : int
        A row whose ``opened`` is larger holds another position by now.
    """

    shock: FloatArray
    answer: AnswerArray
    n_opened: int


def position_distances(of: Distances) -> PositionDistances:
    """Return the distance of each position. Cost: one search for each leg.

    Parameters
    ----------
    of : Distances
        All distances of a sheet.
    """
    sheet = of.sheet
    shock, answer = _by_coin(sheet, of.coins)
    alone = sheet.mode[sheet.leg_account] == ISOLATED
    shock[alone], answer[alone] = np.nan, Answer.MISSING
    ways, legs = of.legs.ways, of.legs.leg
    shock[legs], answer[legs] = ways.shock, ways.answer
    rows = sheet.leg_position_row
    size = int(rows.max(initial=0)) + 1
    shocks, answers = np.full(size, np.nan), np.full(size, np.uint8(Answer.NOT_APPLICABLE))
    shocks[rows], answers[rows] = shock, answer
    return PositionDistances(shocks, answers, sheet.n_opened)


def _by_coin(sheet: MarginSheet, coins: CoinDistances) -> tuple[FloatArray, AnswerArray]:
    """Return for each leg the shock of its coin alone that takes its account, shape (n,), and the answers."""
    n_coins: int = sheet.coin_usd.shape[0]
    wanted: CodeArray = sheet.leg_account * n_coins + sheet.underlying_coin[sheet.leg_contract]
    # An account without a headroom has no pairs: its legs miss theirs as well.
    pairs: CodeArray = coins.account * n_coins + coins.coin
    n: int = wanted.shape[0]
    if not pairs.shape[0]:
        return np.full(n, np.nan), np.full(n, np.uint8(Answer.MISSING))
    after = np.searchsorted(pairs, wanted)
    last: int = pairs.shape[0] - 1
    place = np.minimum(after, last)
    is_found = pairs[place] == wanted
    shock: FloatArray = np.where(is_found, coins.ways.shock[place], np.nan)
    return shock, np.where(is_found, coins.ways.answer[place], np.uint8(Answer.MISSING))

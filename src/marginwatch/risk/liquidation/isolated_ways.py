"""How far isolated positions are from their liquidation, and with them the accounts that they stand in."""

from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.contribution import NO_LEG
from marginwatch.risk.liquidation.isolated import shocked_legs
from marginwatch.risk.liquidation.roots import DOWN_GRID, UP_GRID, Roots, nearest_roots
from marginwatch.risk.liquidation.ways import Ways
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]


@dataclass(slots=True, frozen=True, eq=False)
class LegDistances:
    """Distances of isolated legs, under a move of their own contract's price.

    Parameters
    ----------
    leg : ndarray of shape (p,), int64
        Legs of the sheet.
    ways : Ways
        Shape (p,).
    """

    leg: CodeArray
    ways: Ways


def isolated_distances(sheet: MarginSheet, work: Workspace) -> LegDistances:
    """Return the distances of every leg in isolated margin, as moves of its own contract's price."""
    rows = np.flatnonzero(sheet.mode[sheet.leg_account] == ISOLATED)
    legs = shocked_legs(sheet, rows, work)
    now = legs.headroom_at(0.0)
    down, up = (nearest_roots(legs, now, grid) for grid in (DOWN_GRID, UP_GRID))
    return LegDistances(rows, Ways(down.shock, up.shock, down.answer, up.answer, rows, rows))


def plain_exponents(sheet: MarginSheet, betas: Betas, legs: CodeArray) -> FloatArray:
    """Return the power of Bitcoin's move that the price of each of some legs follows, shape (p,)."""
    contract = sheet.leg_contract[legs]
    return betas.value[sheet.underlying_coin[contract]] - betas.value[sheet.quote_coin[contract]]


def cautious_exponents(sheet: MarginSheet, betas: Betas, legs: CodeArray, direction: int) -> FloatArray:
    """Return the same at that end of each coin's band which hurts the leg more, for it dies alone.

    Parameters
    ----------
    sheet, betas, legs
        As in :func:`plain_exponents`.
    direction : {-1, 1}
        Of Bitcoin's price.
    """
    contract = sheet.leg_contract[legs]
    coin = sheet.underlying_coin[contract]
    takes_high = (sheet.leg_quantity[legs] > 0.0) == (direction < 0)
    return np.where(takes_high, betas.high[coin], betas.low[coin]) - betas.value[sheet.quote_coin[contract]]


def with_isolated(
    ways: Ways, sheet: MarginSheet, legs: LegDistances, falling: FloatArray, rising: FloatArray
) -> Ways:
    """Return ways with those of isolated accounts filled in: the nearest of their legs, as shocks of Bitcoin.

    Parameters
    ----------
    ways : Ways
        Of all accounts.
    sheet : MarginSheet
        Theirs.
    legs : LegDistances
        Of all isolated legs.
    falling, rising : ndarray of shape (p,), float64
        Power of Bitcoin's move that the price of each leg follows, as Bitcoin falls and as it rises. A leg that does not
        follow, with 0, is never liquidated by it.
    """
    if not legs.leg.shape[0]:
        return ways
    account = sheet.leg_account[legs.leg]
    down = _nearest_leg(_towards(legs.ways, falling > 0.0), falling, account, legs.leg, DOWN_GRID[-1])
    up = _nearest_leg(_towards(legs.ways, rising < 0.0), rising, account, legs.leg, UP_GRID[-1])
    mine = np.unique(account)
    is_missing = sheet.is_missing[mine]
    filled = replace(ways, **{name: getattr(ways, name).copy() for name in ways.__slots__})
    for side, (shock, answer, leg) in (("down", down), ("up", up)):
        getattr(filled, side)[mine] = np.where(is_missing, np.nan, shock)
        getattr(filled, f"{side}_answer")[mine] = np.where(is_missing, np.uint8(Answer.MISSING), answer)
        getattr(filled, f"{side}_leg")[mine] = np.where(is_missing, NO_LEG, leg)
    return filled


def _towards(ways: Ways, goes_down: BoolArray) -> Roots:
    """Return the root of each leg on the side to which its own price goes."""
    return Roots(
        np.where(goes_down, ways.down, ways.up), np.where(goes_down, ways.down_answer, ways.up_answer)
    )


def _nearest_leg(
    roots: Roots, exponent: FloatArray, account: CodeArray, leg: CodeArray, end: float
) -> tuple[FloatArray, AnswerArray, CodeArray]:
    """Return shock, answer and leg of each account with such legs, ascending."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shock = np.expm1(np.log1p(roots.shock) / exponent)
    shock = np.where(roots.shock == 0.0, 0.0, shock)
    is_within = (shock == 0.0) | ((exponent != 0.0) & (np.abs(shock) <= abs(end)))
    is_number = roots.answer == Answer.NUMBER
    answer = np.where(is_number & ~is_within, np.uint8(Answer.NONE_IN_RANGE), roots.answer)
    # Missing comes first, then the nearest number, then none.
    rank = np.where(answer == Answer.MISSING, -1.0, np.where(answer == Answer.NUMBER, np.abs(shock), np.inf))
    order = np.lexsort((rank, account))
    _, first = np.unique(account[order], return_index=True)
    best = order[first]
    is_number = answer[best] == Answer.NUMBER
    return np.where(is_number, shock[best], np.nan), answer[best], np.where(is_number, leg[best], NO_LEG)

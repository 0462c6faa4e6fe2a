"""What moving a coin into or out of an account does to it: straight pieces, measured with the margin model itself.

Rooms depend on each coin of an account apart from the others, and on its amount along straight pieces with bends where a
debt ends and where bands and borrow tiers do. So asking the model at the bends gives exact slopes, whatever its formulas.
"""

from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.advice.conditions import FREE, Conditions
from marginwatch.risk.advice.moved import holding_of, with_cash
from marginwatch.risk.advice.pairing import DECIMALS
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import grouped

ISOLATED = MARGIN_MODES["isolated"]

DUST_USD = 0.01
"""Amounts worth less are not moved."""

LAST_UNIT = 10.0**-DECIMALS
"""Of a coin: the least that can be sent."""


class Pieces(NamedTuple):
    """Straight pieces, the first of each account and coin first.

    Parameters
    ----------
    account, coin : ndarray of shape (s,), int64
        Whose, and of which coin; rows of the sheet.
    length : ndarray of shape (s,), float64
        USD at present prices.
    slope : ndarray of shape (q, s), float64
        What each room gains (taking) or loses (giving) for one USD moved.
    """

    account: CodeArray
    coin: CodeArray
    length: FloatArray
    slope: FloatArray


def free_amounts(sheet: MarginSheet, rooms: FloatArray, withdrawable: FloatArray | None) -> FloatArray:
    """Return how much of each holding can leave by itself, coin, shape (h,), ≥ 0; together, free margin limits them too.

    What is in the wallet and not needed to cover a loss in the coin, less what spot orders lock and what is borrowed; no
    more than free margin ÷ (price × collateral rate), so nothing from an account without free margin.
    In isolated mode margins of positions and orders stay instead. Never more than the venue itself says.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    rooms : ndarray of shape (q, k), float64
        Of the accounts.
    withdrawable : ndarray of shape (h,), float64, or None
        The venue's word, coin; NaN where it did not say.

    References
    ----------
    Bybit help center, Glossary UTA (2026-03-13): transfers out are limited by the available balance.
    """
    legs = margins(sheet, prices_now(sheet)).legs
    is_isolated = sheet.mode[sheet.holding_account] == ISOLATED
    profit = np.where(sheet.is_option[sheet.leg_contract], 0.0, np.nan_to_num(legs.unrealized_pnl))
    loss = np.minimum(grouped(sheet.leg_settle_holding, profit, sheet.n_holdings), 0.0)
    tied = grouped(sheet.leg_settle_holding, np.nan_to_num(legs.initial_margin), sheet.n_holdings)
    tied = tied + sheet.holding_order_initial_margin
    left = sheet.holding_cash - sheet.holding_locked - sheet.holding_borrowed
    left = left - np.where(is_isolated, tied, -loss)
    left = np.where(is_isolated, left, np.minimum(left, _worth_of_free_margin(sheet, rooms)))
    # Of what is reckoned here the last unit stays: a venue that rounds at another place refuses all of it for that.
    left = np.where(sheet.is_missing[sheet.holding_account], 0.0, np.maximum(left - LAST_UNIT, 0.0))
    return left if withdrawable is None else np.fmin(left, np.maximum(withdrawable, 0.0))


def _worth_of_free_margin(sheet: MarginSheet, rooms: FloatArray) -> FloatArray:
    """Return free margin ÷ (price × collateral rate), coin, shape (h,); infinite at a rate of 0."""
    free = np.maximum(np.nan_to_num(rooms[FREE]), 0.0)[sheet.holding_account]
    rate = _highest_rate(sheet, np.arange(sheet.n_holdings))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(free == 0.0, 0.0, free / (sheet.coin_usd[sheet.holding_coin] * rate))


def _highest_rate(sheet: MarginSheet, holdings: CodeArray) -> FloatArray:
    """Return the collateral rate of the first band of holdings, 0 where switched off.

    The venue takes free margin ÷ (price × rate) for what can leave, with the rate of all that is held. It rises as coins
    leave; so with the first band's nothing is advised that would be refused half-way.
    """
    rate = sheet.collateral_rate[sheet.holding_coin[holdings], 0]
    return np.where(sheet.holding_is_collateral[holdings], np.nan_to_num(rate), 0.0)


def taking(
    sheet: MarginSheet, conditions: Conditions, coin: int, equity: FloatArray, most: FloatArray
) -> Pieces:
    """Return what taking a coin does for accounts whose margins are joint.

    Parameters
    ----------
    sheet : MarginSheet
        Every account has a holding of the coin.
    conditions : Conditions
        Whose rooms are asked.
    coin : int
        Row of the coin.
    equity : ndarray of shape (markets, h), float64
        From :meth:`Conditions.coin_equities`.
    most : ndarray of shape (k,), float64
        Largest amount, coin; 0: not this account.
    """
    return _pieces(sheet, conditions, coin, equity, most, 1.0)


def giving(
    sheet: MarginSheet, conditions: Conditions, coin: int, equity: FloatArray, most: FloatArray
) -> Pieces:
    """Return what giving a coin costs accounts; parameters as in :func:`taking`. Isolated ones lose no room."""
    return _pieces(sheet, conditions, coin, equity, most, -1.0)


def _pieces(
    sheet: MarginSheet,
    conditions: Conditions,
    coin: int,
    equity: FloatArray,
    most: FloatArray,
    sign: float,
) -> Pieces:
    usd = float(sheet.coin_usd[coin])
    accounts = np.flatnonzero(most * usd > DUST_USD)
    holding = holding_of(sheet, accounts, np.full(accounts.shape[0], coin))
    points = _bends(sheet, coin, equity[:, holding], most[accounts], sign)
    owner, place = np.nonzero(_is_new(points, DUST_USD / usd))
    amount = points[owner, place]
    part = part_of(sheet, accounts[owner], has_names=False).sheet
    copies = np.arange(owner.shape[0])
    moved = with_cash(part, holding_of(part, copies, np.full(copies.shape[0], coin)), sign * amount)
    # Isolated accounts have no rooms to lose; others without a number have none to move.
    is_isolated = sheet.mode[accounts[owner]] == ISOLATED
    rooms = np.where(is_isolated, 0.0, conditions.rooms(moved))
    same = np.flatnonzero(owner[1:] == owner[:-1])
    length = (amount[same + 1] - amount[same]) * usd
    slope = sign * (rooms[:, same + 1] - rooms[:, same]) / length
    is_known = ~np.isnan(slope).any(axis=0)
    first = owner[same]
    slope = _bent_one_way(first[is_known], slope[:, is_known], sign)
    if sign < 0.0:
        rate = np.where(is_isolated[same], 0.0, _highest_rate(sheet, holding)[first])
        slope[FREE] = np.maximum(slope[FREE], rate[is_known])
    return Pieces(accounts[first[is_known]], np.full(int(is_known.sum()), coin), length[is_known], slope)


def _bends(sheet: MarginSheet, coin: int, equity: FloatArray, most: FloatArray, sign: float) -> FloatArray:
    """Return the amounts at which pieces begin and end, ascending, shape (p, points), from 0 to ``most``."""
    bands, debts = sheet.collateral_limit[coin], sheet.borrow_limit[coin]
    levels = np.concatenate(([0.0], bands[np.isfinite(bands)], -debts[np.isfinite(debts)]))
    away = sign * (levels[:, None, None] - equity[None, :, :])
    inner = away.reshape(levels.shape[0] * equity.shape[0], most.shape[0]).T
    ends = np.stack((np.zeros(most.shape[0]), most), axis=1)
    return np.sort(np.concatenate((ends, np.clip(inner, 0.0, most[:, None])), axis=1), axis=1)


def _is_new(points: FloatArray, dust: float) -> BoolArray:
    """Return which points are further than dust from the one before."""
    is_new: BoolArray = np.ones(points.shape, np.bool_)
    # A last point that is no new one cuts its account short by dust: less than is moved at all.
    is_new[:, 1:] = points[:, 1:] - points[:, :-1] > dust
    return is_new


def _bent_one_way(owner: CodeArray, slope: FloatArray, sign: float) -> FloatArray:
    """Return slopes that never rise along an account's taking, and never fall along its giving.

    Haircuts grow with size, so they do so by themselves. Where a venue's table does otherwise, a program would fill the
    pieces in the wrong order and promise too much; so what comes later is taken for no better than what comes before.
    """
    bent = slope.copy()
    for place in np.flatnonzero(owner[1:] == owner[:-1]) + 1:
        worse = np.minimum if sign > 0.0 else np.maximum
        bent[:, place] = worse(bent[:, place - 1], bent[:, place])
    return bent

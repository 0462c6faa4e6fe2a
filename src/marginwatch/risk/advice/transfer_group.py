"""The accounts of one owner at one venue: what each has to spare and needs, and the transfers that do it."""

from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.advice.conditions import FREE, Conditions, tolerance
from marginwatch.risk.advice.moved import holding_of, with_cash, with_coins
from marginwatch.risk.advice.pairing import DECIMALS, Pair, paired
from marginwatch.risk.advice.program import least_moves
from marginwatch.risk.advice.response import DUST_USD, Pieces, free_amounts, giving, taking
from marginwatch.risk.margin.sheet import MarginSheet

ISOLATED = MARGIN_MODES["isolated"]

ROUNDS_MAX = 4
"""Programs solved for a group: what the model says is missing after one is asked for on top in the next."""

HAIR = 1e-10
"""Part of what can leave by which a program may miss it: whoever gives so nearly all gives all."""

SPARE_USD = 0.02
"""Asked for on top, so that what is rounded away does not miss the target by a hair."""


@dataclass(slots=True, frozen=True, eq=False)
class Group:
    """Accounts that take part, each with a holding of every coin that can be moved.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    coins : ndarray of shape (q,), int64
        Coins that somebody can give.
    free : ndarray of shape (h,), float64
        What can leave, by holding, coin.
    rooms : ndarray of shape (conditions, k), float64
        Now.
    can_take : ndarray of shape (k,), bool
        Has use for collateral.
    is_new : ndarray of shape (h,), bool
        The account did not hold the coin.
    """

    sheet: MarginSheet
    coins: CodeArray
    free: FloatArray
    rooms: FloatArray
    can_take: BoolArray
    is_new: BoolArray


@dataclass(slots=True, frozen=True, eq=False)
class Solution:
    """Transfers as pairs of a coin and who sends how much to whom, the accounts after them, and whether it was found."""

    transfers: tuple[tuple[int, Pair], ...]
    after: MarginSheet
    is_solved: bool


def prepared(sheet: MarginSheet, conditions: Conditions, withdrawable: FloatArray | None) -> Group:
    """Return the group of all accounts of a sheet.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts that take part.
    conditions : Conditions
        The target.
    withdrawable : ndarray of shape (h,), float64, or None
        The venue's own word, coin; NaN where it did not say.
    """
    rooms = conditions.rooms(sheet)
    free = free_amounts(sheet, rooms, withdrawable)
    coins = np.unique(sheet.holding_coin[free * sheet.coin_usd[sheet.holding_coin] > DUST_USD])
    wide = with_coins(sheet, coins)
    place = holding_of(wide, sheet.holding_account, sheet.holding_coin)
    spread, is_new = np.zeros(wide.n_holdings), np.ones(wide.n_holdings, np.bool_)
    spread[place], is_new[place] = free, False
    # What needs no margin has no use for collateral, and transfers do not reach isolated positions.
    can_take = np.diff(wide.first_leg) > 0
    can_take[wide.holding_account[wide.is_owed]] = True
    return Group(wide, coins, spread, rooms, can_take & (sheet.mode != ISOLATED), is_new)


def best_transfers(group: Group, conditions: Conditions) -> Solution:
    """Return the smallest transfers; none if all accounts are at the target or nothing can be moved."""
    sheet = group.sheet
    found, after = (), sheet
    is_short = conditions.missing_usd(sheet) > 0.0
    if not is_short.any() or not group.coins.shape[0]:
        return Solution(found, after, True)
    gives, takes = _all_pieces(group, conditions)
    rooms = group.rooms.copy()
    rooms[FREE + 1 :, is_short] -= SPARE_USD
    # Likewise givers keep so much of their free margin: what is a hair more than it, the venue refuses as a whole.
    rooms[FREE] = np.where(rooms[FREE] > 0.0, np.maximum(rooms[FREE] - SPARE_USD, 0.0), rooms[FREE])
    for _ in range(ROUNDS_MAX):
        moves = least_moves(gives, takes, rooms, conditions.weights, is_short)
        if moves is None:
            return Solution((), sheet, False)
        found = _transfers(group, gives, takes, moves.given, moves.taken)
        after = _moved(sheet, found)
        missed = _missed(group, conditions, after, found, moves.deposit)
        if not missed.any():
            break
        rooms = rooms + missed
    return Solution(found, after, True)


def _missed(
    group: Group,
    conditions: Conditions,
    after: MarginSheet,
    found: tuple[tuple[int, Pair], ...],
    deposit: FloatArray,
) -> FloatArray:
    """Return by how much each condition is missed after transfers and deposits, shape of rooms, ≤ 0."""
    reached = conditions.rooms(after) + conditions.weights[:, None] * deposit
    is_giver = np.isin(np.arange(group.sheet.n_accounts), [pair.giver for _, pair in found])
    reached[FREE, ~is_giver] = np.inf
    if conditions.shocks:
        shocked = slice(-len(conditions.shocks), None)
        reached[shocked] = np.minimum(reached[shocked], conditions.between(after) + deposit)
    return np.where(reached < -tolerance(group.rooms), reached, 0.0)


def _all_pieces(group: Group, conditions: Conditions) -> tuple[Pieces, Pieces]:
    sheet, equity = group.sheet, conditions.coin_equities(group.sheet)
    everyone = np.arange(sheet.n_accounts)
    gives: list[Pieces] = []
    takes: list[Pieces] = []
    for coin in group.coins.tolist():
        free = group.free[holding_of(sheet, everyone, np.full(sheet.n_accounts, coin))]
        most = np.where(group.can_take, free.sum() - free, 0.0)
        gives.append(giving(sheet, conditions, coin, equity, free))
        takes.append(taking(sheet, conditions, coin, equity, most))
    return _joined(gives), _joined(takes)


def _joined(pieces: list[Pieces]) -> Pieces:
    return Pieces(
        np.concatenate([piece.account for piece in pieces]),
        np.concatenate([piece.coin for piece in pieces]),
        np.concatenate([piece.length for piece in pieces]),
        np.concatenate([piece.slope for piece in pieces], axis=1),
    )


def _transfers(
    group: Group, gives: Pieces, takes: Pieces, given: FloatArray, taken: FloatArray
) -> tuple[tuple[int, Pair], ...]:
    k = group.sheet.n_accounts
    found: list[tuple[int, Pair]] = []
    for coin in group.coins.tolist():
        usd = float(group.sheet.coin_usd[coin])
        free = group.free[holding_of(group.sheet, np.arange(k), np.full(k, coin))]
        out, into = (
            np.bincount(pieces.account[rows], amounts[rows], minlength=k) / usd
            for pieces, amounts, rows in (
                (gives, given, gives.coin == coin),
                (takes, taken, takes.coin == coin),
            )
        )
        # A program keeps its bounds but for a hair, and nobody can send a hair more than can leave.
        sent = np.where(out > free * (1.0 - HAIR), free, out)
        pairs = paired(sent, into * (sent.sum() / out.sum()) if out.any() else into)
        found += [(coin, pair) for pair in pairs if pair.amount * usd > DUST_USD]
    return tuple(found)


def _moved(sheet: MarginSheet, transfers: tuple[tuple[int, Pair], ...]) -> MarginSheet:
    coin = np.array([coin for coin, _ in transfers], np.int64)
    giver = np.array([pair.giver for _, pair in transfers], np.int64)
    taker = np.array([pair.taker for _, pair in transfers], np.int64)
    amount = np.array([pair.amount for _, pair in transfers], np.float64)
    holdings = np.concatenate((holding_of(sheet, giver, coin), holding_of(sheet, taker, coin)))
    moved = with_cash(sheet, holdings, np.concatenate((-amount, amount)))
    # A debt that is brought down to the end of its tier must not be left above it by an error of floating point.
    cash = moved.holding_cash.copy()
    cash[holdings] = np.round(cash[holdings], DECIMALS)
    return replace(moved, holding_cash=cash)

"""The linear program of transfers: first as little from outside as can be, then as little moved as can be."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.advice.conditions import FREE
from marginwatch.risk.advice.response import Pieces
from marginwatch.risk.advice.solver import LinearProgram, solved

SPARE = 1e-12
"""Part of the least sum by which the next program may exceed it, so that rounding leaves it a solution."""


class Moves(NamedTuple):
    """What each account gives and takes, and what it lacks.

    Parameters
    ----------
    given, taken : ndarray of float64
        USD of each piece.
    deposit : ndarray of shape (k,), float64
        What each account needs from outside, USD of a coin that counts in full.
    """

    given: FloatArray
    taken: FloatArray
    deposit: FloatArray


UNWANTED = 1e3
"""Price of a deposit in an account that is at the target now, if one in another costs 1: it is not to be pushed out of it."""


def least_moves(
    gives: Pieces, takes: Pieces, rooms: FloatArray, weights: FloatArray, is_short: BoolArray
) -> Moves | None:
    """Return the least transfers with the least deposits from outside; None if no program was solved.

    Of each coin as much is taken as given. For every account and condition, room + gains − losses ≥ 0, where a deposit
    gains its weight; the room above initial margin binds givers alone. Three programs: the first minimizes the sum of
    deposits, which is 0 if the target can be reached from within; the second the sum of what is given, at that sum of
    deposits; the third, at both sums, lets those give who have most, so that there are few transfers. One program with a
    large price on deposits would need that price to be above any haircut.

    Parameters
    ----------
    gives, takes : Pieces
        With slopes of shape (q, s).
    rooms : ndarray of shape (q, k), float64
        Now, USD; NaN: no condition.
    weights : ndarray of shape (q,), float64
        What one USD of deposit gains.
    is_short : ndarray of shape (k,), bool
        Not at the target now. The others stay at it, even if pushing them out of it would help those more.
    """
    n_conditions, k = int(rooms.shape[0]), int(rooms.shape[1])
    n_given, n_taken = int(gives.length.shape[0]), int(takes.length.shape[0])
    needed = -np.nan_to_num(rooms, nan=np.inf)
    is_giver = np.zeros(k, np.bool_)
    is_giver[gives.account] = True
    needed[FREE, ~is_giver] = -np.inf
    # HiGHS misses bounds by parts of whatever unit it is given: here a thousandth of the largest amount.
    unit = max(1.0, float(np.max(needed, initial=0.0)), float(gives.length.max(initial=0.0))) / 1e3
    rows, columns, values = _entries(gives, takes, weights, k)
    n_balances = int(max(gives.coin.max(initial=-1), takes.coin.max(initial=-1))) + 1
    balance_rows: FloatArray = np.zeros(n_balances)
    first = LinearProgram(
        cost=np.concatenate((np.zeros(n_given + n_taken), np.where(is_short, 1.0, UNWANTED))),
        lower=np.zeros(n_given + n_taken + k),
        upper=np.concatenate((gives.length / unit, takes.length / unit, np.full(k, np.inf))),
        row_lower=np.concatenate((needed.reshape(-1) / unit, balance_rows)),
        row_upper=np.concatenate((np.full(n_conditions * k, np.inf), balance_rows)),
        row=rows,
        column=columns,
        value=values,
    )
    found = solved(first)
    if found is None:
        return None
    is_given: FloatArray = np.zeros(n_given + n_taken + k)
    is_given[:n_given] = 1.0
    second = _at_most(first, found, is_given)
    found = _or_before(solved(second), found)
    found = _or_before(solved(_at_most(second, found, _smallness(gives, k, n_taken))), found) * unit
    return Moves(found[:n_given], found[n_given : n_given + n_taken], found[n_given + n_taken :])


def _entries(
    gives: Pieces, takes: Pieces, weights: FloatArray, k: int
) -> tuple[CodeArray, CodeArray, FloatArray]:
    """Return rows, columns and values: conditions first (condition × k + account), then one balance for each coin."""
    n_conditions = int(weights.shape[0])
    n_given, n_taken = int(gives.length.shape[0]), int(takes.length.shape[0])
    given: CodeArray = np.arange(n_given)
    taken: CodeArray = n_given + np.arange(n_taken)
    everyone: CodeArray = np.arange(k)
    deposit: CodeArray = n_given + n_taken + everyone
    block: CodeArray = np.arange(n_conditions)[:, None] * k
    rows: list[CodeArray] = [
        (block + gives.account).reshape(-1),
        (block + takes.account).reshape(-1),
        (block + everyone).reshape(-1),
        n_conditions * k + gives.coin,
        n_conditions * k + takes.coin,
    ]
    columns: list[CodeArray] = [
        *(np.tile(each, n_conditions) for each in (given, taken, deposit)),
        given,
        taken,
    ]
    values: list[FloatArray] = [
        -gives.slope.reshape(-1),
        takes.slope.reshape(-1),
        np.repeat(weights, k),
        np.ones(n_given),
        -np.ones(n_taken),
    ]
    value = np.concatenate(values)
    is_there = value != 0.0
    return np.concatenate(rows)[is_there], np.concatenate(columns)[is_there], value[is_there]


def _or_before(found: FloatArray | None, before: FloatArray) -> FloatArray:
    """Return what a refining program found; if it found nothing, what it should have refined still holds."""
    return before if found is None else found


def _at_most(program: LinearProgram, found: FloatArray, cost: FloatArray) -> LinearProgram:
    """Return the program with another cost, in which what the old one costs is no more than was found."""
    columns, row = np.flatnonzero(program.cost), program.row_lower.shape[0]
    least = float(program.cost @ found)
    return replace(
        program,
        cost=cost,
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, least * (1.0 + SPARE) + SPARE),
        row=np.concatenate((program.row, np.full(columns.shape[0], row))),
        column=np.concatenate((program.column, columns)),
        value=np.concatenate((program.value, program.cost[columns])),
    )


def _smallness(gives: Pieces, k: int, n_taken: int) -> FloatArray:
    """Return a cost that grows from the account and coin that can give most to those that can give least."""
    _, pair = np.unique(gives.coin * k + gives.account, return_inverse=True)
    can_give = np.bincount(pair, gives.length)
    place: FloatArray = np.zeros(int(can_give.shape[0]))
    place[np.argsort(-can_give, kind="stable")] = np.linspace(0.0, 1.0, can_give.shape[0])
    return np.concatenate((place[pair], np.zeros(n_taken + k)))

"""From what accounts give and take of a coin to who sends how much to whom."""

import math
import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import FloatArray

DECIMALS = 8
"""Of amounts: as many as venues take."""


class Pair(NamedTuple):
    """Rows of giver and taker, and an amount in the coin."""

    giver: int
    taker: int
    amount: float


def paired(given: FloatArray, taken: FloatArray) -> Iterator[Pair]:
    """Yield who sends how much to whom, so that each gives and takes its sums: at most givers + takers − 1 pairs.

    The largest giver serves the largest taker first, and so on.

    Parameters
    ----------
    given, taken : ndarray of shape (k,), float64
        Amounts of one coin by account, ≥ 0, with equal sums.
    """
    net = given - taken
    givers, takers = (
        [row for row in np.argsort(-amounts, kind="stable").tolist() if amounts[row] > 0.0]
        for amounts in (np.maximum(net, 0.0), np.maximum(-net, 0.0))
    )
    left = np.abs(net)
    while givers and takers:
        giver, taker = givers[0], takers[0]
        amount = float(min(left[giver], left[taker]))
        left[giver] -= amount
        left[taker] -= amount
        # One of the two is done, by construction; both, if what is left of the other is rounding.
        if left[giver] <= left[taker]:
            givers.pop(0)
        else:
            takers.pop(0)
        if (sendable := rounded_down(amount)) > 0.0:
            yield Pair(giver, taker, sendable)


def rounded_down(amount: float) -> float:
    """Return an amount in whole units of the last decimal, never more than it is: a venue refuses a unit too much.

    What is a whole number of units but for the error of floating point is that number.
    """
    units = amount * 10**DECIMALS
    nearest = round(units)
    is_whole = abs(units - nearest) <= 1e-6 + 4.0 * sys.float_info.epsilon * units
    return (nearest if is_whole else math.floor(units)) / 10**DECIMALS

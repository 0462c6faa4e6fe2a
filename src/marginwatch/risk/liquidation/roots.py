"""The nearest shock at which something reaches zero, for many subjects at once: scan outwards, then refine.

Always of the headroom itself, never of a ratio: a ratio of margin to equity changes its sign with the equity and may jump
over its limit without ever being equal to it.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray

DOWN_GRID: FloatArray = -np.array([0.02, 0.05, 0.09, 0.14, 0.2, 0.28, 0.37, 0.48, 0.6, 0.73, 0.87, 0.99])
UP_GRID: FloatArray = np.array([0.02, 0.05, 0.09, 0.15, 0.23, 0.35, 0.55, 0.9, 1.4, 2.2, 3.4, 5.0])
"""Where is looked first, fractions: denser near 0. A dip below zero that begins and ends between two neighbors is found only
if headroom has a visible low there."""

TOLERANCE = 1e-11
"""Width of a bracket, relative to 1 + shock, at which a root is known well enough: far below a tick of any contract."""

STEPS_MAX = 80
"""Of refinement; bisection alone needs 40 from the widest cell."""

DIP_STEPS = 14
GOLDEN = 0.381966011250105
"""(3 − √5) ÷ 2: where golden-section search looks next."""

COMPACT_BELOW = 0.6
"""Part of the subjects still looked for below which the others are left out of further passes."""


class Shockable(Protocol):
    """Many subjects, each with a headroom that depends on a shock of its own."""

    @property
    def size(self) -> int:
        """How many subjects there are."""
        ...

    def headroom_at(self, shock: float) -> FloatArray:
        """Return headroom, shape (size,), if all subjects meet the same shock; NaN where it cannot be known."""
        ...

    def headroom(self, shocks: FloatArray) -> FloatArray:
        """Return headroom, shape (size,), with a shock for each subject."""
        ...

    def part(self, rows: CodeArray) -> Self:
        """Return some of the subjects, in this order."""
        ...


@dataclass(slots=True, frozen=True)
class Roots:
    """Nearest roots in one direction.

    Parameters
    ----------
    shock : ndarray of shape (size,), float64
        Fraction, signed, at which headroom is 0 or just below; 0 if it is there already; NaN without a root.
    answer : ndarray of shape (size,), uint8
        ``NUMBER``, ``NONE_IN_RANGE`` or ``MISSING``.
    """

    shock: FloatArray
    answer: AnswerArray


@dataclass(slots=True)
class _Brackets:
    """Where headroom was last above zero and first not: shocks and headrooms, shape (size,)."""

    safe: FloatArray
    gone: FloatArray
    safe_headroom: FloatArray
    gone_headroom: FloatArray
    is_found: BoolArray
    is_missing: BoolArray

    def take(
        self, rows: CodeArray, safe: FloatArray, gone: FloatArray, at_safe: FloatArray, at_gone: FloatArray
    ) -> None:
        self.safe[rows], self.gone[rows] = safe, gone
        self.safe_headroom[rows], self.gone_headroom[rows] = at_safe, at_gone
        self.is_found[rows] = True


def nearest_roots(subjects: Shockable, now: FloatArray, grid: FloatArray) -> Roots:
    """Return the root nearest to 0 of each subject's headroom in the direction of ``grid``.

    Parameters
    ----------
    subjects : Shockable
        Whose headroom.
    now : ndarray of shape (size,), float64
        Headroom without any shock; NaN is missing.
    grid : ndarray of shape (p,), float64
        Shocks to look at, all of one sign, from 0 outwards; ``DOWN_GRID`` or ``UP_GRID``.

    Returns
    -------
    Roots
        Of several roots the nearest that the grid shows. A headroom that cannot be known at some shock nearer than a
        root makes that root unknown.
    """
    size = now.shape[0]
    brackets = _scanned(subjects, now, grid)
    shock = np.full(size, np.nan)
    answer = np.full(size, np.uint8(Answer.NONE_IN_RANGE))
    found = np.flatnonzero(brackets.is_found)
    if found.shape[0]:
        shock[found] = _refined(subjects, found, brackets)
        answer[found] = Answer.NUMBER
    is_over = now <= 0.0
    shock[is_over], answer[is_over] = 0.0, Answer.NUMBER
    answer[brackets.is_missing] = Answer.MISSING
    return Roots(shock, answer)


def _scanned(subjects: Shockable, now: FloatArray, grid: FloatArray) -> _Brackets:
    size = len(now)
    blank = np.full((4, size), np.nan)
    brackets = _Brackets(*blank, is_found=np.zeros(size, np.bool_), is_missing=np.isnan(now))
    rows: CodeArray = np.flatnonzero(now > 0.0)
    looked = subjects if rows.shape[0] == size else subjects.part(rows)
    before, last = now[rows], now[rows]
    shocks = np.concatenate((np.zeros(1), grid))
    for place, shock in enumerate(grid):
        if not rows.shape[0]:
            break
        headroom = looked.headroom_at(float(shock))
        here = np.flatnonzero((headroom <= 0.0) & ~(brackets.is_found[rows] | brackets.is_missing[rows]))
        if here.shape[0]:
            at = rows[here]
            n = np.ones(here.shape[0])
            brackets.take(at, n * shocks[place], n * shock, last[here], headroom[here])
        if place:
            _look_into_dips(looked, rows, brackets, shocks[place - 1 : place + 2], (before, last, headroom))
        is_lost = np.isnan(headroom) & ~brackets.is_found[rows]
        brackets.is_missing[rows[is_lost]] = True
        open_rows = np.flatnonzero(~(brackets.is_found[rows] | is_lost))
        before, last = last, headroom
        if open_rows.shape[0] < COMPACT_BELOW * rows.shape[0]:
            looked, rows = looked.part(open_rows), rows[open_rows]
            before, last = before[open_rows], last[open_rows]
        elif open_rows.shape[0] < rows.shape[0]:
            # Left in the passes, but never taken again: NaN compares as false.
            done = brackets.is_found[rows] | is_lost
            last = np.where(done, np.nan, last)
    return brackets


def _look_into_dips(
    looked: Shockable,
    rows: CodeArray,
    brackets: _Brackets,
    shocks: FloatArray,
    headrooms: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    """Search between three neighbors of which the middle is the lowest for a place where headroom is not above zero.

    A parabola through the three tells whether it is worth it: whether the low may reach down to half of the middle.
    """
    left, middle, right = headrooms
    is_low = (middle < left) & (middle <= right) & (middle > 0.0)
    if not is_low.any():
        return
    picked = np.flatnonzero(is_low & ~brackets.is_found[rows])
    picked = picked[_parabola_low(shocks, left[picked], middle[picked], right[picked]) < 0.5 * middle[picked]]
    if not picked.shape[0]:
        return
    few = looked.part(picked)
    n = np.ones(picked.shape[0])
    start: FloatArray = n * shocks[0]
    best: FloatArray = n * shocks[1]
    end: FloatArray = n * shocks[2]
    lowest = middle[picked].copy()
    for _ in range(DIP_STEPS):
        is_wider_left = np.abs(best - start) > np.abs(end - best)
        trial: FloatArray = np.where(
            is_wider_left, best + GOLDEN * (start - best), best + GOLDEN * (end - best)
        )
        value = few.headroom(trial)
        is_better = value < lowest
        side: FloatArray = np.where(is_better, best, trial)
        best, lowest = np.where(is_better, trial, best), np.where(is_better, value, lowest)
        # Whatever was looked at and is not the best bounds the search on its side.
        goes_left = np.abs(side) < np.abs(best)
        start, end = np.where(goes_left, side, start), np.where(goes_left, end, side)
    gone = np.flatnonzero(lowest <= 0.0)
    brackets.take(rows[picked[gone]], n[gone] * shocks[0], best[gone], left[picked[gone]], lowest[gone])


def _parabola_low(shocks: FloatArray, left: FloatArray, middle: FloatArray, right: FloatArray) -> FloatArray:
    """Return the lowest value of the parabola through three points whose middle is the lowest."""
    a, b, c = shocks
    slope = (middle - left) / (b - a)
    bend = ((right - middle) / (c - b) - slope) / (c - a)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = 0.5 * (a + b) - slope / (2.0 * bend)
        low = middle + (at - b) * (slope + bend * (at - a))
    return np.where(bend * (c - a) * (c - b) > 0.0, low, middle)


def _refined(subjects: Shockable, found: CodeArray, brackets: _Brackets) -> FloatArray:
    """Return the shock just beyond each root, by Chandrupatla's method on all brackets at once.

    References
    ----------
    Chandrupatla (1997), A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without
    using derivatives, Advances in Engineering Software 28.
    """
    result = brackets.gone[found].copy()
    rows: CodeArray = np.arange(found.shape[0], dtype=np.int64)
    # x1 the newest point, x2 the other end of the bracket, x3 the point before.
    x1: FloatArray = brackets.gone[found]
    x2: FloatArray = brackets.safe[found]
    f1: FloatArray = brackets.gone_headroom[found]
    f2: FloatArray = brackets.safe_headroom[found]
    looked = subjects.part(found)
    step = np.full(found.shape[0], 0.5)
    for _ in range(STEPS_MAX):
        trial: FloatArray = x1 + step * (x2 - x1)
        value: FloatArray = looked.headroom(trial)
        is_same = (value <= 0.0) == (f1 <= 0.0)
        x3, f3 = np.where(is_same, x1, x2), np.where(is_same, f1, f2)
        x2, f2 = np.where(is_same, x2, x1), np.where(is_same, f2, f1)
        x1, f1 = trial, value
        gone = np.where(f1 <= 0.0, x1, x2)
        result[rows] = gone
        width = np.abs(x2 - x1)
        limit = TOLERANCE * (1.0 + np.abs(gone))
        is_open = (width > limit) & (f1 != 0.0)
        keep = np.flatnonzero(is_open)
        if not keep.shape[0]:
            break
        if keep.shape[0] < COMPACT_BELOW * rows.shape[0]:
            looked, rows = looked.part(keep), rows[keep]
            x1, x2, x3, f1, f2, f3 = (each[keep] for each in (x1, x2, x3, f1, f2, f3))
            width, limit = width[keep], limit[keep]
        step = _next_step(x1, x2, x3, f1, f2, f3, 0.5 * limit / np.maximum(width, 1e-300))
    return result


def _next_step(
    x1: FloatArray,
    x2: FloatArray,
    x3: FloatArray,
    f1: FloatArray,
    f2: FloatArray,
    f3: FloatArray,
    smallest: FloatArray,
) -> FloatArray:
    """Return how far from x1 towards x2 to look next: where a quadratic is to be trusted its root, else the middle."""
    with np.errstate(divide="ignore", invalid="ignore"):
        xi = (x1 - x2) / (x3 - x2)
        phi = (f1 - f2) / (f3 - f2)
        quadratic = f1 / (f2 - f1) * f3 / (f2 - f3) + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
        is_trusted = (1.0 - np.sqrt(1.0 - xi) < phi) & (phi < np.sqrt(xi))
    step = np.where(is_trusted & np.isfinite(quadratic), quadratic, 0.5)
    return np.clip(step, smallest, 1.0 - smallest)

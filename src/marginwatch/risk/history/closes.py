"""Closes of many coins on one grid of times, holes left as holes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray

HOUR_S = 3_600
DAY_S = 86_400

GRID_ROWS_MAX = 100_000
"""More rows than eleven years of hours are a mistake in the times, not a history."""


@dataclass(slots=True, frozen=True, eq=False)
class CloseSeries:
    """The closes of one coin, in any order of times.

    Parameters
    ----------
    name : str
        The coin's canonical name.
    times_s : ndarray of shape (n,), int64
        When each interval ended, UTC seconds; each a multiple of the interval.
    closes : ndarray of shape (n,), float64
        Price at that time, > 0; in one and the same currency throughout. Others count as missing.
    """

    name: str
    times_s: CodeArray
    closes: FloatArray


@dataclass(slots=True, frozen=True, eq=False)
class CloseTable:
    """Closes of all coins at common times.

    Parameters
    ----------
    names : tuple of str
        The coins, shape (n_coins,).
    interval_s : int
        Seconds between two rows.
    times_s : ndarray of shape (n_times,), int64
        Ends of the intervals, UTC seconds, ascending without holes.
    closes : ndarray of shape (n_times, n_coins), float64
        NaN where a coin has no close.
    """

    names: tuple[str, ...]
    interval_s: int
    times_s: CodeArray
    closes: FloatArray


def close_table(series: Sequence[CloseSeries], interval_s: int, *, rows_max: int | None = None) -> CloseTable:
    """Return the closes of all series on one grid, from the first time of any to the last of any.

    Parameters
    ----------
    series : sequence of CloseSeries
        One of each coin.
    interval_s : int
        Seconds between two rows, e.g. 3,600 or 86,400.
    rows_max : int, optional
        Keep only this many rows, the newest.

    Returns
    -------
    CloseTable
        Without rows if there is no series or none has a close. Of two closes at one time the later in the series holds.

    Raises
    ------
    ValueError
        If a name stands twice, lengths differ, a time is no multiple of the interval, or the times span more than
        100,000 intervals.
    """
    names = tuple(one.name for one in series)
    if len(set(names)) != len(names):
        raise ValueError(f"each coin may have one series, got {sorted(names)}")
    for one in series:
        if one.times_s.shape != one.closes.shape:
            raise ValueError(f"{one.name}: {one.times_s.shape[0]} times but {one.closes.shape[0]} closes")
        if (one.times_s % interval_s).any():
            raise ValueError(f"{one.name}: a time is no multiple of {interval_s} s")
    filled = [one for one in series if one.times_s.shape[0]]
    if not filled:
        return CloseTable(names, interval_s, np.zeros(0, np.int64), np.zeros((0, len(names))))
    last = max(int(one.times_s.max()) for one in filled) // interval_s
    first = min(int(one.times_s.min()) for one in filled) // interval_s
    if rows_max is not None:
        first = max(first, last - rows_max + 1)
    if last - first >= GRID_ROWS_MAX:
        raise ValueError(f"the closes span {last - first + 1} intervals of {interval_s} s; check their times")
    closes = np.full((last - first + 1, len(names)), np.nan)
    for column, one in enumerate(series):
        row = one.times_s // interval_s - first
        usable = (row >= 0) & np.isfinite(one.closes) & (one.closes > 0.0)
        closes[row[usable], column] = one.closes[usable]
    return CloseTable(names, interval_s, np.arange(first, last + 1) * interval_s, closes)

"""Correlations now and over the long run, and an alarm when they are further apart than they have been before.

Hedges rest on correlations. In a crash all coins become one, and a coin with troubles of its own parts from the others:
either way a book that was flat is flat no more.
"""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.history.covariance import correlation_of
from marginwatch.risk.history.mapping import History
from marginwatch.risk.history.volatility import decay_for, ewma_variance

DECAY_RECENT = 0.97
"""Half of the weight on the last 23 rows: long enough that the noise of a correlation is about 0.2, not more."""

DECAY_LONG = 0.995
"""Half of the weight on the last 138 rows."""

SETTLING_ROWS = 60
"""The first so many rows start both estimates; for as many again they are too much alike to be compared. And so many of the
newest distances are no history yet: a break would soon be judged by itself, and found usual."""

COMPARED_MIN = 100
"""Earlier distances needed before one can be called unusual."""

UNUSUAL_QUANTILE = 0.99
BORROWED_MAX = 0.1
"""A coin that borrowed more than this part of its rows has no correlation of its own."""

PAIRS_SHOWN = 5


@dataclass(slots=True, frozen=True)
class MovedPair:
    """Two coins and their correlation, recent and over the long run."""

    first: str
    second: str
    recent: float
    long_run: float


@dataclass(slots=True, frozen=True, eq=False)
class CorrelationWatch:
    """Whether correlations have broken from their history.

    Parameters
    ----------
    answer : Answer
        ``MISSING`` with too short a history, ``NOT_APPLICABLE`` with fewer than two coins, else ``NUMBER``.
    names : tuple of str
        The coins compared.
    recent, long_run : ndarray of shape (n, n), float64
        Correlations of returns, each divided by its expected volatility first.
    distance : float
        Root mean square, over all pairs, of recent − long run; in [0, 2]. NaN unless there is a number.
    threshold : float
        The 99th percentile of the distances that are older than 60 rows.
    is_broken : bool
        Whether the distance is above the threshold.
    mean_recent, mean_long_run : float
        Mean over pairs: all moving as one, or each for itself.
    pairs : tuple of MovedPair
        The five pairs that moved most, most first.
    n_compared : int
        How many earlier distances there are.
    """

    answer: Answer
    names: tuple[str, ...]
    recent: FloatArray
    long_run: FloatArray
    distance: float
    threshold: float
    is_broken: bool
    mean_recent: float
    mean_long_run: float
    pairs: tuple[MovedPair, ...]
    n_compared: int


def watch_correlations(history: History) -> CorrelationWatch:
    """Return whether correlations have broken from their history.

    Returns are divided by the volatility expected for them, so that one stormy week does not outweigh a year. Recent and
    long-run correlations are both exponentially weighted and known at each time from rows up to it; their distance today
    is judged by those of all times more than 60 rows ago. By construction about one time in a hundred is unusual when
    nothing is wrong. Coins that do not move, or borrowed more than a tenth of their rows, take no part. Cost:
    O(n_times × n_coins²); fifty coins and a thousand rows take about 50 ms.
    """
    n_times = history.values.shape[0]
    own = [
        column
        for column, source in enumerate(history.sources)
        if source.n_own and source.n_borrowed <= BORROWED_MAX * n_times and history.values[:, column].any()
    ]
    names = tuple(history.names[column] for column in own)
    if len(own) < 2:
        return _without_number(Answer.NOT_APPLICABLE, names)
    if n_times < 3 * SETTLING_ROWS + COMPARED_MIN:
        return _without_number(Answer.MISSING, names)
    distances, recent, long_run = _distances(_devolatilized(history, own))
    earlier = distances[SETTLING_ROWS:-SETTLING_ROWS]
    threshold = float(np.quantile(earlier, UNUSUAL_QUANTILE))
    pair = np.triu_indices(len(own), 1)
    return CorrelationWatch(
        answer=Answer.NUMBER,
        names=names,
        recent=recent,
        long_run=long_run,
        distance=float(distances[-1]),
        threshold=threshold,
        is_broken=bool(distances[-1] > threshold),
        mean_recent=float(recent[pair].mean()),
        mean_long_run=float(long_run[pair].mean()),
        pairs=_most_moved(names, recent, long_run),
        n_compared=earlier.shape[0],
    )


def _devolatilized(history: History, columns: list[int]) -> FloatArray:
    returns = history.values[:, columns]
    variance = ewma_variance(returns, decay_for(history.interval_s))[:-1]
    # A coin that stood still at the start has no expected volatility yet; its rows then count as they are.
    usual = (returns**2).mean(axis=0)
    return returns / np.sqrt(np.where(variance > 0.0, variance, usual))


def _distances(scaled: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distance at each time after the first 60, oldest first, and the last two correlation matrices."""
    n_times, n = scaled.shape
    start = scaled[:SETTLING_ROWS]
    fast = start.T @ start / SETTLING_ROWS
    slow = fast.copy()
    found = np.empty(n_times - SETTLING_ROWS)
    pair = np.triu_indices(n, 1)
    recent = long_run = fast
    for number, row in enumerate(scaled[SETTLING_ROWS:]):
        product = np.outer(row, row)
        fast = DECAY_RECENT * fast + (1.0 - DECAY_RECENT) * product
        slow = DECAY_LONG * slow + (1.0 - DECAY_LONG) * product
        recent, long_run = correlation_of(fast), correlation_of(slow)
        found[number] = np.sqrt(np.mean((recent[pair] - long_run[pair]) ** 2))
    return found, recent, long_run


def _most_moved(names: tuple[str, ...], recent: FloatArray, long_run: FloatArray) -> tuple[MovedPair, ...]:
    first, second = np.triu_indices(len(names), 1)
    moved = np.abs(recent[first, second] - long_run[first, second])
    order = np.argsort(-moved, kind="stable")[:PAIRS_SHOWN]
    return tuple(
        MovedPair(
            names[first[at]],
            names[second[at]],
            float(recent[first[at], second[at]]),
            float(long_run[first[at], second[at]]),
        )
        for at in order
    )


def _without_number(answer: Answer, names: tuple[str, ...]) -> CorrelationWatch:
    nothing = np.full((len(names), len(names)), np.nan)
    nan = float("nan")
    return CorrelationWatch(answer, names, nothing, nothing, nan, nan, False, nan, nan, (), 0)

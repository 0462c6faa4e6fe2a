"""From closes to returns: only between two adjacent times, so that a gap is no return and none is spread over it."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.history.closes import CloseTable


@dataclass(slots=True, frozen=True, eq=False)
class ReturnTable:
    """Log returns of coins over adjacent intervals.

    Parameters
    ----------
    names : tuple of str
        The coins, shape (n_coins,).
    interval_s : int
        What each return spans, seconds.
    times_s : ndarray of shape (n_times,), int64
        Ends of the intervals, UTC seconds, ascending.
    values : ndarray of shape (n_times, n_coins), float64
        ln(close ÷ close one interval before); NaN where either is missing.
    """

    names: tuple[str, ...]
    interval_s: int
    times_s: CodeArray
    values: FloatArray

    def column(self, name: str) -> FloatArray | None:
        """Return the returns of one coin, shape (n_times,); None if it has none."""
        return self.values[:, self.names.index(name)] if name in self.names else None


def log_returns(table: CloseTable) -> ReturnTable:
    """Return what every coin made over each interval; a return over a gap is none.

    A close that is missing takes two returns with it. The first row has none, so there is one row fewer than closes.
    """
    logs = np.log(table.closes)
    return ReturnTable(table.names, table.interval_s, table.times_s[1:], np.diff(logs, axis=0))

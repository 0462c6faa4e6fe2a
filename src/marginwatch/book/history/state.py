"""The columns of accounts' performance."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray

UNKNOWN = ("last_equity", "day_equity", "base_equity", "begun_equity", "index", "peak", "run_peak")
"""Blank is NaN; of all others it is 0."""

SUMS = ("day_flows", "day_put_in", "base_flows", "base_put_in", "explained", "gained")
MOMENTS = ("last_at", "last_money", "day_money", "base_money", "begun_money")


class AccountState:
    """One entry a row of the account table. USD; moments in UTC nanoseconds.

    ``last_…`` is what was fresh last, ``day_…`` what the day began with and the flows since, ``base_…`` the same of the
    moment up to which everything is settled: ``index`` and ``gained`` are of it, ``peak`` is the largest index until then,
    ``run_peak`` the largest since. ``…_put_in`` is the most that flows amounted to on balance, ``explained`` the sum of all
    lines since the base. The history begins with ``begun_equity``; lines up to ``begun_money`` are older. What was
    kept of an account from before a restart has neither.
    """

    last_equity: FloatArray
    day_equity: FloatArray
    base_equity: FloatArray
    begun_equity: FloatArray
    index: FloatArray
    peak: FloatArray
    run_peak: FloatArray
    day_flows: FloatArray
    day_put_in: FloatArray
    base_flows: FloatArray
    base_put_in: FloatArray
    explained: FloatArray
    gained: FloatArray
    last_at: CodeArray
    last_money: CodeArray
    day_money: CodeArray
    base_money: CodeArray
    begun_money: CodeArray
    has_read: BoolArray

    def __init__(self) -> None:
        for name in UNKNOWN:
            setattr(self, name, np.full(1, np.nan))
        for name in SUMS:
            setattr(self, name, np.zeros(1))
        for name in MOMENTS:
            setattr(self, name, np.zeros(1, np.int64))
        self.has_read = np.zeros(1, np.bool_)

    def resize(self, n: int) -> None:
        """Make room for ``n`` rows, new ones blank; rows beyond are forgotten."""
        size = self.has_read.shape[0]
        if n == size:
            return
        for name in (*UNKNOWN, *SUMS, *MOMENTS, "has_read"):
            old = getattr(self, name)
            new = np.zeros(n, old.dtype)
            if name in UNKNOWN:
                new[:] = np.nan
            new[: min(n, size)] = old[:n]
            setattr(self, name, new)

    def blank(self, row: int) -> None:
        """Forget what is known of a row."""
        for name in UNKNOWN:
            getattr(self, name)[row] = np.nan
        for name in (*SUMS, *MOMENTS, "has_read"):
            getattr(self, name)[row] = 0

    def nothing(self) -> FloatArray:
        """Return a column without a number."""
        nothing: FloatArray = np.full(len(self.last_equity), np.nan)
        return nothing

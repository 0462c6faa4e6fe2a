"""The arithmetic of performance: what was gained, of which capital, and how far below its peak that is.

With equity ``E0`` at the beginning, ``E`` now, and flows ``f1, f2, …`` in between (money that came > 0):

- gain = E − E0 − Σf
- capital = E0 + max(0, f1, f1 + f2, …): the most of its own money that was at work. What is deposited and withdrawn again
  and again counts once, and a withdrawal does not make the loss a larger share of what was there.
- loss share = −gain ÷ capital, below 0 of a profit
- growth = 1 + gain ÷ capital, never below 0
- growth index = product of the growths of all intervals since the history began; its peak is its largest value so far
- drawdown = (peak − index) ÷ peak. Without flows that is (peak − equity) ÷ peak equity; a flow by itself changes neither.

The index is that of a fund with units (Modified Dietz with flows at the beginning of an interval in which money came, at the
end of one in which it went), as GIPS describes time-weighted returns.
"""

from collections.abc import Iterable

import numpy as np

from marginwatch.book.table import FloatArray


def most_put_in(flows: Iterable[float]) -> float:
    """Return the most that came in on balance after any of ``flows``, in their order; ≥ 0."""
    total = most = 0.0
    for amount in flows:
        total += amount
        most = max(most, total)
    return most


def growth(gain: FloatArray, capital: FloatArray) -> FloatArray:
    """Return 1 + gain ÷ capital, at least 0; 1 where there is no capital, NaN where the gain is NaN."""
    grown = np.ones_like(gain)
    np.divide(gain, capital, out=grown, where=capital > 0.0)
    grown[capital > 0.0] += 1.0
    grown[np.isnan(gain)] = np.nan
    return np.maximum(grown, 0.0)


def loss_share(gain: FloatArray, capital: FloatArray) -> FloatArray:
    """Return −gain ÷ capital, below 0 of a profit; NaN where there is no capital or the gain is NaN."""
    share = np.full_like(gain, np.nan)
    np.divide(-gain, capital, out=share, where=capital > 0.0)
    return share


def drawdown(index: FloatArray, peak: FloatArray) -> FloatArray:
    """Return (peak − index) ÷ peak, at least 0; NaN where either is."""
    below = np.full_like(index, np.nan)
    np.divide(peak - index, peak, out=below, where=peak > 0.0)
    return np.maximum(below, 0.0)

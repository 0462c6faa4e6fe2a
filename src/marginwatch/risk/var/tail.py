"""Loss quantile and mean loss beyond it, of many books at once."""

import math
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marginwatch.book.table import FloatArray

SingleArray: TypeAlias = NDArray[np.float32]


class Tail(NamedTuple):
    """Value at risk and expected shortfall, each of shape (n,), float64, in the unit of the gains; losses positive."""

    var: FloatArray
    shortfall: FloatArray


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless ``confidence`` lies in (0.5, 1)."""
    if not 0.5 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0.5 and 1, got {confidence!r}")


def tail_size(n_scenarios: int, confidence: float) -> float:
    """Return the number of scenarios in the tail, a fraction perhaps: ``n_scenarios × (1 − confidence)``.

    Raises
    ------
    ValueError
        If it is less than one: then nothing is known of the tail.
    """
    check_confidence(confidence)
    # 1 − 0.99 is not 0.01 in binary: without rounding the tail of 1,000 would have an eleventh scenario.
    size = round(n_scenarios * (1.0 - confidence), 9)
    if size < 1.0:
        needed = math.ceil(round(1.0 / (1.0 - confidence), 9))
        raise ValueError(
            f"confidence {confidence:g} needs at least {needed} scenarios to have one in the tail, got {n_scenarios}"
        )
    return size


def var_and_shortfall(gains: FloatArray | SingleArray, confidence: float) -> Tail:
    """Return the historical value at risk and expected shortfall of each book.

    With n scenarios and a tail of t = n × (1 − confidence), value at risk is the largest loss beyond the ⌊t⌋ worst: the
    least loss that is exceeded in at most t scenarios. Expected shortfall is the mean of the t worst, the last of them
    counted in part where t is no whole number.

    Parameters
    ----------
    gains : ndarray of shape (n_books, n_scenarios), float64 or float32
        Gain of each book in each scenario.
    confidence : float
        In (0.5, 1).

    Returns
    -------
    Tail
        Negative where even the tail is a gain; NaN for a book with any NaN. Cost: O(n_books × n_scenarios), one copy.

    Raises
    ------
    ValueError
        If there are too few scenarios to have one in the tail.

    References
    ----------
    Acerbi and Tasche (2002), On the coherence of expected shortfall, J. Banking & Finance 26, definitions 2.1 and 2.6.
    """
    size = tail_size(gains.shape[1], confidence)
    last = math.floor(size)
    worst = np.partition(gains, last, axis=1)[:, : last + 1].astype(np.float64)
    quantile = worst[:, last]
    shortfall = 0.0 - (worst[:, :last].sum(axis=1) + (size - last) * quantile) / size
    # Taken from 0, so that a book that stands still has 0 and not −0.
    var = 0.0 - quantile
    # NaN sorts to the end, where it would go unnoticed.
    unknown = np.isnan(gains.sum(axis=1))
    var[unknown] = np.nan
    shortfall[unknown] = np.nan
    return Tail(var, shortfall)

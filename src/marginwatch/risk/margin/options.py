"""What an option is worth by: the terms that pricing needs, as columns."""

from typing import NamedTuple

from marginwatch.book.table import BoolArray, FloatArray


class OptionTerms(NamedTuple):
    """Options, shape (p,), float64 unless stated: of contracts or of legs.

    Parameters
    ----------
    strike, forward, volatility, years, mark : ndarray
        Quote currency; annual fraction; years to expiry; the present mark.
    is_call : ndarray of shape (p,), bool
        Call, or put.
    """

    strike: FloatArray
    forward: FloatArray
    volatility: FloatArray
    years: FloatArray
    mark: FloatArray
    is_call: BoolArray

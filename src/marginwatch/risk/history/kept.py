"""Kept closes of several contracts as one series a coin."""

from collections.abc import Iterable, Mapping

import numpy as np

from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.risk.history.closes import CloseSeries


def series_by_coin(kept: Mapping[PriceSeries, Iterable[PriceClose]]) -> tuple[CloseSeries, ...]:
    """Return one series for each coin, of the contract with the longest history.

    Different contracts of a coin are not joined: a difference of their prices would be taken for a return. A close that is
    no number is left out.

    Parameters
    ----------
    kept : mapping of PriceSeries to iterable of PriceClose
        All of one interval.
    """
    longest: dict[str, tuple[int, str, CloseSeries]] = {}
    for series, closes in kept.items():
        rows = [(close.ended_at_s, _number(close.close)) for close in closes]
        made = CloseSeries(
            series.coin,
            np.array([end_s for end_s, _ in rows], np.int64),
            np.array([price for _, price in rows], np.float64),
        )
        # Of two equally long ones always the same.
        rank = (len(rows), f"{series.venue} {series.category} {series.symbol}", made)
        other = longest.get(series.coin)
        if other is None or rank[:2] > other[:2]:
            longest[series.coin] = rank
    return tuple(made for _, _, made in longest.values())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")

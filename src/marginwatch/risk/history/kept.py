"""Kept closes of several contracts as one series a coin."""

from collections.abc import Collection, Mapping

import numpy as np

from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.risk.history.closes import CloseSeries

LATE_INTERVALS = 3
"""A contract whose closes ended so many intervals before others' is not traded any more; less may be a top-up under way."""


def series_by_coin(kept: Mapping[PriceSeries, Collection[PriceClose]]) -> tuple[CloseSeries, ...]:
    """Return one series for each coin, of the contract with the longest history of those that are still traded.

    Different contracts of a coin are not joined: a difference of their prices would be taken for a return. One whose
    closes have ended (delisted, renamed) stands for the coin only if there is no other. A close that is no number is left
    out.

    Parameters
    ----------
    kept : mapping of PriceSeries to collection of PriceClose
        All of one interval.
    """
    longest: dict[str, tuple[bool, int, str, CloseSeries]] = {}
    ends = {series: max((close.ended_at_s for close in closes), default=0) for series, closes in kept.items()}
    newest_s = max(ends.values(), default=0)
    for series, closes in kept.items():
        rows = [(close.ended_at_s, _number(close.close)) for close in closes]
        made = CloseSeries(
            series.coin,
            np.array([end_s for end_s, _ in rows], np.int64),
            np.array([price for _, price in rows], np.float64),
        )
        is_traded = ends[series] >= newest_s - LATE_INTERVALS * series.interval_s
        # Of two equally long ones always the same.
        rank = (is_traded, len(rows), f"{series.venue} {series.category} {series.symbol}", made)
        other = longest.get(series.coin)
        if other is None or rank[:3] > other[:3]:
            longest[series.coin] = rank
    return tuple(made for *_, made in longest.values())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")

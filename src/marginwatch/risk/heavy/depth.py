"""How much it takes to move a coin, from the order books that are followed."""

import numpy as np

from marginwatch.book.columns import Columns
from marginwatch.book.market_state import DepthSide

PERCENT = 0.01
REACH_MIN = 0.0005
"""A book whose last level is nearer than this to the best one tells nothing of 1 %."""


def usd_per_percent(columns: Columns) -> dict[str, float]:
    """Return what must be sold or bought to move each coin by 1 %, the smaller of the two, USD; all its contracts together.

    Books that end before 1 % are carried on with the mean density that they have. Quote coins count as 1 USD: the depth of
    a book is no more certain than that.

    Parameters
    ----------
    columns : Columns
        Of the book; at most some hundred contracts have order books.
    """
    market, instruments = columns.market, columns.instruments
    found: dict[str, float] = {}
    for row in market.depth_ns:
        instrument = instruments.instruments[row]
        if instrument is None:
            continue
        sides = [_until_percent(side, row) for side in (market.bids, market.asks)]
        depth = min(sides)
        if depth > 0.0:
            coin = instrument.underlying_asset
            found[coin] = found.get(coin, 0.0) + depth
    return found


def _until_percent(side: DepthSide, row: int) -> float:
    n = int(side.n_steps[row]) if row < side.n_steps.shape[0] else 0
    if n < 2:
        return 0.0
    price, value = side.array("price")[row, :n], side.array("value")[row, :n]
    reach = np.abs(price / price[0] - 1.0)
    within = np.flatnonzero(reach <= PERCENT)
    if within.shape[0] < n:
        return float(value[within[-1]])
    return float(value[-1] * PERCENT / reach[-1]) if reach[-1] >= REACH_MIN else 0.0

"""Liquidations of the many customers that are not simulated: more of them, the faster a price moves.

What falls liquidates longs, what rises shorts. Numbers and sizes are our choice.
"""

import math
import random
from decimal import Decimal

from marginwatch.sim.money import to_step
from marginwatch.sim.rows import InstrumentRow, LiquidationRow, TickerRow

PER_MOVE = 400.0
"""Expected liquidations for a move of 100 % between two looks, beyond the quiet part of the move."""

QUIET_MOVE = 0.0005
MOST_AT_ONCE = 20
MEDIAN_USD, SPREAD, LARGEST_USD = 4_000.0, 1.5, 5e6
FURTHEST = 0.01
"""How far beyond the mark a bankruptcy price may lie."""


class LiquidationTape:
    """The liquidations in one contract.

    Parameters
    ----------
    seed : int
        Same seed and same marks, same liquidations.
    listed : InstrumentRow
        The contract.
    """

    def __init__(self, seed: int, listed: InstrumentRow) -> None:
        self._random = random.Random(f"liquidations-{seed}-{listed.symbol}")
        self._listed = listed
        self._mark = 0.0

    def look(self, ticker: TickerRow) -> tuple[LiquidationRow, ...]:
        """Return what the move since the last look has liquidated; nothing at the first."""
        mark, before = float(ticker.mark_price), self._mark
        self._mark = mark
        move = math.log(mark / before) if before else 0.0
        expected = PER_MOVE * max(0.0, abs(move) - QUIET_MOVE)
        number = min(MOST_AT_ONCE, int(expected + self._random.random()))
        return tuple(self._one(ticker, mark, is_long=move < 0.0) for _ in range(number))

    def _one(self, ticker: TickerRow, mark: float, *, is_long: bool) -> LiquidationRow:
        dice, listed = self._random, self._listed
        usd = min(LARGEST_USD, MEDIAN_USD * math.exp(dice.gauss(0.0, SPREAD)))
        away = dice.uniform(0.0, FURTHEST)
        price = to_step(mark * (1.0 - away if is_long else 1.0 + away), listed.tick_size)
        size = usd if listed.category == "inverse" else usd / mark
        quantity: Decimal = max(to_step(size, listed.qty_step), listed.qty_step)
        return LiquidationRow(
            category=ticker.category,
            symbol=ticker.symbol,
            side="Buy" if is_long else "Sell",
            qty=quantity,
            bankruptcy_price=max(price, listed.tick_size),
            ts_ms=ticker.ts_ms,
        )

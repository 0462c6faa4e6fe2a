"""Rows of the public side beside prices: order books, insurance pools, deleveraging alerts."""

from decimal import Decimal

import msgspec

from marginwatch.sim.rows import Category

Level = tuple[Decimal, Decimal]
"""Price and size of one level of a book."""


class BookRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order book: best levels first; ``version`` counts the market's moves, ``cross_seq`` the symbol's trades."""

    category: Category
    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    cross_seq: int
    version: int
    ts_ms: int


class PoolRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The insurance pool of a settle coin, the contracts that share it, and what it is worth in USD."""

    coin: str
    symbols: tuple[str, ...]
    balance: Decimal
    usd_value: Decimal


class AdlAlertRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How near a contract is to deleveraging: its pool, and what that lost of its most, a fraction at most 0."""

    category: Category
    symbol: str
    coin: str
    balance: Decimal
    pnl_ratio: Decimal

"""From the book's columns to a margin sheet."""

from marginwatch.book.columns import Columns
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.prices import Ages, AssetPrices


def build_sheet(columns: Columns, ages: Ages, prices: AssetPrices, now_ns: int) -> MarginSheet:
    """Return the sheet of all accounts of the book.

    Parameters
    ----------
    columns : Columns
        The book's tables.
    ages : Ages
        Which contracts' prices may be used (:func:`marginwatch.risk.measures.prices.price_ages`).
    prices : AssetPrices
        USD prices of coins (:func:`marginwatch.risk.measures.prices.usd_prices`).
    now_ns : int
        The moment, UTC nanoseconds.
    """
    raise NotImplementedError

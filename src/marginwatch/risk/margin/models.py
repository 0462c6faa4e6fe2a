"""The model of each account by venue and margin mode, and all accounts at once."""

from marginwatch.book.table import FloatArray
from marginwatch.risk.margin.figures import AccountMargins
from marginwatch.risk.margin.prices import Prices
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace


def margins(sheet: MarginSheet, prices: Prices, work: Workspace | None = None) -> AccountMargins:
    """Return equity, margins and headroom of every account in a market. Cost: linear in legs, no loop in Python.

    Parameters
    ----------
    sheet : MarginSheet
        What is held.
    prices : Prices
        The market, or one for each account.
    work : Workspace, optional
        Buffers to be used again: the figures *of legs* then live in it until its next use, and a pass allocates nothing
        of their size. Use one workspace per thread.

    Returns
    -------
    AccountMargins
        NaN for accounts that are missing in the sheet or lack a price in ``prices``.
    """
    raise NotImplementedError


def isolated_room(sheet: MarginSheet, prices: Prices) -> FloatArray:
    """Return what each isolated leg may still lose: margin put up + unrealized profit − maintenance margin.

    Returns
    -------
    ndarray of shape (n,), float64
        Settlement coin; the leg is liquidated at 0. NaN for legs of other modes and where something is missing.

    References
    ----------
    Bybit help center, Liquidation Price (Isolated, UTA), 2026-05-27 (inverse); New Margin Calculation under UTA,
    effective 2025-09-02 (linear).
    """
    raise NotImplementedError

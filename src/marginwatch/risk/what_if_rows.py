"""What a question "what if the market moved so" is answered with, as structs. What is null has its reason beside it."""

import msgspec

from marginwatch.model.ids import AccountId, Asset
from marginwatch.risk.table_rows import Row


class WhatIfFigures(Row, frozen=True, kw_only=True):
    """An account in a market, before anybody trades; USD, the usage a fraction.

    Parameters
    ----------
    equity_usd : float or None
        Before haircuts; an isolated position that is liquidated has lost its margin and no more.
    adjusted_equity_usd : float or None
        After haircuts; isolated accounts have none.
    maintenance_margin_usd : float or None
        Required; of an isolated account by the positions that it would still have.
    maintenance_margin_usage : float or None
        Of an isolated account the largest over its positions.
    is_liquidated : bool or None
        At its limit; of an isolated account at least one position is.
    n_liquidated_positions : int
        Positions that the venue takes.
    """

    equity_usd: float | None
    adjusted_equity_usd: float | None
    maintenance_margin_usd: float | None
    maintenance_margin_usage: float | None
    is_liquidated: bool | None
    n_liquidated_positions: int


class WhatIfRow(Row, frozen=True, kw_only=True):
    """An account before and after a move; ``pnl_usd`` is what the move makes, gain > 0. ``is_included``: it is in the sums."""

    account_id: AccountId
    desk: str | None
    is_included: bool
    pnl_usd: float | None
    before: WhatIfFigures
    after: WhatIfFigures


class WhatIfSums(Row, frozen=True, kw_only=True):
    """All accounts that count in a market; sums leave out accounts without the figure.

    ``maintenance_margin_usage`` is combined: Σ maintenance margin ÷ Σ adjusted equity of the accounts that have both,
    ``worst_usage`` the largest of any account.
    """

    equity_usd: float | None
    adjusted_equity_usd: float | None
    maintenance_margin_usd: float | None
    maintenance_margin_usage: float | None
    worst_usage: float | None
    n_liquidated: int
    n_liquidated_positions: int


class WhatIfAsset(msgspec.Struct, frozen=True, kw_only=True):
    """What the move of a coin makes of all accounts that count; USD, gain > 0."""

    asset: Asset
    pnl_usd: float


class WhatIfAnswer(Row, frozen=True, kw_only=True):
    """What a move would make of all accounts.

    Parameters
    ----------
    before, after : WhatIfSums
        Of the accounts that count.
    pnl_usd, pnl_share : float or None
        Equity after − before; that ÷ equity before.
    n_accounts, n_left_out : int
        All accounts; those that no sum contains. ``left_out`` names the first 50 with their reasons.
    rows : tuple of WhatIfRow
        The worst first, at most 200: liquidated, then by usage, then those that are missing.
    assets : tuple of WhatIfAsset
        The coins that make most of the profit or loss, at most 20.
    betas_source : str
        Where the betas are known from.
    """

    before: WhatIfSums
    after: WhatIfSums
    pnl_usd: float | None
    pnl_share: float | None
    n_accounts: int
    n_left_out: int
    left_out: tuple[str, ...]
    rows: tuple[WhatIfRow, ...]
    assets: tuple[WhatIfAsset, ...]
    betas_source: str

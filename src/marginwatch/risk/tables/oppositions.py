"""Accounts that bet against each other."""

import numpy as np

from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.measures.opposition import PAIRS_MAX, opposed_pairs
from marginwatch.risk.table_rows import OppositionRow


def opposition_rows(frame: Frame, n_max: int = PAIRS_MAX) -> list[OppositionRow]:
    """Return accounts that count and bet against each other in one coin, derivatives only, largest offset first."""
    book = frame.book
    counts = (frame.inclusion == Inclusion.INCLUDED)[book.holding_account]
    net = np.where(counts & ~frame.holdings.is_unvalued, frame.holdings.net_usd, np.nan)
    coins = frame.prices.coin[book.holding_asset]
    rows: list[OppositionRow] = []
    for pair in opposed_pairs(coins, book.holding_account, net, n_max):
        long, short = book.specs[pair.long_account], book.specs[pair.short_account]
        if long is not None and short is not None:
            rows.append(
                OppositionRow(
                    asset=book.coins[pair.coin] or "",
                    long_account_id=long.account_id,
                    short_account_id=short.account_id,
                    long_usd=pair.long_usd,
                    short_usd=pair.short_usd,
                    offset_usd=pair.offset_usd,
                )
            )
    return rows

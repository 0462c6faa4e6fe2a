"""Positions in a few words: what is special about them, their prices and distances."""

from marginwatch.risk.table_rows import PositionRow
from marginwatch.terminal.figures import MISSING, distance, price


def status(row: PositionRow) -> str:
    """Return what is special about a position, or nothing."""
    words = [] if row.status == "normal" else [row.status]
    if not row.is_included:
        words.append("not included")
    if row.is_stale_price:
        words.append("stale price")
    if row.is_inferred:
        words.append("contract unknown")
    return ", ".join(words)


def exact_price(text: str | None) -> str:
    """Return a price that came as exact text with as many decimals as people read; JSON has all of them."""
    return MISSING if text is None else price(float(text))


def own_distance(row: PositionRow) -> str:
    """Return how far the price of an isolated position is from its liquidation; nothing where the account dies as one."""
    reason = row.reasons.get("liquidation_distance")
    return "" if reason == "not_applicable" else distance(row.liquidation_distance, reason)

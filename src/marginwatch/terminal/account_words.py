"""Accounts in a few words: how well they are heard, how risky they are."""

from marginwatch.risk.table_rows import AccountRow
from marginwatch.terminal.figures import MISSING


def health(row: AccountRow) -> str:
    """Return how well an account is heard, in one or two words; stale is never shown as fresh."""
    words = [row.link_state]
    if row.link_state in ("streaming", "polling") and not row.is_fresh:
        words.append("stale")
    if row.is_stale_price:
        words.append("stale price")
    if row.has_unsafe_key:
        words.append("unsafe key")
    return ", ".join(words)


def level_words(row: AccountRow) -> str:
    """Return an account's level and score."""
    return MISSING if row.risk_score is None else f"{row.risk_level} {row.risk_score}"

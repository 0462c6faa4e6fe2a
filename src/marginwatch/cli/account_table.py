"""The columns of the table of accounts."""

from marginwatch.cli.output import Column
from marginwatch.risk.table_rows import AccountRow
from marginwatch.terminal.figures import MISSING, age, distance, grouped, or_missing, percent


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


COLUMNS = (
    Column("account", lambda row: row.account_id, is_number=False),
    Column("desk", lambda row: or_missing(row.desk), is_number=False, rank=3),
    Column("venue", lambda row: row.venue, is_number=False, rank=9),
    Column("mode", lambda row: or_missing(row.margin_mode), is_number=False, rank=7),
    Column("MM usage", lambda row: percent(row.maintenance_margin_usage)),
    Column("IM usage", lambda row: percent(row.initial_margin_usage), rank=4),
    Column("risk", level_words, is_number=False, rank=6),
    Column(
        "to liq.", lambda row: distance(row.liquidation_distance, row.reasons.get("liquidation_distance"))
    ),
    Column("equity USD", lambda row: grouped(row.equity_usd)),
    Column("free USD", lambda row: grouped(row.free_usd), rank=2),
    Column("net USD", lambda row: grouped(row.net_usd)),
    Column("gross USD", lambda row: grouped(row.gross_usd), rank=6),
    Column("PnL USD", lambda row: grouped(row.unrealized_pnl_usd), rank=5),
    Column("positions", lambda row: grouped(row.n_positions), rank=8),
    Column("margins", lambda row: age(row.margin_age_s), rank=7),
    Column("age", lambda row: age(row.data_age_s)),
    Column("health", health, is_number=False),
)
"""From left to right: who, how near to the end, how much, how well heard. ``margins`` is the age of the venue's margins."""

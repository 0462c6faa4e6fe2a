"""The columns of the table of accounts."""

from marginwatch.cli.output import Column
from marginwatch.terminal.account_words import health, level_words
from marginwatch.terminal.figures import age, distance, grouped, or_missing, percent

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

"""The columns of the tables of exposure."""

from marginwatch.cli.output import Column
from marginwatch.risk.table_rows import ExposureRow, PortfolioSummary
from marginwatch.terminal.figures import decimal, grouped, or_missing, percent


def left_out(row: ExposureRow) -> str:
    """Return how much a row does not include, or nothing."""
    parts = [
        (row.n_left_out or 0, "accounts"),
        (row.n_unvalued, "positions"),
        (row.n_unknown_coins, "coins"),
    ]
    return ", ".join(f"{count} {what}" for count, what in parts if count)


SIDES = (
    Column("long USD", lambda row: grouped(row.long_usd), rank=4),
    Column("short USD", lambda row: grouped(row.short_usd), rank=4),
    Column("net USD", lambda row: grouped(row.net_usd)),
    Column("gross USD", lambda row: grouped(row.gross_usd), rank=3),
    Column("net with wallet", lambda row: grouped(row.net_with_wallet_usd), rank=2),
    Column("hedged", lambda row: percent(row.hedge_ratio)),
)

ASSET_COLUMNS = (
    Column("coin", lambda row: or_missing(row.name), is_number=False),
    *SIDES,
    Column("PnL USD", lambda row: grouped(row.unrealized_pnl_usd), rank=7),
    Column("concentration", lambda row: percent(row.concentration), rank=4),
    Column("wallet", lambda row: grouped(row.wallet_amount, 4 if row.wallet_amount else 0), rank=5),
    Column("wallet USD", lambda row: grouped(row.wallet_usd), rank=6),
    Column("not included", left_out, is_number=False),
)
GROUP_COLUMNS = (
    Column("name", lambda row: or_missing(row.name), is_number=False),
    *SIDES,
    Column("PnL USD", lambda row: grouped(row.unrealized_pnl_usd), rank=7),
    Column("equity USD", lambda row: grouped(row.equity_usd)),
    Column("MM USD", lambda row: grouped(row.maintenance_margin_usd), rank=8),
    Column("free USD", lambda row: grouped(row.free_usd)),
    Column("accounts", lambda row: grouped(row.n_accounts), rank=9),
    Column("not included", left_out, is_number=False),
)
OPPOSITION_COLUMNS = (
    Column("coin", lambda row: row.asset, is_number=False),
    Column("long account", lambda row: row.long_account_id, is_number=False),
    Column("short account", lambda row: row.short_account_id, is_number=False),
    Column("long USD", lambda row: grouped(row.long_usd)),
    Column("short USD", lambda row: grouped(row.short_usd)),
    Column("cancels USD", lambda row: grouped(row.offset_usd)),
)


def _share(row: PortfolioSummary) -> str:
    return f"{decimal(str(row.n_included))} of {decimal(str(row.n_accounts))}"


PORTFOLIO_COLUMNS = (
    Column("accounts", _share),
    *SIDES,
    Column("bias by count", lambda row: percent(row.direction_bias_by_count), rank=9),
    Column("bias by delta", lambda row: percent(row.direction_bias_by_delta), rank=9),
    Column("PnL USD", lambda row: grouped(row.unrealized_pnl_usd), rank=7),
    Column("equity USD", lambda row: grouped(row.equity_usd)),
    Column("MM USD", lambda row: grouped(row.maintenance_margin_usd), rank=8),
    Column("free USD", lambda row: grouped(row.free_usd)),
)

"""Create the tables for equity by the minute and for ledgers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the four tables."""
    op.create_table(
        "equity_subject",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.UniqueConstraint("scope", "name", name="uq_equity_subject"),
    )
    op.create_table(
        "account_minute",
        sa.Column("minute_s", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("equity_usd", sa.Float),
        sa.Column("money_at_ns", sa.BigInteger),
        sa.Column("initial_margin_usage", sa.Float),
        sa.Column("maintenance_margin_usage", sa.Float),
        sa.Column("liquidation_distance", sa.Float),
        sa.Column("long_usd", sa.Float),
        sa.Column("short_usd", sa.Float),
        sa.Column("pnl_usd", sa.Float),
        sa.Column("growth_index", sa.Float),
        sa.Column("peak_index", sa.Float),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_entry",
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("at_ns", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("line_key", sa.Text, primary_key=True),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("is_flow", sa.Boolean, nullable=False),
        sa.Column("change", sa.Text),
        sa.Column("cash_flow", sa.Text),
        sa.Column("funding_payment", sa.Text),
        sa.Column("fee", sa.Text),
        sa.Column("usd", sa.Float),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_cursor",
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("since_ns", sa.BigInteger, nullable=False),
        sa.Column("until_ns", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the four tables."""
    for table in ("ledger_cursor", "ledger_entry", "account_minute", "equity_subject"):
        op.drop_table(table)

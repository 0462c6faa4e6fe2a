"""Create the tables for price history, frozen books, forecasts and model errors."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the six tables."""
    op.create_table(
        "price_series",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("venue", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("coin", sa.Text, nullable=False),
        sa.Column("interval_s", sa.Integer, nullable=False),
        sa.UniqueConstraint("venue", "category", "symbol", "interval_s", name="uq_price_series"),
    )
    op.create_table(
        "price_close",
        sa.Column("series_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("ended_at_s", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("close", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "frozen_book",
        sa.Column("day_s", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("coin", sa.Text, primary_key=True),
        sa.Column("desk", sa.Text),
        sa.Column("exposure_usd", sa.Float, nullable=False),
        sa.Column("is_exempt", sa.Boolean, nullable=False),
        sa.Column("curve", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "forecast_subject",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("horizon_s", sa.Integer, nullable=False),
        sa.UniqueConstraint("scope", "name", "method", "confidence", "horizon_s", name="uq_forecast_subject"),
    )
    op.create_table(
        "forecast",
        sa.Column("subject_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day_s", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("var_usd", sa.Float, nullable=False),
        sa.Column("shortfall_usd", sa.Float, nullable=False),
        sa.Column("gain_usd", sa.Float),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "model_error",
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("figure", sa.Text, primary_key=True),
        sa.Column("at_ns", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("error", sa.Float, nullable=False),
        sa.Column("gap_s", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the six tables."""
    for table in (
        "model_error",
        "forecast",
        "forecast_subject",
        "frozen_book",
        "price_close",
        "price_series",
    ):
        op.drop_table(table)

"""Create the tables for breaks, quarantined payloads and notices."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite hands out ids for a column of type INTEGER alone, which holds 64 bits there."""


def upgrade() -> None:
    """Create the three tables and their indexes."""
    op.create_table(
        "reconciliation_break",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("ours", sa.Text),
        sa.Column("theirs", sa.Text),
        sa.Column("found_at_ns", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reconciliation_break_account_id", "reconciliation_break", ["account_id"])
    op.create_table(
        "quarantined_payload",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("venue", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quarantined_payload_id_size", "quarantined_payload", ["id", "size"])
    op.create_table(
        "account_notice",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_account_notice_account_id", "account_notice", ["account_id"])


def downgrade() -> None:
    """Drop the three tables."""
    for table in ("account_notice", "quarantined_payload", "reconciliation_break"):
        op.drop_table(table)

"""Create the tables for alerts, their transitions, the outbox, deliveries, silences and acknowledgements."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
WAITING = sa.text("state = 'waiting'")
BY_TIME = sa.text("transition_id IS NULL")


def upgrade() -> None:
    """Create the nine tables and their indexes."""
    _alerts()
    _outbox()
    _deliveries()
    _people()


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("pending_since_ns", sa.BigInteger, nullable=False),
        sa.Column("fired_at_ns", sa.BigInteger),
        sa.Column("resolved_at_ns", sa.BigInteger),
        sa.Column("alert", sa.Text, nullable=False),
    )
    op.create_index("ix_alert_state", "alert", ["state", "resolved_at_ns"])
    op.create_table(
        "alert_transition",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("transition_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("alert", sa.Text, nullable=False),
        sa.UniqueConstraint("transition_id", name="uq_alert_transition"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_transition_key", "alert_transition", ["key", "id"])
    op.create_index("ix_alert_transition_account_id", "alert_transition", ["account_id", "id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("group_name", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("alert", sa.Text, nullable=False),
        sa.Column("transition_id", sa.Text),
        sa.Column("made_at_ns", sa.BigInteger, nullable=False),
        sa.Column("due_ns", sa.BigInteger, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until_ns", sa.BigInteger, nullable=False),
        sa.Column("finished_at_ns", sa.BigInteger),
        sa.Column("detail", sa.Text, nullable=False),
        sa.UniqueConstraint("transition_id", "channel", "reason", "step", name="uq_outbox_transition"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_outbox_moment",
        "outbox",
        ["alert_id", "channel", "reason", "step", "made_at_ns"],
        unique=True,
        sqlite_where=BY_TIME,
        postgresql_where=BY_TIME,
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["channel", "lease_until_ns", "due_ns"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("ix_outbox_alert_id", "outbox", ["alert_id", "id"])
    op.create_index("ix_outbox_key", "outbox", ["key", "state"])
    op.create_index(
        "ix_outbox_urgent",
        "outbox",
        ["channel", sa.text("severity DESC"), "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("took_ns", sa.BigInteger, nullable=False),
        sa.Column("is_delivered", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.UniqueConstraint("message_id", "channel", "at_ns", name="uq_delivery"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_channel", "delivery", ["channel", "id"])
    op.create_table(
        "delivery_row",
        sa.Column("delivery_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_delivery_row_key", "delivery_row", ["key", "delivery_id"])
    op.create_table(
        "told",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("is_firing", sa.Boolean, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("first_at_ns", sa.BigInteger, nullable=False),
        sa.Column("reference", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_told_at_ns", "told", ["at_ns"])


def _people() -> None:
    op.create_table(
        "silence",
        sa.Column("silence_id", sa.Text, primary_key=True),
        sa.Column("matchers", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("from_ns", sa.BigInteger, nullable=False),
        sa.Column("until_ns", sa.BigInteger, nullable=False),
        sa.Column("ended_at_ns", sa.BigInteger),
        sa.Column("over_at_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_silence_over_at_ns", "silence", ["over_at_ns"])
    op.create_table(
        "acknowledgement",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("until_ns", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("alert_id", "at_ns", "author", name="uq_acknowledgement"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alerting_clock",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("judged_until_ns", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the nine tables."""
    for table in (
        "alerting_clock",
        "acknowledgement",
        "silence",
        "told",
        "delivery_row",
        "delivery",
        "outbox",
        "alert_transition",
        "alert",
    ):
        op.drop_table(table)

"""The schema of this version, as SQLAlchemy Core tables; ``migrations/versions`` leads to it step by step.

The same on SQLite and PostgreSQL. Times that end in ``_ns`` are UTC nanoseconds, in ``_s`` UTC seconds. Ids rise for ever and are never reused, so a reader can continue after the last one it saw.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from marginwatch.store.column_types import RisingId
from marginwatch.store.column_types import StorableText as Text

METADATA = MetaData()

RECONCILIATION_BREAK = Table(
    "reconciliation_break",
    METADATA,
    Column("id", RisingId, primary_key=True, autoincrement=True),
    Column("account_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("ours", Text),
    Column("theirs", Text),
    Column("found_at_ns", BigInteger, nullable=False),
    Index("ix_reconciliation_break_account_id", "account_id"),
    sqlite_autoincrement=True,
)

QUARANTINED_PAYLOAD = Table(
    "quarantined_payload",
    METADATA,
    Column("id", RisingId, primary_key=True, autoincrement=True),
    Column("venue", Text, nullable=False),
    Column("account_id", Text),
    Column("source", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Index("ix_quarantined_payload_id_size", "id", "size"),
    sqlite_autoincrement=True,
)

ACCOUNT_NOTICE = Table(
    "account_notice",
    METADATA,
    Column("id", RisingId, primary_key=True, autoincrement=True),
    Column("account_id", Text),
    Column("kind", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Index("ix_account_notice_account_id", "account_id"),
    sqlite_autoincrement=True,
)

# The histories below are many small rows found by what they are of and when, so they are stored in that order and without
# an id of their own.

PRICE_SERIES = Table(
    "price_series",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("venue", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("coin", Text, nullable=False),
    Column("interval_s", Integer, nullable=False),
    UniqueConstraint("venue", "category", "symbol", "interval_s", name="uq_price_series"),
)

PRICE_CLOSE = Table(
    "price_close",
    METADATA,
    Column("series_id", Integer, primary_key=True, autoincrement=False),
    Column("ended_at_s", BigInteger, primary_key=True, autoincrement=False),
    Column("close", Text, nullable=False),
    sqlite_with_rowid=False,
)

FROZEN_BOOK = Table(
    "frozen_book",
    METADATA,
    Column("day_s", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", Text, primary_key=True),
    Column("coin", Text, primary_key=True),
    Column("desk", Text),
    Column("exposure_usd", Float, nullable=False),
    Column("is_exempt", Boolean, nullable=False),
    Column("curve", LargeBinary),
    sqlite_with_rowid=False,
)

FORECAST_SUBJECT = Table(
    "forecast_subject",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("scope", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("horizon_s", Integer, nullable=False),
    UniqueConstraint("scope", "name", "method", "confidence", "horizon_s", name="uq_forecast_subject"),
)

FORECAST = Table(
    "forecast",
    METADATA,
    Column("subject_id", Integer, primary_key=True, autoincrement=False),
    Column("day_s", BigInteger, primary_key=True, autoincrement=False),
    Column("var_usd", Float, nullable=False),
    Column("shortfall_usd", Float, nullable=False),
    Column("gain_usd", Float),
    sqlite_with_rowid=False,
)

MODEL_ERROR = Table(
    "model_error",
    METADATA,
    Column("account_id", Text, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("at_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("error", Float, nullable=False),
    Column("gap_s", Float, nullable=False),
    sqlite_with_rowid=False,
)

# Alerts: where each stands, what happened to it, what is to be told, and what was. A struct as JSON stands beside the columns
# by which it is found.

_IS_WAITING = text("state = 'waiting'")

ALERT = Table(
    "alert",
    METADATA,
    Column("alert_id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("account_id", Text),
    Column("pending_since_ns", BigInteger, nullable=False),
    Column("fired_at_ns", BigInteger),
    Column("resolved_at_ns", BigInteger),
    Column("alert", Text, nullable=False),
    Index("ix_alert_state", "state", "resolved_at_ns"),
)

ALERT_TRANSITION = Table(
    "alert_transition",
    METADATA,
    Column("id", RisingId, primary_key=True, autoincrement=True),
    Column("transition_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("account_id", Text),
    Column("alert", Text, nullable=False),
    UniqueConstraint("transition_id", name="uq_alert_transition"),
    Index("ix_alert_transition_key", "key", "id"),
    Index("ix_alert_transition_account_id", "account_id", "id"),
    sqlite_autoincrement=True,
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", RisingId, primary_key=True, autoincrement=True),
    Column("channel", Text, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("alert", Text, nullable=False),
    Column("transition_id", Text),
    Column("made_at_ns", BigInteger, nullable=False),
    Column("due_ns", BigInteger, nullable=False),
    Column("step", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until_ns", BigInteger, nullable=False),
    Column("finished_at_ns", BigInteger),
    Column("detail", Text, nullable=False),
    # Rows that time caused have no transition, and are the same if they were made at the same moment.
    UniqueConstraint("transition_id", "channel", "reason", "step", name="uq_outbox_transition"),
    Index(
        "uq_outbox_moment",
        "alert_id",
        "channel",
        "reason",
        "step",
        "made_at_ns",
        unique=True,
        sqlite_where=text("transition_id IS NULL"),
        postgresql_where=text("transition_id IS NULL"),
    ),
    Index(
        "ix_outbox_due",
        "channel",
        "lease_until_ns",
        "due_ns",
        sqlite_where=_IS_WAITING,
        postgresql_where=_IS_WAITING,
    ),
    Index("ix_outbox_alert_id", "alert_id", "id"),
    Index("ix_outbox_key", "key", "state"),
    sqlite_autoincrement=True,
)

Index(
    "ix_outbox_urgent",
    OUTBOX.c.channel,
    OUTBOX.c.severity.desc(),
    OUTBOX.c.id,
    sqlite_where=_IS_WAITING,
    postgresql_where=_IS_WAITING,
)

DELIVERY = Table(
    "delivery",
    METADATA,
    Column("id", RisingId, primary_key=True, autoincrement=True),
    Column("message_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("took_ns", BigInteger, nullable=False),
    Column("is_delivered", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("reference", Text),
    UniqueConstraint("message_id", "channel", "at_ns", name="uq_delivery"),
    Index("ix_delivery_channel", "channel", "id"),
    sqlite_autoincrement=True,
)

DELIVERY_ROW = Table(
    "delivery_row",
    METADATA,
    Column("delivery_id", BigInteger, primary_key=True, autoincrement=False),
    Column("row_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Index("ix_delivery_row_key", "key", "delivery_id"),
    sqlite_with_rowid=False,
)

TOLD = Table(
    "told",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("alert_id", Text, nullable=False),
    Column("is_firing", Boolean, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("first_at_ns", BigInteger, nullable=False),
    Column("reference", Text),
    Index("ix_told_at_ns", "at_ns"),
    sqlite_with_rowid=False,
)

SILENCE = Table(
    "silence",
    METADATA,
    Column("silence_id", Text, primary_key=True),
    Column("matchers", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("from_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger, nullable=False),
    Column("ended_at_ns", BigInteger),
    Column("over_at_ns", BigInteger, nullable=False),
    Index("ix_silence_over_at_ns", "over_at_ns"),
)

ACKNOWLEDGEMENT = Table(
    "acknowledgement",
    METADATA,
    Column("id", RisingId, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger, nullable=False),
    UniqueConstraint("alert_id", "at_ns", "author", name="uq_acknowledgement"),
    sqlite_autoincrement=True,
)

ALERTING_CLOCK = Table(
    "alerting_clock",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("judged_until_ns", BigInteger, nullable=False),
)

# Equity by the minute, and the ledger lines that moved it. A sample is stored under its minute first: what comes each minute is
# appended in one place, what grows old is thinned out as one run of rows, and a replay reads forward. The history of one
# subject is looked up minute by minute, for its minutes are known beforehand.

EQUITY_SUBJECT = Table(
    "equity_subject",
    METADATA,
    Column("id", RisingId, primary_key=True, autoincrement=True),
    Column("scope", Text, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("scope", "name", name="uq_equity_subject"),
)

ACCOUNT_MINUTE = Table(
    "account_minute",
    METADATA,
    Column("minute_s", BigInteger, primary_key=True, autoincrement=False),
    Column("subject_id", BigInteger, primary_key=True, autoincrement=False),
    Column("equity_usd", Float),
    Column("money_at_ns", BigInteger),
    Column("initial_margin_usage", Float),
    Column("maintenance_margin_usage", Float),
    Column("liquidation_distance", Float),
    Column("long_usd", Float),
    Column("short_usd", Float),
    Column("pnl_usd", Float),
    Column("growth_index", Float),
    Column("peak_index", Float),
    sqlite_with_rowid=False,
)

LEDGER_ENTRY = Table(
    "ledger_entry",
    METADATA,
    Column("account_id", Text, primary_key=True),
    Column("at_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("line_key", Text, primary_key=True),
    Column("asset", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("is_flow", Boolean, nullable=False),
    Column("change", Text),
    Column("cash_flow", Text),
    Column("funding_payment", Text),
    Column("fee", Text),
    Column("usd", Float),
    sqlite_with_rowid=False,
)

LEDGER_CURSOR = Table(
    "ledger_cursor",
    METADATA,
    Column("account_id", Text, primary_key=True),
    Column("since_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

"""The schema of this version, as SQLAlchemy Core tables; ``migrations/versions`` leads to it step by step.

Times that end in ``_ns`` are UTC nanoseconds, in ``_s`` UTC seconds. Ids rise for ever and are never reused, so a reader can continue after the last one it saw.
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
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

RECONCILIATION_BREAK = Table(
    "reconciliation_break",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
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
    Column("id", Integer, primary_key=True, autoincrement=True),
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
    Column("id", Integer, primary_key=True, autoincrement=True),
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

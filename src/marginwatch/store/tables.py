"""The schema of this version, as SQLAlchemy Core tables; ``migrations/versions`` leads to it step by step.

Times are UTC nanoseconds. Ids rise for ever and are never reused, so a reader can continue after the last one it saw.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

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

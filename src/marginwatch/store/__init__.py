"""What outlives the process: alerts, breaks, payloads, notices, histories; in one SQLite file or PostgreSQL database.

In: records inside a transaction. Out: committed rows. State: the database, with one writer. Never: a secret, a position or
a balance (those are rebuilt from the exchanges at each start; what is kept of a book is USD per coin at a day's end, and equity by the minute), an
unbounded table.

Modules
-------
store       open, transaction, readers, close
transaction the unit of work: everything added in it is one commit
turn        one writes at a time, what is urgent first
recorder    what happens is queued, and committed by one task
records     rows as structs
alerts      transitions with the messages they cause, where alerts stand, what people did
outbox      messages claimed under a lease, and what became of them
outbox_rows  messages as columns and back
alert_log   what happened and what was told, newest first
silences    from when to when, and whose
acknowledgements  who takes care of which alert
price_closes  closes of contracts: what is known, what is added
equity_minutes  equity by the minute
ledger      lines of ledgers and how far they were read
risk_days   frozen books, forecasts and what followed, model errors
tables      the schema as SQLAlchemy Core tables
upsert      insert unless there, insert or replace
column_types  what a column means on either database
retention   how much is kept
database    what the store needs of a database
sqlite_file  a file of our own
sqlite_engines  engines with the pragmas that make a commit durable
sqlite_connection  asked as seldom as can be
postgres    a database on a server, and what its errors mean
postgres_url  addresses, shown without passwords
migration   brings a file to this version's schema, or says why it cannot
file_lock   one service per file
migrations  alembic's environment and one file per schema version
"""

from marginwatch.store.store import Store

__all__ = ["Store"]

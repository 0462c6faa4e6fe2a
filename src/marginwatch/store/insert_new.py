"""Insert rows that are not there yet: what is written twice, by whomever, is there once."""

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_new(connection: AsyncConnection, table: Table) -> Insert:
    """Return the statement that inserts rows of ``table`` and leaves those alone whose key is there.

    Parameters
    ----------
    connection : AsyncConnection
        Of the database whose dialect it is written in.
    table : Table
        Into which.
    """
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()

"""Insert unless it is there, insert or replace: the same on SQLite and PostgreSQL."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeAlias, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

VALUES_AT_ONCE = 500
"""Values that one query lists: either database allows some tens of thousands of parameters at most."""

_T = TypeVar("_T")

Insert: TypeAlias = SqliteInsert | PostgresInsert


def insert_new(connection: AsyncConnection, table: Table) -> Insert:
    """Return an insert that leaves out rows which a unique constraint says are there."""
    return _insert_new(connection.dialect.name, table)


def insert_or_replace(connection: AsyncConnection, table: Table) -> Insert:
    """Return an insert that takes the place of a row with the same primary key."""
    return _insert_or_replace(connection.dialect.name, table)


# Built once: putting such a statement together takes as long as executing it.


@cache
def _insert_new(dialect: str, table: Table) -> Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _insert_or_replace(dialect: str, table: Table) -> Insert:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Yield values in portions that fit into one query."""
    for first in range(0, len(values), VALUES_AT_ONCE):
        yield values[first : first + VALUES_AT_ONCE]


def _insert(dialect: str, table: Table) -> Insert:
    return postgres_insert(table) if dialect == "postgresql" else sqlite_insert(table)

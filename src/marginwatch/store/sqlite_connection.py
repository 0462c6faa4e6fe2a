"""A SQLite connection in a thread of its own that is asked once a statement, where its driver is asked three times."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import aiosqlite

BASE: Any = aiosqlite.Connection
"""The driver's connection; the names of its queue and of what it wraps are not public."""


class OneTripCursor:
    """Executes, fetches and closes in one trip to the thread.

    Each trip and each answer wakes the other side; for a commit of a few small statements that is most of the time. What a
    statement returns is read whole by SQLAlchemy in any case, so nothing more is held for being read at once.

    Parameters
    ----------
    connection : OneTripConnection
        Whose cursor it is.
    """

    arraysize = 1

    def __init__(self, connection: "OneTripConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> "OneTripCursor":
        return self

    async def execute(self, sql: str, parameters: Sequence[object] = ()) -> "OneTripCursor":
        """Execute one statement and fetch what it returns; ``BEGIN`` waits for the next one."""
        if sql.startswith("BEGIN"):
            self._connection.begin_sql = sql
            return self
        await self._connection.trip(lambda cursor: cursor.execute(sql, parameters), self)
        return self

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> "OneTripCursor":
        """Execute one statement with many sets of values."""
        await self._connection.trip(lambda cursor: cursor.executemany(sql, rows), self)
        return self

    async def fetchall(self) -> list[Any]:
        """Return what was fetched."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Do nothing: it was closed in the thread."""

    def take(self, cursor: sqlite3.Cursor) -> None:
        """Take over what a statement left; runs in the thread."""
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid


class OneTripConnection(BASE):
    """The driver's connection with cursors of the other kind; ``BEGIN`` goes along with the first statement after it."""

    begin_sql: str | None = None

    def cursor(self) -> OneTripCursor:
        """Return a cursor."""
        return OneTripCursor(self)

    async def commit(self) -> None:
        """Commit; where nothing was executed since ``BEGIN``, there is nothing to."""
        self.begin_sql = None
        if self._conn.in_transaction:
            await self._execute(self._conn.commit)

    async def rollback(self) -> None:
        """Undo the running transaction; where there is none, the thread is not asked."""
        self.begin_sql = None
        if self._conn.in_transaction:
            await self._execute(self._conn.rollback)

    async def trip(self, ask: Callable[[sqlite3.Cursor], object], into: OneTripCursor) -> None:
        """Let the thread execute one statement and hand over what it leaves."""
        begin_sql, self.begin_sql = self.begin_sql, None

        def there() -> None:
            cursor: sqlite3.Cursor = self._conn.cursor()
            try:
                if begin_sql is not None:
                    cursor.execute(begin_sql)
                ask(cursor)
                into.take(cursor)
            finally:
                cursor.close()

        await self._execute(there)


async def connect(path: Path) -> Any:
    """Open a connection; the driver begins no transactions of its own: it would do so late, and not around DDL."""
    connection: Any = OneTripConnection(lambda: sqlite3.connect(path, isolation_level=None), 64)
    # A process that is told to end does not wait for its thread; what is committed is on the disk.
    connection._thread.daemon = True  # noqa: SLF001 - it has no public name
    return await connection

"""A SQLite connection in a thread of its own that is asked as seldom as can be: a commit that asks nothing is one trip."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import aiosqlite

BASE: Any = aiosqlite.Connection
"""The driver's connection; the names of its queue and of what it wraps are not public."""

Ask: TypeAlias = Callable[[sqlite3.Cursor], object]


class OneTripCursor:
    """Executes, fetches and closes in one trip to the thread; additions go along with the next statement that asks something.

    Each trip and each answer wakes the other side; for a commit of a few small statements that is most of the time. What a
    statement returns is read whole by SQLAlchemy in any case, so nothing more is held for being read at once.

    What is put off are inserts and statements with many sets of values. Neither ``rowcount`` nor ``lastrowid`` is known of them,
    and what is wrong with one is raised by the next statement or by the commit: the transaction fails as a whole either way.

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
        """Execute one statement and fetch what it returns; ``BEGIN`` and inserts wait for the next one."""
        if sql.startswith("BEGIN"):
            self._connection.put_off = [lambda cursor: cursor.execute(sql)]
        else:
            is_answered = not sql.startswith("INSERT")
            await self._ask(sql, lambda cursor: cursor.execute(sql, parameters), is_answered=is_answered)
        return self

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> "OneTripCursor":
        """Execute one statement with many sets of values, together with the next one."""
        await self._ask(sql, lambda cursor: cursor.executemany(sql, rows), is_answered=False)
        return self

    async def _ask(self, sql: str, ask: Ask, *, is_answered: bool) -> None:
        # Only within a transaction is there a commit that takes along what was put off.
        if is_answered or "RETURNING" in sql or not self._connection.is_begun:
            await self._connection.trip(ask, self)
        else:
            self._connection.put_off.append(ask)

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
    """The driver's connection with cursors of the other kind.

    Attributes
    ----------
    put_off : list of callable
        Statements that wait, ``BEGIN`` in front, in their order.
    """

    put_off: list[Ask]

    @property
    def is_begun(self) -> bool:
        """Whether a transaction runs, or is about to with the next trip."""
        return bool(self.put_off) or self._conn.in_transaction

    def cursor(self) -> OneTripCursor:
        """Return a cursor."""
        return OneTripCursor(self)

    async def commit(self) -> None:
        """Execute what waits and commit, in one trip; where nothing was executed since ``BEGIN``, there is nothing to."""
        waiting = self._take_put_off()
        if len(waiting) > 1 or self._conn.in_transaction:

            def there() -> None:
                self._execute_all(waiting)
                self._conn.commit()

            await self._execute(there)

    async def rollback(self) -> None:
        """Undo the running transaction; where there is none, the thread is not asked."""
        self._take_put_off()
        if self._conn.in_transaction:
            await self._execute(self._conn.rollback)

    async def trip(self, ask: Ask, into: OneTripCursor) -> None:
        """Let the thread execute what waits and one statement more, and hand over what that leaves."""
        waiting = self._take_put_off()
        await self._execute(lambda: self._execute_all([*waiting, ask], into))

    def _take_put_off(self) -> list[Ask]:
        waiting, self.put_off = self.put_off, []
        return waiting

    def _execute_all(self, asks: Sequence[Ask], into: OneTripCursor | None = None) -> None:
        """Execute statements in their order; runs in the thread."""
        cursor: sqlite3.Cursor = self._conn.cursor()
        try:
            for ask in asks:
                ask(cursor)
            if into is not None:
                into.take(cursor)
        finally:
            cursor.close()


async def connect(path: Path) -> Any:
    """Open a connection; the driver begins no transactions of its own: it would do so late, and not around DDL."""
    connection: Any = OneTripConnection(lambda: sqlite3.connect(path, isolation_level=None), 64)
    connection.put_off = []
    # A process that is told to end does not wait for its thread; what is committed is on the disk.
    connection._thread.daemon = True  # noqa: SLF001 - it has no public name
    return await connection

"""Engines for one SQLite file: a single writer whose commits survive a power cut, and readers that cannot write."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from marginwatch.store.sqlite_connection import connect

BUSY_TIMEOUT_MS = 5_000
READERS_MAX = 4


def writer_engine(path: Path) -> AsyncEngine:
    """Return the engine of the one writing connection.

    Write-ahead log, so that readers never wait for the writer; ``synchronous=FULL``, so that what was committed is
    on the disk; transactions begin ``IMMEDIATE``, so that none fails half-way because another holds the lock.
    """
    return _engine(
        path,
        connections=1,
        begin="BEGIN IMMEDIATE",
        pragmas=("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"),
    )


def reader_engine(path: Path) -> AsyncEngine:
    """Return the engine of the reading connections; SQLite itself refuses their writes."""
    return _engine(path, connections=READERS_MAX, begin="BEGIN", pragmas=("query_only=ON",))


def _engine(path: Path, *, connections: int, begin: str, pragmas: tuple[str, ...]) -> AsyncEngine:
    async def open_it() -> Any:  # the driver's connection
        return await connect(path)

    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        async_creator=open_it,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
    )

    def on_connect(connection: Any, record: object) -> None:  # a DBAPI connection of no public type
        del record
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine

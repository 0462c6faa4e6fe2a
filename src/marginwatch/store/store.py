"""The store: open a file, add within a transaction, read the newest rows, close."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path

from sqlalchemy import Executable, Row, Table, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.snapshots import Break
from marginwatch.store.connection import reader_engine, writer_engine
from marginwatch.store.file_lock import FileLock
from marginwatch.store.migration import migrate
from marginwatch.store.records import StoredBreak, StoredNotice, StoredPayload
from marginwatch.store.retention import Retention
from marginwatch.store.tables import ACCOUNT_NOTICE, QUARANTINED_PAYLOAD, RECONCILIATION_BREAK
from marginwatch.store.transaction import Transaction

PAGE_MAX = 1_000


class Store:
    """One SQLite file with one writer and several readers; made by :meth:`open`.

    Parameters
    ----------
    path : Path
        The file.
    retention : Retention
        How much is kept.
    """

    def __init__(self, path: Path, retention: Retention) -> None:
        self.path = path
        self.retention = retention
        self._lock = FileLock(path)
        self._turn = asyncio.Lock()
        self._writer: AsyncEngine = writer_engine(path)
        self._reader: AsyncEngine = reader_engine(path)

    @classmethod
    async def open(cls, path: Path | str, *, retention: Retention | None = None) -> "Store":
        """Open or create the file, its folder included, and bring its schema to this version.

        Raises
        ------
        ConfigError
            If the folder cannot be used, the file is no database, is damaged, was written by a newer version, or is
            in use by another process; with the remedy.
        """
        store = cls(Path(path), retention or Retention())
        try:
            store.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            store._lock.acquire()
            # Created here so that nobody else may read it; SQLite would follow the umask.
            os.close(os.open(store.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            store._lock.release()
            raise ConfigError(
                f"{store.path}: cannot open the database: {error.strerror}; mend data_dir"
            ) from error
        async with contextlib.AsyncExitStack() as unless_sound:
            unless_sound.push_async_callback(store.close)
            await store._prepare()
            unless_sound.pop_all()
        return store

    async def _prepare(self) -> None:
        try:
            async with self._writer.begin() as connection:
                verdict = (await connection.exec_driver_sql("PRAGMA quick_check(1)")).scalar()
                if verdict != "ok":
                    raise ConfigError(self._damaged(str(verdict)))
                await connection.run_sync(migrate, str(self.path))
        except DBAPIError as error:
            detail = str(error.orig)
            if "disk" in detail and "malformed" not in detail:
                # The file may be sound: nobody shall move it aside because there is no room beside it.
                raise ConfigError(
                    f"{self.path}: cannot read or write the database ({detail}); make room on that disk or mend it"
                ) from error
            raise ConfigError(self._damaged(detail)) from error

    def _damaged(self, detail: str) -> str:
        return f"{self.path}: not a sound database ({detail}); move it aside, a new one is made at the next start"

    async def close(self) -> None:
        """Finish a running transaction, close all connections and give the file free."""
        async with self._turn:
            await self._writer.dispose()
            await self._reader.dispose()
            self._lock.release()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Run one unit of work: a single commit at the end of the block, nothing if the block raises.

        Raises
        ------
        ConnectivityError
            If the file cannot be written now (disk full, not reachable); ``reason`` is ``store``.
        """
        async with self._turn:
            try:
                async with self._writer.begin() as connection:
                    yield Transaction(connection, self.retention)
            except DBAPIError as error:
                raise self._unusable(error) from error

    def _unusable(self, error: DBAPIError) -> ConnectivityError:
        return ConnectivityError(
            f"{self.path}: {error.orig}; check free space and rights of data_dir", reason="store"
        )

    async def breaks(
        self, *, account_id: str | None = None, before_id: int | None = None, limit: int = 100
    ) -> tuple[StoredBreak, ...]:
        """Return breaks, newest first; ``before_id`` continues after the last one of a page (at most 1,000)."""
        rows = await self._page(RECONCILIATION_BREAK, account_id, before_id, limit)
        return tuple(
            StoredBreak(
                row.id,
                Break(
                    account_id=AccountId(row.account_id),
                    subject=row.subject,
                    field=row.field,
                    ours=row.ours,
                    theirs=row.theirs,
                    found_at_ns=row.found_at_ns,
                ),
            )
            for row in rows
        )

    async def quarantined(
        self, *, account_id: str | None = None, before_id: int | None = None, limit: int = 100
    ) -> tuple[StoredPayload, ...]:
        """Return quarantined payloads, newest first."""
        rows = await self._page(QUARANTINED_PAYLOAD, account_id, before_id, limit)
        return tuple(
            StoredPayload(
                row.id,
                Quarantined(
                    venue=VenueId(row.venue),
                    account_id=None if row.account_id is None else AccountId(row.account_id),
                    source=row.source,
                    message=row.message,
                    payload=row.payload,
                    at_ns=row.at_ns,
                ),
            )
            for row in rows
        )

    async def notices(
        self, *, account_id: str | None = None, before_id: int | None = None, limit: int = 100
    ) -> tuple[StoredNotice, ...]:
        """Return notices, newest first."""
        rows = await self._page(ACCOUNT_NOTICE, account_id, before_id, limit)
        return tuple(
            StoredNotice(
                row.id,
                Notice(
                    kind=row.kind,
                    account_id=None if row.account_id is None else AccountId(row.account_id),
                    message=row.message,
                ),
                row.at_ns,
            )
            for row in rows
        )

    async def _page(
        self, table: Table, account_id: str | None, before_id: int | None, limit: int
    ) -> list[Row[tuple[object, ...]]]:
        query = select(table).order_by(table.c.id.desc()).limit(max(0, min(limit, PAGE_MAX)))
        if account_id is not None:
            query = query.where(table.c.account_id == account_id)
        if before_id is not None:
            query = query.where(table.c.id < before_id)
        return await self.rows(query)

    async def rows(self, query: Executable) -> list[Row[tuple[object, ...]]]:
        """Return what a query finds; for the modules beside this one, each of which knows its own tables.

        Raises
        ------
        ConnectivityError
            If the file cannot be read now.
        """
        try:
            async with self._reader.connect() as connection:
                return list((await connection.execute(query)).all())
        except DBAPIError as error:
            raise self._unusable(error) from error

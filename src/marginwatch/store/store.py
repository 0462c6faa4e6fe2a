"""The store: open a database, add within a transaction, read the newest rows, close."""

import contextlib
import importlib
from collections.abc import AsyncGenerator
from pathlib import Path

from sqlalchemy import Executable, Row, Table, select

from marginwatch.errors import ConfigError
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import Break
from marginwatch.store.database import Database
from marginwatch.store.migration import migrate
from marginwatch.store.postgres_url import is_postgres_url
from marginwatch.store.records import StoredBreak, StoredNotice, StoredPayload
from marginwatch.store.retention import Retention
from marginwatch.store.sqlite_file import SqliteFile
from marginwatch.store.tables import ACCOUNT_NOTICE, QUARANTINED_PAYLOAD, RECONCILIATION_BREAK
from marginwatch.store.transaction import Transaction
from marginwatch.store.turn import Turn

PAGE_MAX = 1_000


class Store:
    """One database with one writer and several readers; made by :meth:`open`.

    Parameters
    ----------
    database : Database
        The SQLite file or the PostgreSQL database.
    retention : Retention
        How much is kept.
    """

    def __init__(self, database: Database, retention: Retention) -> None:
        self.retention = retention
        self._database = database
        self._turn = Turn()
        self._writer = database.writer()
        self._reader = database.reader()

    @classmethod
    async def open(
        cls, place: Path | str | Secret, *, retention: Retention | None = None, is_alone: bool = True
    ) -> "Store":
        """Open a database and bring its schema to this version.

        Parameters
        ----------
        place : Path, str or Secret
            A file, made with its folder if it is not there; or the address of a PostgreSQL database, which is one if it
            begins with ``postgresql://``.
        retention : Retention, optional
            How much is kept.
        is_alone : bool, default=True
            Refuse if another process has it open. False joins the one that has, for a further dispatcher.

        Raises
        ------
        ConfigError
            If the folder cannot be used, the file is no database or damaged, the server refuses us; if it was written by
            a newer version, or is in use by another process; with the remedy.
        ConnectivityError
            If the server cannot be reached.
        """
        database = _database(place, is_alone=is_alone)
        database.prepare()
        store = cls(database, retention or Retention())
        async with contextlib.AsyncExitStack() as unless_sound:
            unless_sound.push_async_callback(store.close)
            await store._prepare()
            unless_sound.pop_all()
        return store

    @property
    def place(self) -> str:
        """Where the database is, for people; holds no password."""
        return self._database.place

    async def _prepare(self) -> None:
        try:
            async with self._writer.begin() as connection:
                await connection.run_sync(self._database.check)
                await connection.run_sync(migrate, self.place)
        except self._database.failures as error:
            raise self._database.refusal(error) from error

    async def close(self) -> None:
        """Finish a running transaction, close all connections and give the database free."""
        async with self._turn.taken():
            await self._writer.dispose()
            await self._reader.dispose()
            self._database.release()

    @contextlib.asynccontextmanager
    async def transaction(self, *, is_urgent: bool = False) -> AsyncGenerator[Transaction]:
        """Run one unit of work: a single commit at the end of the block, nothing if the block raises.

        Parameters
        ----------
        is_urgent : bool, default=False
            Before all others that wait for their turn: alerts that nobody has heard of yet, and what people wait for.

        Raises
        ------
        ConnectivityError
            If the database cannot be written now (disk full, not reachable); ``reason`` is ``store``. Where a server's
            answer to the commit was lost, everything may be there nevertheless.
        """
        async with self._turn.taken(is_urgent=is_urgent):
            try:
                async with self._writer.begin() as connection:
                    yield Transaction(connection, self.retention)
            except self._database.failures as error:
                raise self._database.unusable(error) from error

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
            If the database cannot be read now.
        """
        try:
            async with self._reader.connect() as connection:
                return list((await connection.execute(query)).all())
        except self._database.failures as error:
            raise self._database.unusable(error) from error


def _database(place: Path | str | Secret, *, is_alone: bool) -> Database:
    url = place.reveal() if isinstance(place, Secret) else str(place)
    if not isinstance(place, Path) and is_postgres_url(url):
        # Its driver takes a while to import, and most do without.
        postgres = importlib.import_module("marginwatch.store.postgres")
        return postgres.PostgresDatabase(Secret(url), is_alone=is_alone)
    if isinstance(place, Secret):
        raise ConfigError("the address of the database must begin with postgresql://")
    return SqliteFile(Path(place), is_alone=is_alone)

"""A PostgreSQL database: one writing connection, which holds the lock against a second service, and several readers."""

import contextlib
from typing import Any

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.secret import Secret
from marginwatch.store.postgres_url import shown_place

DRIVER: Any = asyncpg
"""It has no types."""

READERS_MAX = 4
CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 30.0
LOCK_WAIT_MS = 3_000
"""How long a start waits for a service that is just ending."""

LOCK_FAMILY = 0x6D77
"""First half of the number of our lock; the second is the schema, so that two services may share a database in two."""

# A server that was cut off keeps a session, and the lock with it, until it notices: within a minute by these.
_SETTINGS = {
    "application_name": "marginwatch",
    "jit": "off",
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

_LOCK = "SELECT pg_advisory_lock($1, hashtext(coalesce(current_schema(), '')))"
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)

_REMEDIES = {
    "28P01": "the server does not accept the password; mend it in the address of the database",
    "28000": "the server does not let this user in; mend the user in the address, or pg_hba.conf of the server",
    "3D000": "there is no such database; create it (createdb), or mend its name in the address",
    "3F000": "this user may use no schema; give it USAGE and CREATE on one of its search_path",
    "42501": "this user may not do that; give it CREATE on the schema, or make it the owner of the database",
    "55P03": "another marginwatch writes this database; stop it, or name another database",
    "53300": "the server has no connection left; marginwatch needs five",
    "25006": "the server only reads; name the one that writes",
}


class PostgresDatabase:
    """One database on a server.

    Parameters
    ----------
    url : Secret
        ``postgresql://user:password@host:port/database`` with the options of libpq.
    is_alone : bool
        Whether a second service is refused.

    Raises
    ------
    ConfigError
        If the address cannot be read; the message holds nothing of it.
    """

    failures: tuple[type[Exception], ...] = (
        DBAPIError,
        PoolTimeoutError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        OSError,
    )

    def __init__(self, url: Secret, *, is_alone: bool = True) -> None:
        self._url = url
        self._is_alone = is_alone
        self._place = shown_place(url.reveal())

    @property
    def place(self) -> str:
        """The address without password and options."""
        return self._place

    def prepare(self) -> None:
        """Do nothing: the lock belongs to the writing connection, so that whoever writes holds it."""

    def writer(self) -> AsyncEngine:
        """Return the engine of the one writing connection.

        It takes the lock whenever it connects anew. Its commits are on the server's disk, whatever the server's default.
        """
        return self._engine(connections=1, is_writer=True)

    def reader(self) -> AsyncEngine:
        """Return the engine of the reading connections; the server refuses their writes."""
        return self._engine(connections=READERS_MAX, is_writer=False)

    def check(self, connection: Connection) -> None:
        """Do nothing: a server looks after its files."""

    def refusal(self, error: Exception) -> ConfigError | ConnectivityError:
        """Return what a failure at the start means: unreachable may pass, the rest wants somebody's hand."""
        code, detail = _code(error), _detail(error)
        if code in _REMEDIES:
            return ConfigError(f"{self._place}: {detail}: {_REMEDIES[code]}")
        if code is None or code[:2] in ("08", "57"):
            return ConnectivityError(
                f"{self._place}: cannot reach the database ({detail}); start the server, or mend host and port",
                reason="store",
            )
        return ConfigError(f"{self._place}: cannot use the database ({detail}); mend it, or name another")

    def unusable(self, error: Exception) -> ConnectivityError:
        """Return what a failure in use means."""
        remedy = _REMEDIES.get(_code(error) or "", "check that the server runs and can be reached")
        return ConnectivityError(f"{self._place}: {_detail(error)}; {remedy}", reason="store")

    def release(self) -> None:
        """Do nothing: the lock ended with its connection."""

    def _engine(self, *, connections: int, is_writer: bool) -> AsyncEngine:
        async def connect() -> Any:  # a connection of the driver
            return await self._connect(is_writer=is_writer)

        return create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            pool_size=connections,
            max_overflow=0,
            # A server that was restarted is connected to anew before anything is asked of it.
            pool_pre_ping=True,
        )

    async def _connect(self, *, is_writer: bool) -> Any:
        settings = _SETTINGS | {"default_transaction_read_only": "off" if is_writer else "on"}
        try:
            connection = await DRIVER.connect(
                self._url.reveal(),
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=COMMAND_TIMEOUT_S,
                server_settings=settings,
            )
        except ValueError:
            # Its words may repeat parts of the address.
            raise ConfigError(f"{self._place}: the address of the database cannot be used; mend it") from None
        with contextlib.ExitStack() as unless_ready:
            unless_ready.callback(connection.terminate)
            if is_writer:
                await connection.execute(_DURABLE)
            if is_writer and self._is_alone:
                await connection.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
                await connection.fetchval(_LOCK, LOCK_FAMILY)
                await connection.execute("RESET lock_timeout")
            unless_ready.pop_all()
        return connection


def _original(error: BaseException) -> BaseException:
    """Return what the driver raised, without what SQLAlchemy put around it."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def _code(error: Exception) -> str | None:
    return getattr(_original(error), "sqlstate", None)


def _detail(error: Exception) -> str:
    original = _original(error)
    lines = str(original).splitlines()
    return lines[0] if lines else type(original).__name__

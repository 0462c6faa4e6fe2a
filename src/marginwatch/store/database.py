"""What the store needs of a database: where it is, its engines, and what its errors mean."""

from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from marginwatch.errors import ConfigError, ConnectivityError


class Database(Protocol):
    """One database, SQLite or PostgreSQL."""

    @property
    def place(self) -> str:
        """Where it is, for people; holds no password."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What its driver raises where it cannot be used."""
        ...

    def prepare(self) -> None:
        """Make what must be there before anything connects.

        Raises
        ------
        ConfigError
            If that cannot be, or another service uses it.
        """
        ...

    def writer(self) -> AsyncEngine:
        """Return the engine of the one writing connection, whose commits survive a power cut."""
        ...

    def reader(self) -> AsyncEngine:
        """Return the engine of the reading connections, which cannot write."""
        ...

    def check(self, connection: Connection) -> None:
        """Look whether it is sound.

        Raises
        ------
        ConfigError
            If it is not.
        """
        ...

    def refusal(self, error: Exception) -> ConfigError | ConnectivityError:
        """Return what a failure at the start means, with the remedy."""
        ...

    def unusable(self, error: Exception) -> ConnectivityError:
        """Return what a failure in use means; ``reason`` is ``store``."""
        ...

    def release(self) -> None:
        """Give free what :meth:`prepare` took."""
        ...

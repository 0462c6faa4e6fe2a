"""A SQLite file of our own: private to its user, checked at the start, used by one service at a time."""

import os
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.store.file_lock import FileLock
from marginwatch.store.sqlite_engines import reader_engine, writer_engine


class SqliteFile:
    """One file.

    Parameters
    ----------
    path : Path
        The file; made, with its folder, if it is not there.
    is_alone : bool
        Whether a second process is refused.
    """

    failures: tuple[type[Exception], ...] = (DBAPIError,)

    def __init__(self, path: Path, *, is_alone: bool = True) -> None:
        self._path = path
        self._lock = FileLock(path) if is_alone else None

    @property
    def place(self) -> str:
        """The path."""
        return str(self._path)

    def prepare(self) -> None:
        """Make the folder and the file, readable by their user alone, and take the lock.

        Raises
        ------
        ConfigError
            If the folder cannot be used, or another process holds the lock.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._lock is not None:
                self._lock.acquire()
            # Created here so that nobody else may read it; SQLite would follow the umask.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            self.release()
            raise ConfigError(
                f"{self._path}: cannot open the database: {error.strerror}; mend data_dir"
            ) from error

    def writer(self) -> AsyncEngine:
        """Return the engine of the one writing connection."""
        return writer_engine(self._path)

    def reader(self) -> AsyncEngine:
        """Return the engine of the reading connections."""
        return reader_engine(self._path)

    def check(self, connection: Connection) -> None:
        """Let SQLite look at every page.

        Raises
        ------
        ConfigError
            If one is damaged.
        """
        verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if verdict != "ok":
            raise self._damaged(str(verdict))

    def refusal(self, error: Exception) -> ConfigError:
        """Return what a failure at the start means."""
        detail = _detail(error)
        if "disk" in detail and "malformed" not in detail:
            # The file may be sound: nobody shall move it aside because there is no room beside it.
            return ConfigError(
                f"{self._path}: cannot read or write the database ({detail}); make room on that disk or mend it"
            )
        return self._damaged(detail)

    def unusable(self, error: Exception) -> ConnectivityError:
        """Return what a failure in use means."""
        return ConnectivityError(
            f"{self._path}: {_detail(error)}; check free space and rights of data_dir", reason="store"
        )

    def release(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.release()

    def _damaged(self, detail: str) -> ConfigError:
        return ConfigError(
            f"{self._path}: not a sound database ({detail}); move it aside, a new one is made at the next start"
        )


def _detail(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)

"""One service per database file: two writers would each believe to be the only one."""

import fcntl
import os
from pathlib import Path

from marginwatch.errors import ConfigError


class FileLock:
    """An exclusive lock beside a file; the system releases it when the process dies, however it dies.

    Parameters
    ----------
    path : Path
        The file to guard; the lock is ``<path>.lock`` and holds the process id of the owner.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        ConfigError
            If another process holds it.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise ConfigError(
                f"{self._path}: another marginwatch (process {owner}) uses this data_dir; stop it, or name another"
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless if it is not held. The file stays, for removing it would race a newcomer."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

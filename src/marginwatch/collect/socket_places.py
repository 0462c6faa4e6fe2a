"""How many private sockets this process may hold open: files are left for REST calls, prices, the store and the API.

The system counts a socket as an open file. A service that used them all up could neither ask an exchange nor answer its
owner; so accounts beyond the places there are have no socket and are polled.
"""

import asyncio
import errno
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from marginwatch.model.notice import Notice

RESERVE = 128
"""Files left for what no account needs: shared price sockets, readers of the API, the store, logs. The files of REST
calls come on top."""

EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE})


def open_files_max() -> int | None:
    """Return how many files this process may have open; None where there is no limit or none that can be read."""
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ImportError:
        return None
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if limit == resource.RLIM_INFINITY else limit


class SocketPlaces:
    """Who may hold a private socket.

    Parameters
    ----------
    files_max : int or None
        Open files of this process at most; None for no limit.
    n_rest : int
        REST connections that may be open at the same time.
    on_notice : callable
        Hears once that there are too few, and once that they ran out nevertheless.
    """

    def __init__(
        self,
        files_max: int | None = None,
        n_rest: int = 0,
        on_notice: Callable[[Notice], None] = lambda _: None,
    ) -> None:
        self._files_max = files_max
        self._reserve = RESERVE + n_rest
        self._on_notice = on_notice
        self._n_told = 0
        self._is_exhausted = False
        self.n_places: int | None = None
        """Private sockets at the same time; None for any number."""
        if files_max is not None:
            # Where the limit is tiny, three quarters of it must do for the rest.
            self.n_places = max(1, files_max - self._reserve, files_max // 4)
        self._free = None if self.n_places is None else asyncio.Semaphore(self.n_places)

    def expect(self, n_accounts: int) -> None:
        """Learn how many accounts there are, and tell once if not all of them can have a socket."""
        if self.n_places is None or n_accounts <= max(self.n_places, self._n_told):
            return
        self._n_told = n_accounts
        self._tell(
            f"{n_accounts} accounts need {n_accounts + self._reserve} open files and the system allows "
            f"{self._files_max}: {n_accounts - self.n_places} accounts are polled instead of streamed. "
            f"Start with 'ulimit -n {n_accounts + self._reserve}' or more (LimitNOFILE in a systemd unit)."
        )

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """Hold a place for one socket; wait for it where all are taken."""
        if self._free is None:
            yield
            return
        async with self._free:
            yield

    def on_failed(self, error: BaseException) -> None:
        """Learn why a socket could not be opened; tell once if the files ran out."""
        if not is_exhausted(error):
            self._is_exhausted = False
        elif not self._is_exhausted:
            self._is_exhausted = True
            limit = "" if self._files_max is None else f" of {self._files_max}"
            self._tell(
                f"no file{limit} is left to open a socket: accounts without one are polled and tried again. "
                "Raise 'ulimit -n', or look for what else holds files on this machine."
            )

    def _tell(self, message: str) -> None:
        self._on_notice(Notice("open_files", None, message))


def is_exhausted(error: BaseException) -> bool:
    """Return whether an error, or what caused it, is that no more files may be opened."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in EXHAUSTED:
            return True
        cause = cause.__cause__
    return False

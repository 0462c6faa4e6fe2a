"""The HTTP server as a part of our own loop: our signals, our shutdown, our address errors."""

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn
from litestar.types import ASGIApp

from marginwatch.errors import ConfigError
from marginwatch.web.patience import WAITING_MAX, PatientProtocol
from marginwatch.web.stream.hub import CLIENTS_MAX
from marginwatch.web.stream.protocol import PING_EVERY_S, PONG_WITHIN_S, StreamProtocol
from marginwatch.web.stream.topics import MESSAGE_BYTES_MAX

REQUESTS_AT_ONCE_MAX = 128
STOP_TIMEOUT_S = 3


class _QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers: the service stops its parts in its own order."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class WebServer:
    """Serves one application until stopped.

    Parameters
    ----------
    app : ASGIApp
        What :func:`marginwatch.web.app.create_app` returns.
    host : str
        Address to listen on.
    port : int
        0 lets the system choose; :attr:`url` tells which.
    """

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 8600) -> None:
        self._host = host
        self._port = port
        self._server = _QuietServer(
            uvicorn.Config(
                app,  # pyright: ignore[reportArgumentType]  # litestar and uvicorn type the same ASGI differently
                # What a proxy says of somebody else must open nothing, and cannot be told from what anybody says.
                proxy_headers=False,
                log_config=None,
                # Its warnings tell of what strangers send: whoever likes could fill the log.
                log_level="error",
                access_log=False,
                server_header=False,
                lifespan="off",
                http=PatientProtocol,
                ws=StreamProtocol,
                ws_max_size=MESSAGE_BYTES_MAX,
                ws_ping_interval=PING_EVERY_S,
                ws_ping_timeout=PONG_WITHIN_S,
                # It costs more processor time than all the rest of a frame, and the way to a browser is short.
                ws_per_message_deflate=False,
                loop="none",
                limit_concurrency=WAITING_MAX + REQUESTS_AT_ONCE_MAX + CLIENTS_MAX + 1,
                timeout_graceful_shutdown=STOP_TIMEOUT_S,
            )
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it answers, known once it has started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Listen; return when requests are answered.

        Raises
        ------
        ConfigError
            If the address cannot be used.
        """
        listener = self._bind()
        self._port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="web")
        await self._server.is_listening.wait()

    def _bind(self) -> socket.socket:
        """Bind here, for uvicorn ends the whole process where it cannot."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = socket.socket(family, kind, protocol)
        except OSError as error:
            raise ConfigError(f"[service] host: cannot use {self._host!r}: {error.strerror}") from error
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError as error:
            listener.close()
            raise ConfigError(
                f"[service] port: cannot listen on {self._host}:{self._port}: {error.strerror};"
                " stop what uses it, or name another port"
            ) from error
        listener.setblocking(False)
        return listener

    async def stop(self) -> None:
        """Finish the requests under way, for at most a few seconds, and close; harmless if not started."""
        if self._task is None:
            return
        self._server.should_exit = True
        await self._task
        self._task = None

"""The WebSocket interface over the websockets library: the second implementation, one reading task a socket."""

import asyncio

import websockets
from websockets.asyncio.client import ClientConnection, connect

from marginwatch.collect.socket import MESSAGE_BYTES_MAX, Socket, SocketOwner, client_tls
from marginwatch.errors import ConnectivityError


class _Reader:
    """Reads one connection in a task of its own and hands messages to the owner."""

    def __init__(self, connection: ClientConnection, owner: SocketOwner) -> None:
        self._connection = connection
        self._owner: SocketOwner | None = owner
        self._sends: set[asyncio.Task[None]] = set()
        self._is_open = True
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while True:
                message = await self._connection.recv(decode=False)
                if self._owner is None:
                    return
                self._owner.on_message(bytes(message))
        except websockets.ConnectionClosed:
            pass
        finally:
            self._is_open = False
            self._connection.transport.abort()
            owner, self._owner = self._owner, None
            if owner is not None:
                owner.on_closed(self._reason())

    def _reason(self) -> str:
        code = self._connection.close_code
        if code is None or code == websockets.CloseCode.ABNORMAL_CLOSURE:
            return "the connection ended without a closing frame"
        return f"closed by the venue with code {code} {self._connection.close_reason or ''}".rstrip()

    async def _send(self, payload: bytes) -> None:
        try:
            await self._connection.send(payload, text=True)
        except websockets.ConnectionClosed:
            return  # its owner hears of the close from the reader

    def send(self, payload: bytes) -> None:
        if self._is_open:
            task = asyncio.create_task(self._send(payload))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

    def close(self) -> None:
        self._owner = None
        self._connection.transport.abort()


async def connect_websockets(url: str, owner: SocketOwner, timeout_s: float) -> Socket:
    """Open a WebSocket with the websockets library.

    Parameters and errors are those of :func:`marginwatch.collect.socket.connect_picows`.

    Raises
    ------
    ConnectivityError
        If there is no connection in that time.
    """
    try:
        connection = await connect(
            url,
            ssl=client_tls() if url.startswith("wss:") else None,
            open_timeout=timeout_s,
            ping_interval=None,
            compression=None,
            max_size=MESSAGE_BYTES_MAX,
        )
    except TimeoutError as error:
        raise ConnectivityError(f"no socket within {timeout_s:g} s", endpoint=url) from error
    except (OSError, websockets.WebSocketException) as error:
        raise ConnectivityError(f"the socket could not be opened: {error}", endpoint=url) from error
    return _Reader(connection, owner)

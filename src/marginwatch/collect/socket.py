"""The thin WebSocket interface that sessions and price feeds use, over picows.

One class owns a connection; its owner hears whole messages through two synchronous callbacks, so a message costs no
task and no queue. The same interface over a second library is in :mod:`marginwatch.collect.socket_websockets`.
"""

import asyncio
import functools
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol

import picows

from marginwatch.errors import ConnectivityError

MESSAGE_BYTES_MAX = 4 * 1024 * 1024
"""Largest message we take; a bulk of pushed positions stays far below it."""


class SocketOwner(Protocol):
    """Who hears a socket."""

    def on_message(self, payload: bytes) -> None:
        """Take one whole text message."""
        ...

    def on_alive(self) -> None:
        """Learn that the far side answered with something that carries no message."""
        ...

    def on_closed(self, reason: str) -> None:
        """Learn that the far side or the network ended the connection; called at most once."""
        ...


class Socket(Protocol):
    """One open connection."""

    def send(self, payload: bytes) -> None:
        """Send one text message; a closed socket swallows it, for its owner hears of the close."""
        ...

    def close(self) -> None:
        """End the connection; safe to call twice. The owner hears nothing more, not even of the end."""
        ...


Connector = Callable[[str, SocketOwner, float], Awaitable[Socket]]
"""Open ``url`` for an owner within so many seconds; ConnectivityError if that fails."""


@functools.cache
def client_tls() -> ssl.SSLContext:
    """Return the one TLS context of all sockets: a context of its own would cost each 300 KiB."""
    return ssl.create_default_context()


# Members of an enumeration are looked up by Python code in 3.11: not once a message.
_TEXT = picows.WSMsgType.TEXT
_BINARY = picows.WSMsgType.BINARY
_CONTINUATION = picows.WSMsgType.CONTINUATION
_CLOSE = picows.WSMsgType.CLOSE


class _Listener(picows.WSListener):
    """Turns picows frames into whole messages for the owner."""

    def __init__(self, owner: SocketOwner) -> None:
        self._owner: SocketOwner | None = owner
        self._parts: list[bytes] | None = None
        self._transport: picows.WSTransport | None = None
        self.was_opened = False

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        self.was_opened = True

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if self._owner is None:
            return
        kind = frame.msg_type
        if transport.is_close_frame_sent and kind != _CLOSE:
            # picows answers a frame it cannot take with a close, and goes on reading the middle of that frame as if more
            # frames began there: nothing after it was ever said.
            return
        if kind == _TEXT and frame.fin:
            self._owner.on_message(frame.get_payload_as_bytes())
        elif kind in (_TEXT, _BINARY, _CONTINUATION):
            self._join(frame, self._owner)
        elif kind == _CLOSE:
            transport.disconnect()
        else:
            self._owner.on_alive()

    def _join(self, frame: picows.WSFrame, owner: SocketOwner) -> None:
        if self._parts is None:
            self._parts = []
        self._parts.append(frame.get_payload_as_bytes())
        if sum(map(len, self._parts)) > MESSAGE_BYTES_MAX:
            self.close()
            owner.on_closed(f"a message of more than {MESSAGE_BYTES_MAX} bytes")
        elif frame.fin:
            whole, self._parts = b"".join(self._parts), None
            owner.on_message(whole)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self._transport = None
        # What broke the protocol is kept for whoever waits for the end; left there, it is logged as if we had lost it.
        asyncio.ensure_future(transport.wait_disconnected()).add_done_callback(_take_error)
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.on_closed(_close_reason(transport))

    def send(self, payload: bytes) -> None:
        if self._transport is not None:
            self._transport.send(_TEXT, payload)

    def close(self) -> None:
        self._owner = self._parts = None
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.disconnect(graceful=False)


def _take_error(ended: asyncio.Future[None]) -> None:
    if not ended.cancelled():
        ended.exception()


def _close_reason(transport: picows.WSTransport) -> str:
    handshake = transport.close_handshake
    received = handshake.recv if handshake is not None else None  # pyright: ignore[reportUnnecessaryComparison]  # the stub hides that it is None on an abrupt end
    if received is None:
        return "the connection ended without a closing frame"
    return f"closed by the venue with code {received.code.value} {received.reason}".rstrip()


async def connect_picows(url: str, owner: SocketOwner, timeout_s: float) -> Socket:
    """Open a WebSocket with picows.

    Parameters
    ----------
    url : str
        ``ws://`` or ``wss://``.
    owner : SocketOwner
        Hears the messages.
    timeout_s : float
        For the whole of TCP, TLS and handshake, seconds.

    Raises
    ------
    ConnectivityError
        If there is no connection in that time.
    """
    listener = _Listener(owner)
    try:
        async with asyncio.timeout(timeout_s):
            await picows.ws_connect(  # pyright: ignore[reportUnknownMemberType]  # its **kwargs carry no types
                lambda: listener,
                url,
                ssl_context=client_tls() if url.startswith("wss:") else None,
                websocket_handshake_timeout=timeout_s,
                max_frame_size=MESSAGE_BYTES_MAX,
                read_buffer_init_size=2048,
                use_aiofastnet=False,
            )
    except TimeoutError as error:
        listener.close()
        raise ConnectivityError(f"no socket within {timeout_s:g} s", endpoint=url) from error
    except (OSError, picows.WSError) as error:
        listener.close()
        raise ConnectivityError(f"the socket could not be opened: {error}", endpoint=url) from error
    if not listener.was_opened:
        # picows returns as if nothing had happened when the other side hangs up before it answers.
        listener.close()
        raise ConnectivityError("the connection ended before the handshake was answered", endpoint=url)
    return listener


def connector_for(library: str) -> Connector:
    """Return the connector of a WebSocket library by its name.

    Raises
    ------
    ValueError
        For a name that is neither ``picows`` nor ``websockets``.
    """
    if library == "picows":
        return connect_picows
    if library == "websockets":
        from marginwatch.collect.socket_websockets import connect_websockets  # noqa: PLC0415  # only if asked for

        return connect_websockets
    raise ValueError(f"websocket_library: {library!r} is neither 'picows' nor 'websockets'")

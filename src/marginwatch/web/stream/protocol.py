"""WebSocket connections of our server: nothing piles up behind a slow client, and nobody waits for a dead one."""

import asyncio
import socket
from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

WRITABLE = "marginwatch.writable"
"""Name of the extension in a connection's scope: an event that is set while nothing waits to be written."""

BUFFER_BYTES_MAX = 65_536
"""Waiting to be written; above that the client is slow."""

SYSTEM_BUFFER_BYTES = 262_144
"""The system's share of what waits: about one frame of 5,000 rows."""

PING_EVERY_S = 20.0
PONG_WITHIN_S = 40.0
"""A client that does not answer so long is gone; one that reads slowly answers when it comes to the ping."""

GOODBYE_S = 0.5
"""How long a client may take to read the last words when the server stops."""


class StreamProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over from the HTTP connection."""
        super().connection_made(transport)
        self.close_timeout = GOODBYE_S
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES_MAX, low=0)
        # What the system buffers is a queue, too: by itself it would take on seconds of frames.
        if (own := transport.get_extra_info("socket")) is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SYSTEM_BUFFER_BYTES)

    def handle_connect(self, event: Request) -> None:
        """Tell the application when this connection can be written to."""
        super().handle_connect(event)
        if event_scope := getattr(self, "scope", None):
            cast("dict[str, object]", event_scope["extensions"])[WRITABLE] = self.writable

    def keepalive_timeout(self) -> None:
        """Drop a client that is gone: waiting until it has read everything would be waiting forever."""
        self.transport.abort()

    def handle_parser_exception(self) -> None:
        """Say what was wrong, and from now on refuse to write as to one who has gone."""
        super().handle_parser_exception()
        self.disconnected = True

    def shutdown(self) -> None:
        """Say that the service restarts, and go whether or not that is read."""
        super().shutdown()
        self.loop.call_later(GOODBYE_S, self.transport.abort)

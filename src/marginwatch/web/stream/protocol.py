"""WebSocket connections of our server: nothing piles up behind a slow client, and nobody waits for a dead one."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request, Response
from websockets.typing import StatusLike

from marginwatch.web.gate import SECURITY_HEADERS

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

HEARD_MAX = 16_384
"""What a client may say at once, bytes, and what it may say each second: four of the longest messages, or sixty short ones."""

FRAME_COSTS = 256
"""Each frame counts as so many bytes more: an empty one takes as long to look at as one with words."""

SLICE = 1_024
"""So many bytes are looked at before it is asked again whether there were too many frames in them."""

NO_HANDSHAKE = b"".join(
    (
        b"HTTP/1.1 400 Bad Request\r\n",
        *(name + b": " + value + b"\r\n" for name, value in SECURITY_HEADERS),
        b"content-type: text/plain; charset=utf-8\r\ncontent-length: 31\r\nconnection: close\r\n\r\n",
        b"400: this opens no stream here\n",
    )
)

CLOSE_NO_TEXT = 1007
CLOSE_TOO_MUCH = 1009


class StreamProtocol(WebSocketsSansIOProtocol):
    """One connection.

    A client that says more than :data:`HEARD_MAX` is sent away: frames that cost it six bytes, such as pings and empty parts
    of a message, would take up the loop, and with it the alerts of everybody.
    """

    _heard = 0.0
    _heard_at_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over from the HTTP connection."""
        super().connection_made(transport)
        # What refuses a handshake that is none knows nothing of our headers.
        self.conn.reject = partial(_refused, self.conn.reject)
        self.close_timeout = GOODBYE_S
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES_MAX, low=0)
        # What the system buffers is a queue, too: by itself it would take on seconds of frames.
        if (own := transport.get_extra_info("socket")) is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SYSTEM_BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        """Take in what a client says, unless it is too much."""
        if not self.handshake_initiated:
            super().data_received(data)
            if not self.handshake_initiated:
                # The whole head was there: what is no handshake now never becomes one, and nobody would wait for it.
                self.transport.write(NO_HANDSHAKE)
                self.transport.close()
            return
        for first in range(0, len(data), SLICE):
            if self.disconnected or self.transport.is_closing():
                return
            some = data[first : first + SLICE]
            self._count(len(some))
            super().data_received(some)
            if self._heard > HEARD_MAX:
                self._send_away()
                return

    def _count(self, size: int) -> None:
        now_s = self.loop.time()
        self._heard = max(0.0, self._heard - (now_s - self._heard_at_s) * HEARD_MAX) + size
        self._heard_at_s = now_s

    def _send_away(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self.conn.fail(CLOSE_TOO_MUCH, "too many words; a page says a few a minute")
            self.handle_parser_exception()
        self.loop.call_later(GOODBYE_S, self.transport.abort)

    def handle_cont(self, event: Frame) -> None:
        """Count a part of a message."""
        self._heard += FRAME_COSTS
        super().handle_cont(event)

    def handle_text(self, event: Frame) -> None:
        """Count a message."""
        self._heard += FRAME_COSTS
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Count a message."""
        self._heard += FRAME_COSTS
        super().handle_bytes(event)

    def handle_ping(self) -> None:
        """Count a ping."""
        self._heard += FRAME_COSTS
        super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Count a pong."""
        self._heard += FRAME_COSTS
        super().handle_pong(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a message on, unless it is text that is none: whose fault that is needs no line in our log."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.conn.fail(CLOSE_NO_TEXT, "this is no UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

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


def _refused(reject: Callable[[StatusLike, str], Response], status: StatusLike, text: str) -> Response:
    """Return a refusal with the headers of every other reply."""
    response = reject(status, text)
    for name, value in SECURITY_HEADERS:
        response.headers[name.decode()] = value.decode()
    return response


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True

"""How long and for how many callers the server waits for a request: nobody's silence locks out the others."""

import asyncio
from typing import cast

import h11
from litestar.types import Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.h11_impl import H11Protocol

from marginwatch.web.gate import SECURITY_HEADERS, refuse

WAITING_MAX = 128
"""Connections that may owe us a request at once. A further one takes the place of the one that waits longest: whoever
means it sends a request within milliseconds of connecting."""

REQUEST_TIMEOUT_S = 5.0
"""From connecting, or from the last answer, to the end of the next request's head; bytes on the way extend nothing."""


READING_TIMEOUT_S = 30.0
UNREAD_BYTES_MAX = 512 * 1024 * 1024
"""What all callers together have asked for and not read yet. Beyond it the one goes that has had longest to read its own."""

READ_MIN_BYTES = 16_384
"""Who reads an answer takes at least so much of it in each such time, or the rest of it; a phone on the worst line does."""


async def crowded(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that too many are connected, and hang up."""
    del scope, receive
    headers = (*SECURITY_HEADERS, (b"connection", b"close"))
    await refuse(send, 503, "too many connections; try again", headers)


class PatientProtocol(H11Protocol):
    """One connection of uvicorn's that is dropped when its request does not come, or its answer is not read.

    Connections that never send, that dribble the head of a request byte by byte, that idle between requests, or that
    dribble a body which nobody reads are all the same here: they owe a request. Whoever has not yet read the whole answer
    owes that first. Not covered are thousands of new connections a second, against which only a firewall helps.
    """

    waiting_since_s: float | None = None
    is_upgraded = False
    _served: ASGI3Application | None = None
    _timer: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    _unread_bytes = 0
    _paused_since_s: float | None = None

    def handle_events(self) -> None:
        """Answer what came, or refuse it with the headers of every other reply where too many are connected."""
        if (most := self.config.limit_concurrency) is not None:
            is_crowded = len(self.connections) >= most or len(self.tasks) >= most
            # uvicorn would refuse it in its own words.
            self.limit_concurrency = None
            self._served = self._served or self.app
            self.app = cast("ASGI3Application", crowded) if is_crowded else self._served
        super().handle_events()

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # as in uvicorn
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._judge()

    def data_received(self, data: bytes) -> None:
        """Stop waiting if that completes the head of a request."""
        super().data_received(data)
        self._judge()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over to the protocol of streams, which has a patience of its own."""
        self.is_upgraded = True
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._judge()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, with the headers of every other reply; in the middle of an answer just hang up."""
        if self.conn.our_state is not h11.IDLE:
            self.drop()
            return
        body = f"400: {msg}\n".encode()
        headers = [
            *SECURITY_HEADERS,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self._stop_reading()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to watch how an answer is read that is longer than what lies ready."""
        super().pause_writing()
        if self._paused_since_s is None:
            self._paused_since_s = self.loop.time()
        self._watch_reading()
        self._bound_unread()

    def resume_writing(self) -> None:
        """Stop watching: enough was read."""
        self._stop_reading()
        self._paused_since_s = None
        super().resume_writing()

    def _judge(self) -> None:
        if self.transport.get_protocol() is not self:
            # A stream now, which has its own ways of noticing that nobody is there.
            self._stop_waiting()
            return
        cycle = self.cycle  # None before the first request, whatever uvicorn's annotation says
        is_busy = cycle is not None and not cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]
        if is_busy or self.is_upgraded or self.transport.is_closing():
            self._stop_waiting()
        elif self.waiting_since_s is None:
            self.waiting_since_s = self.loop.time()
            self._timer = self.loop.call_later(REQUEST_TIMEOUT_S, self._time_out)
            self._make_room()

    def _make_room(self) -> None:
        waiting = [
            (one.waiting_since_s, one)
            for one in self.connections
            if isinstance(one, PatientProtocol) and one.waiting_since_s is not None
        ]
        if len(waiting) > WAITING_MAX:
            min(waiting, key=lambda pair: pair[0])[1].drop()

    def _stop_waiting(self) -> None:
        self.waiting_since_s = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        """Drop a connection whose request did not come, unless it is still reading the last answer."""
        if self.transport.get_write_buffer_size() == 0:
            self.drop()
            return
        self._timer = self.loop.call_later(REQUEST_TIMEOUT_S, self._time_out)
        if self._reading is None:
            self._watch_reading()

    def _watch_reading(self) -> None:
        self._stop_reading()
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._reading = self.loop.call_later(READING_TIMEOUT_S, self._look_at_reading)

    def _look_at_reading(self) -> None:
        unread_bytes = self.transport.get_write_buffer_size()
        if unread_bytes and self._unread_bytes - unread_bytes < READ_MIN_BYTES:
            self.drop()
        elif unread_bytes:
            self._watch_reading()
        else:
            self._stop_reading()

    def _bound_unread(self) -> None:
        """Drop others that read an answer, the slowest first, while too much lies ready for all."""
        slow = [
            (one._paused_since_s, one.transport.get_write_buffer_size(), one)  # noqa: SLF001  # another one of ourselves
            for one in self.connections
            if isinstance(one, PatientProtocol) and one._paused_since_s is not None  # noqa: SLF001  # the same
        ]
        unread_bytes = sum(size for _, size, _ in slow)
        for _, size, one in sorted(slow, key=lambda found: found[0]):
            if unread_bytes <= UNREAD_BYTES_MAX or one is self:
                return
            unread_bytes -= size
            one.drop()

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def drop(self) -> None:
        """Close the connection unanswered."""
        self._stop_waiting()
        self._stop_reading()
        # At once, not when the loop comes to it: until then it would count against those who ask.
        self.connections.discard(self)
        self.transport.abort()

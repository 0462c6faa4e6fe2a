"""How long and for how many callers the server waits for a request: nobody's silence locks out the others."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

WAITING_MAX = 128
"""Connections that may owe us a request at once. A further one takes the place of the one that waits longest: whoever
means it sends a request within milliseconds of connecting."""

REQUEST_TIMEOUT_S = 5.0
"""From connecting, or from the last answer, to the end of the next request's head; bytes on the way extend nothing."""


class PatientProtocol(H11Protocol):
    """One connection of uvicorn's that is dropped when its request does not come.

    Connections that never send, that dribble the head of a request byte by byte, that idle between requests, or that
    dribble a body which nobody reads are all the same here: they owe a request. Not covered are a caller who shows the
    token and then reads a long answer slowly, and thousands of new connections a second, against which only a firewall
    helps.
    """

    waiting_since_s: float | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # as in uvicorn
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._judge()

    def data_received(self, data: bytes) -> None:
        """Stop waiting if that completes the head of a request."""
        super().data_received(data)
        self._judge()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._judge()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _judge(self) -> None:
        cycle = self.cycle  # None before the first request, whatever uvicorn's annotation says
        is_busy = cycle is not None and not cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]
        if is_busy or self.transport.is_closing():
            self._stop_waiting()
        elif self.waiting_since_s is None:
            self.waiting_since_s = self.loop.time()
            self._timer = self.loop.call_later(REQUEST_TIMEOUT_S, self.drop)
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

    def drop(self) -> None:
        """Close the connection unanswered."""
        self._stop_waiting()
        # At once, not when the loop comes to it: until then it would count against those who ask.
        self.connections.discard(self)
        self.transport.abort()

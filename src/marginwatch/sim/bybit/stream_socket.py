"""One client's socket: sending in order with the faults of the day, and the ways a socket ends."""

import asyncio
import collections
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from marginwatch.clock import Clock
from marginwatch.sim.bybit.frames import (
    Push,
    huge_frame,
    malformed_frame,
    mistyped_frame,
    pieces,
    push,
    truncated_frame,
)
from marginwatch.sim.bybit.timers import Cancellable, call_later
from marginwatch.sim.faults import FrameFate, SocketFaults

ANSWER_DELAY_S = 0.003
"""pybit stores a request only after it has sent it, so an answer must not be there first: real seconds, always."""

IDLE_S = 600.0
"""A socket without any traffic for this long is cut (document: v5/ws/connect)."""

QUIET_PUBLIC_S = 60.0
"""A public socket without a topic and without a ping is cut after about this long (seen live)."""

WAITING_FRAMES = 20_000
WAITING_BYTES = 16 * 1024 * 1024
"""A client that reads slower than this is cut, so that it cannot fill the memory of the exchange."""


class StreamSocket:
    """A prepared WebSocket with its outgoing queue.

    Parameters
    ----------
    response : aiohttp.web.WebSocketResponse
        Prepared, without compression.
    transport : asyncio.Transport
        Below it.
    faults : SocketFaults
        This socket's dice.
    clock : Clock
        For idle times, delays and ends.
    number : int
        Of this socket at its server; makes the connection's name.
    longest_idle_s : float
        Cut after this long without traffic.
    """

    def __init__(
        self,
        response: web.WebSocketResponse,
        transport: asyncio.Transport,
        faults: SocketFaults,
        clock: Clock,
        number: int,
        longest_idle_s: float = IDLE_S,
    ) -> None:
        self.response = response
        self._transport = transport
        self._faults = faults
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._waiting: collections.deque[tuple[float, bytes]] = collections.deque()
        self._timer: Cancellable | None = None
        self._end_timer: Cancellable | None = None
        self._closing: asyncio.Task[Any] | None = None
        self.connection_id = f"sim{number:08x}"
        self.longest_idle_s = longest_idle_s
        self.heard_s = clock.monotonic_s()
        self.is_mute = False
        """True for a half-open socket: it neither hears nor speaks, and stays open."""
        self.arm_end()

    async def receive(self) -> str | None:
        """Return the next text of the client, answering protocol pings; None once the socket has ended."""
        while True:
            message: WSMessage = await self.response.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                return None
            if reading_s := self._faults.reading_s():
                await self._clock.sleep(reading_s)
            await asyncio.sleep(ANSWER_DELAY_S)
            if self.is_mute:
                continue
            self.heard_s = self._clock.monotonic_s()
            if message.type is WSMsgType.PING:
                await self.response.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                return message.data
            elif message.type is WSMsgType.BINARY:
                return message.data.decode("utf-8", "replace")

    def answer(self, message: object) -> None:
        """Send an answer to a request: never lost, behind what already waits."""
        frame, delay_s = push(message).frame, self._faults.delay_s()
        if delay_s:
            self._queue(frame, delay_s)
        else:
            self._send_next(frame)

    def push(self, message: Push) -> None:
        """Send a message nobody asked for, if the faults let it through."""
        fate = self._faults.frame_fate()
        if fate.copies == 1 and not fate.delay_s and not fate.is_overtaken and fate.damage is None:
            self._send_next(message.frame)
        else:
            self._push_with(fate, message)

    def cut(self) -> None:
        """End the connection without a close frame: the client sees 1006."""
        self._transport.abort()

    def close(self) -> None:
        """Close properly, with a close frame."""
        if self._closing is None:
            self._closing = self._loop.create_task(self.response.close())

    def go_mute(self) -> None:
        """Become half-open."""
        self.is_mute = True
        self._waiting.clear()

    def release(self) -> None:
        """Forget all timers; call it when the socket has ended."""
        for timer in (self._timer, self._end_timer):
            if timer is not None:
                timer.cancel()
        self._waiting.clear()

    def is_idle(self, now_s: float) -> bool:
        """Return whether nothing has passed for too long."""
        return now_s - self.heard_s >= self.longest_idle_s

    def _push_with(self, fate: FrameFate, message: Push) -> None:
        if fate.damage == "truncate":
            self._write(truncated_frame(message))
            self.cut()
            return
        frame = self._damaged(fate, message)
        for _ in range(fate.copies):
            if fate.damage == "trickle":
                self._trickle(frame, fate.delay_s)
            elif fate.is_overtaken:
                late_s = fate.delay_s + self._faults.overtaken_by_s()
                call_later(self._clock, late_s, self._overtaken, frame)
            elif fate.delay_s:
                self._queue(frame, fate.delay_s)
            else:
                self._send_next(frame)

    def _damaged(self, fate: FrameFate, message: Push) -> bytes:
        match fate.damage:
            case "malformed":
                return malformed_frame(message)
            case "wrong_types":
                return mistyped_frame(message, self._faults.dice)
            case "huge":
                return huge_frame(message)
            case _:
                return message.frame

    def _trickle(self, frame: bytes, delay_s: float) -> None:
        for piece in pieces(frame):
            self._queue(piece, delay_s)
            delay_s += self._faults.pause_s()

    def _overtaken(self, frame: bytes) -> None:
        # Never between two pieces of another frame: that would be nonsense, not an overtaken message.
        self._send_next(frame)

    def _send_next(self, frame: bytes) -> None:
        if self._waiting:
            self._queue(frame, 0.0)
        else:
            self._write(frame)

    def _queue(self, frame: bytes, delay_s: float) -> None:
        """Put a frame behind the waiting ones; it leaves no earlier than they do."""
        if len(self._waiting) >= WAITING_FRAMES:
            self.cut()
            return
        now_s = self._clock.monotonic_s()
        due = now_s + delay_s
        if self._waiting:
            due = max(due, self._waiting[-1][0])
        self._waiting.append((due, frame))
        if self._timer is None:
            self._timer = call_later(self._clock, due - now_s, self._flush)

    def _flush(self) -> None:
        self._timer = None
        now = self._clock.monotonic_s()
        while self._waiting and self._waiting[0][0] <= now + 1e-6:
            self._write(self._waiting.popleft()[1])
        if self._waiting:
            self._timer = call_later(self._clock, max(0.0, self._waiting[0][0] - now), self._flush)

    def _write(self, frame: bytes) -> None:
        if self.is_mute or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > WAITING_BYTES:
            self.cut()
            return
        self.heard_s = self._clock.monotonic_s()
        self._transport.write(frame)

    def arm_end(self) -> None:
        """Throw anew when and how this socket ends, by the plan of now."""
        if self._end_timer is not None:
            self._end_timer.cancel()
            self._end_timer = None
        end = self._faults.end()
        if end is not None:
            after_s, how = end
            how_to_end = {"disconnect": self.cut, "close": self.close, "half_open": self.go_mute}[how]
            self._end_timer = call_later(self._clock, after_s, self._end, how_to_end)

    def _end(self, how_to_end: Any) -> None:
        if self._faults.is_active:
            how_to_end()
        else:
            self.arm_end()

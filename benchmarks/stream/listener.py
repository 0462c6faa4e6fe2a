"""One listener of the stream: counts what it gets, and may stop reading. It looks into no message but its header."""

import asyncio
import json
import time
from collections import Counter
from itertools import pairwise
from typing import Any

import picows

MESSAGE_BYTES_MAX = 64 * 1024 * 1024


class Listener(picows.WSListener):  # type: ignore[misc]  # compiled, without types
    """One listener.

    Parameters
    ----------
    topics : sequence of str
        What it subscribes to.

    Attributes
    ----------
    n_messages, n_bytes : Counter
        By topic; beats and errors by these names.
    n_whole : int
        Tables that came whole, the first ones among them.
    at_s : list of float
        When tables came, monotonic seconds.
    """

    def __init__(self, topics: tuple[str, ...]) -> None:
        self._topics = topics
        self._transport: Any = None
        self.n_messages: Counter[str] = Counter()
        self.n_bytes: Counter[str] = Counter()
        self.n_whole = 0
        self.at_s: list[float] = []
        self.is_open = False

    def on_ws_connected(self, transport: Any) -> None:
        """Subscribe."""
        self._transport, self.is_open = transport, True
        transport.send(picows.WSMsgType.TEXT, json.dumps({"subscribe": self._topics}).encode())

    def on_ws_disconnected(self, transport: Any) -> None:
        """Remember that it is over."""
        del transport
        self.is_open = False

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        """Count a message."""
        if frame.msg_type == picows.WSMsgType.BINARY:
            payload = frame.get_payload_as_memoryview()
            length = int.from_bytes(payload[:4], "little")
            # Topic, sequence and base come first.
            start = bytes(payload[4 : 4 + min(length, 200)]).decode(errors="replace")
            name = start.split('"', 4)[3]
            self.at_s.append(time.monotonic())
            self.n_whole += '"base":null' in start
        elif frame.msg_type == picows.WSMsgType.TEXT:
            start = frame.get_payload_as_memoryview()[:100].tobytes().decode(errors="replace")
            name = start.split('"', 4)[3] if start.startswith('{"topic') else start.split('"', 2)[1]
        elif frame.msg_type == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return
        else:
            transport.disconnect()
            return
        self.n_messages[name] += 1
        self.n_bytes[name] += frame.payload_size

    def stop_reading(self) -> None:
        """Never read again."""
        self._transport.underlying_transport.pause_reading()

    def close(self) -> None:
        """Go without a word."""
        if self.is_open:
            self._transport.disconnect(False)

    def intervals_ms(self, since_s: float, until_s: float) -> list[float]:
        """Return the milliseconds between tables within a window."""
        mine = [at for at in self.at_s if since_s <= at <= until_s]
        return [(after - before) * 1e3 for before, after in pairwise(mine)]


async def listen(url: str, token: str, *topics: str) -> Listener:
    """Return a listener that has subscribed."""
    address = url.replace("http", "ws", 1) + "/api/v1/stream"
    _, made = await picows.ws_connect(
        lambda: Listener(topics),
        address,
        extra_headers={"Authorization": f"Bearer {token}"},
        max_frame_size=MESSAGE_BYTES_MAX,
        enable_auto_pong=False,
    )
    return made


async def stop_again_and_again(url: str, token: str, *topics: str, every_s: float = 75.0) -> None:
    """Listen, stop reading, and begin again when the service must have given up, until cancelled."""
    while True:
        listener = await listen(url, token, *topics)
        try:
            await asyncio.sleep(0.5)
            listener.stop_reading()
            await asyncio.sleep(every_s)
        finally:
            listener.close()

"""Everybody who listens to the simulator in a run, in one process: a socket an account, counting what comes.

``python -m benchmarks.sim.listeners`` reads address and keys as one JSON line, and says at the end of its standard input
how many messages it heard.
"""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from functools import partial

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.machine import pin_to_core

CONNECTS_AT_ONCE = 50
TOPICS = ("position", "wallet", "execution", "order")


class Listener(WSListener):
    """Logs in, subscribes, counts."""

    heard = 0

    def __init__(self, key: str, secret: str) -> None:
        super().__init__()
        self._key = key
        self._secret = secret

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Log in and subscribe; the simulator answers in order."""
        expires = time.time_ns() // 1_000_000 + 30_000
        sign = hmac.new(self._secret.encode(), f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()
        for request in (
            {"op": "auth", "args": [self._key, expires, sign]},
            {"op": "subscribe", "args": TOPICS},
        ):
            transport.send(WSMsgType.TEXT, json.dumps(request).encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count one frame."""
        del transport, frame
        Listener.heard += 1


async def listen(private: str, keys: list[tuple[str, str]]) -> None:
    """Hold the sockets until standard input ends."""
    transports: list[WSTransport] = []
    for first in range(0, len(keys), CONNECTS_AT_ONCE):
        some = keys[first : first + CONNECTS_AT_ONCE]
        made = await asyncio.gather(*(ws_connect(partial(Listener, *pair), private) for pair in some))
        transports.extend(transport for transport, _ in made)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for transport in transports:
        transport.disconnect()
    sys.stdout.write(json.dumps({"heard": Listener.heard}) + "\n")


if __name__ == "__main__":
    pin_to_core(1)
    wanted = json.loads(sys.stdin.readline())
    uvloop.run(listen(wanted["private"], wanted["keys"]))

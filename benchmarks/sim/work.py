"""How much the simulator does for one message, counted in calls of functions and not in seconds.

The same seed on a manual clock makes the same calls, on a fast machine and on a busy one: so a test can hold a bound on
this number, and a benchmark says what such a call costs.
"""

import asyncio
import gc
import sys
from types import FrameType
from typing import NamedTuple, cast

from aiohttp import web

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.private_stream import PrivateConnection
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.bybit.stream_socket import StreamSocket
from marginwatch.sim.exchange import Exchange

START_NS = 1_790_000_000_000_000_000
TOPICS = ("position", "wallet", "execution", "order")
STEP_S = 0.02
"""The beat of the running exchange."""


class Work(NamedTuple):
    """What was counted: calls of functions, Python's and others, and messages written to sockets."""

    calls: int
    messages: int

    @property
    def calls_per_message(self) -> float:
        """Return the mean."""
        return self.calls / self.messages


class Wire(asyncio.Transport):
    """Takes frames and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Count one frame."""
        del data
        self.written += 1

    def is_closing(self) -> bool:
        """Return False: it stays."""
        return False

    def get_write_buffer_size(self) -> int:
        """Return 0: it takes everything at once."""
        return 0


def listeners(server: BybitSimServer, clock: ManualClock) -> list[Wire]:
    """Subscribe a socket without a network for every account to all private topics."""
    wires: list[Wire] = []
    for number, account in enumerate(server.exchange.accounts()):
        wire, response = Wire(), cast("web.WebSocketResponse", None)  # never read from
        socket = StreamSocket(response, wire, server.faults.for_socket(), clock, number)
        connection: PrivateConnection = server.private.open(socket, "127.0.0.1")
        server.private.bind(connection, account.uid)
        connection.topics.update(dict.fromkeys(TOPICS))
        wires.append(wire)
    return wires


async def count_work(n_accounts: int, seconds: float) -> Work:
    """Return the work of an exchange with so many accounts and listeners in so many of its own seconds.

    Parameters
    ----------
    n_accounts : int
        Accounts, each with a socket on all private topics and one action a second.
    seconds : float
        Exchange time; prices move twice a second.
    """
    clock = ManualClock(START_NS)
    exchange = Exchange(7, clock, n_accounts=n_accounts)
    server = BybitSimServer(exchange, clock=clock)
    exchange.subscribe(server.private.tell)
    wires, calls = listeners(server, clock), 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        del frame, argument
        if event in ("call", "c_call"):
            calls += 1

    # A collection may call whatever the process has done before; it is not this work.
    gc.collect()
    gc.disable()
    sys.setprofile(count)
    try:
        for _ in range(round(seconds / STEP_S)):
            exchange.step(STEP_S)
    finally:
        sys.setprofile(None)
        gc.enable()
    return Work(calls, sum(wire.written for wire in wires))

"""The product: its sockets, its parser, its book and its engine, over a desk whose positions are already known."""

import asyncio
import random
import time

from benchmarks.wire import desk
from benchmarks.wire.client_floor import CONNECTS_AT_ONCE, login_requests
from benchmarks.wire.meter import Meter, settle
from benchmarks.wire.plan import Plan
from marginwatch.book.position_book import PositionBook
from marginwatch.clock import SystemClock
from marginwatch.collect.socket import Socket, connect_picows
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import EventSink, PositionsUpdate
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame

MARKS_EVERY_S = 1.0


class AccountSocket:
    """What one account's socket does with a message: parse it and hand its events to the sink."""

    def __init__(self, spec: AccountSpec, catalog: InstrumentCatalog, sink: EventSink, meter: Meter) -> None:
        self._account_id = spec.account_id
        self._catalog = catalog
        self._sink = sink
        self._meter = meter

    def on_message(self, payload: bytes) -> None:
        """Parse one frame and apply what it says."""
        events = parse_private_frame(payload, self._account_id, self._catalog, time.time_ns())
        if isinstance(events, tuple):
            for event in events:
                self._sink(event)
                if isinstance(event, PositionsUpdate):
                    self._meter.message()

    def on_alive(self) -> None:
        """Nothing to do."""

    def on_closed(self, reason: str) -> None:
        """Nothing to do."""


async def connect_all(private: str, owners: list[AccountSocket]) -> list[Socket]:
    """Open a socket for each account, some at once, and log in."""
    sockets: list[Socket] = []
    for first in range(0, len(owners), CONNECTS_AT_ONCE):
        some = owners[first : first + CONNECTS_AT_ONCE]
        sockets += await asyncio.gather(*(connect_picows(private, owner, 10.0) for owner in some))
        for number, socket in enumerate(sockets[first:], first):
            for request in login_requests(number):
                socket.send(request)
    return sockets


async def tick_marks(sink: EventSink, catalog: InstrumentCatalog) -> None:
    """Give every contract a new price once a second, for ever; this too is counted as the product's cost."""
    randomness = random.Random(1)
    while True:
        sink(desk.marks(catalog, randomness))
        await asyncio.sleep(MARKS_EVERY_S)


async def run(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Open the desk, receive the whole stream, close."""
    clock = SystemClock()
    book = PositionBook(clock)
    catalog = InstrumentCatalog(desk.VENUE)
    sink: EventSink = book.apply
    specs = desk.specs_for(plan, private, rest)
    for number, spec in enumerate(specs):
        book.register(spec)
        sink(desk.snapshot_of(spec.account_id, number, plan, catalog))
        sink(desk.streaming(spec.account_id))
    sockets = await connect_all(private, [AccountSocket(spec, catalog, sink, meter) for spec in specs])
    settle()
    ticking = asyncio.create_task(tick_marks(sink, catalog))
    await meter.finished()
    ticking.cancel()
    positions = book.columns.positions.in_use
    for socket in sockets:
        socket.close()
    return {"positions": positions, "accounts": len(specs)}

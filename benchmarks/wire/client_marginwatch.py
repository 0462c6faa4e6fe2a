"""The product as it runs: its fleet of sessions, sockets, parser, book and engine, over a desk of known positions."""

import asyncio
import logging
import sys

import structlog

from benchmarks.wire import desk
from benchmarks.wire.meter import Meter, settle
from benchmarks.wire.plan import Plan
from marginwatch.book.position_book import PositionBook
from marginwatch.clock import SystemClock
from marginwatch.collect.fleet import Fleet
from marginwatch.collect.settings import CollectSettings
from marginwatch.model.events import Event, PositionsUpdate

START_LIMIT_S = 45.0


class Counted:
    """The sink of the sessions: the engine's, and a count of the position messages that reached it."""

    def __init__(self, book: PositionBook, meter: Meter) -> None:
        self._apply = book.apply
        self._message = meter.message

    def sink(self, event: Event) -> None:
        """Hand the event on, then count it."""
        self._apply(event)
        if type(event) is PositionsUpdate:
            self._message()


async def run(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Start the fleet, receive the whole stream, stop."""
    # Standard output carries the result; the product logs changes of state only, never a message.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    clock = SystemClock()
    book = PositionBook(clock)
    specs = desk.specs_for(plan, private, rest)
    for spec in specs:
        book.register(spec)
    fleet = Fleet(
        lambda spec: desk.port_for(plan, spec.endpoints),
        Counted(book, meter).sink,
        clock,
        CollectSettings(share_of_limit=1.0),
        needs_second_look=book.needs_second_look,
    )
    await fleet.start(specs)
    async with asyncio.timeout(START_LIMIT_S):
        while fleet.progress().n_streaming < len(specs):  # noqa: ASYNC110  # the fleet tells its progress, no event
            await asyncio.sleep(0.2)
    settle()
    await meter.finished()
    facts = {
        "accounts": len(specs),
        "positions": book.columns.positions.in_use,
        "streaming": fleet.progress().n_streaming,
    }
    await fleet.stop()
    return facts

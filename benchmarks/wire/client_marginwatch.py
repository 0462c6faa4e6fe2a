"""The product as it runs: its fleet of sessions, sockets, parser, book and engine, over a desk of known positions.

One rule is registered, which only counts: without any, the engine would leave the fast lane out. So what rules cost is
not in the figure of ``run``, but the lane results and frames that they read are; ``run_with_rules`` has them too.
"""

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
from marginwatch.engine.engine import Engine, RuleHook
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import Event, EventSink, PositionsUpdate
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.risk.margin.lacking import Lack
from marginwatch.risk.tables import not_included
from marginwatch.rules.facts import Facts
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import default_rules
from marginwatch.rules.rulebook import RuleBook
from marginwatch.rules.sources import FrameSource
from marginwatch.rules.subjects.book import SubjectBook

START_LIMIT_S = 45.0


def counting(sink: EventSink, meter: Meter) -> EventSink:
    """Return a sink that hands an event on and then counts it if it is a position message."""
    message = meter.message

    def take(event: Event) -> None:
        sink(event)
        if type(event) is PositionsUpdate:
            message()

    return take


async def watch(
    plan: Plan, meter: Meter, specs: list[AccountSpec], book: PositionBook, sink: EventSink
) -> dict[str, object]:
    """Start the fleet, receive the whole stream, stop; return what the book held at the end."""
    fleet = Fleet(
        lambda spec: desk.port_for(plan, spec.endpoints),
        counting(sink, meter),
        SystemClock(),
        CollectSettings(share_of_limit=1.0),
        needs_second_look=book.needs_second_look,
    )
    await fleet.start(specs)
    async with asyncio.timeout(START_LIMIT_S):
        while fleet.progress().n_streaming < len(specs):  # noqa: ASYNC110  # the fleet tells its progress, no event
            await asyncio.sleep(0.2)
    settle()
    await meter.finished()
    facts: dict[str, object] = {
        "accounts": len(specs),
        "streaming": fleet.progress().n_streaming,
        "positions": book.columns.positions.in_use,
    }
    await fleet.stop()
    return facts


def open_desk(plan: Plan, private: str, rest: str) -> tuple[list[AccountSpec], PositionBook]:
    """Return the accounts and a book that knows them and what margins follow from; log to standard error.

    Standard output carries the result.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    specs, book = desk.specs_for(plan, private, rest), PositionBook(SystemClock())
    for spec in specs:
        book.register(spec)
    desk.tell_facts(book, desk.DeskVenue(plan).catalog, specs)
    return specs, book


async def run_to_book(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Stop at the book: no lanes, no frames."""
    specs, book = open_desk(plan, private, rest)

    def sink(event: Event) -> None:
        book.apply(event)

    return await watch(plan, meter, specs, book, sink)


async def run(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Go all the way: book, fast lane, full frames."""
    return await run_with(plan, meter, private, rest, [])


async def run_with_rules(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Go all the way, and let all built-in rules judge each lane and frame."""
    rulebook, facts, subjects = RuleBook(default_rules(), MEASURES), Facts(), SubjectBook()

    def judge(result: Frame | LaneResult) -> None:
        rulebook.evaluate(FrameSource(result, facts, subjects))

    return await run_with(plan, meter, private, rest, [judge])


async def run_with(
    plan: Plan, meter: Meter, private: str, rest: str, rules: list[RuleHook]
) -> dict[str, object]:
    """Go all the way with some rules, and one that counts."""
    specs, book = open_desk(plan, private, rest)
    heard: list[int] = [0]

    def rule(result: Frame | LaneResult) -> None:
        heard[0] += isinstance(result, LaneResult)

    engine = Engine(book, SystemClock(), rules=[rule, *rules])
    task = asyncio.create_task(engine.run())
    facts = await watch(plan, meter, specs, book, engine.sink)
    task.cancel()
    frame = engine.run_frame()
    lacking = int((frame.accounts.lack != Lack.NOTHING).sum())
    if lacking:
        raise RuntimeError(
            f"{lacking} accounts without margins of ours: the cost of the usual case was not measured"
        )
    return facts | {
        "lanes": heard[0],
        "frames": engine.n_frames,
        "frame_ms": frame.build_ms,
        "not_included": len(not_included(frame)),
    }

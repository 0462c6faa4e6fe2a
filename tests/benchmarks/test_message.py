"""The loop of one message: every part runs, and the desk it runs over lacks nothing that margins follow from."""

from benchmarks.message import fill, measure
from benchmarks.wire import desk
from benchmarks.wire.plan import Plan

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import SystemClock
from marginwatch.engine.engine import Engine
from marginwatch.risk.margin.lacking import Lack
from marginwatch.risk.measures.freshness import Inclusion


def test_every_part_of_a_message_is_measured() -> None:
    parts = measure(20, 200)
    assert set(parts) == {"parse", "book", "lane", "frame"}
    assert all(cost > 0.0 for cost in parts.values())


def test_the_desk_lacks_nothing() -> None:
    clock = SystemClock()
    plan = Plan(sockets=3, rate=1, warm=0, measured=1, epoch_ms=clock.now_ns() // 1_000_000)
    book = PositionBook(clock)
    fill(book, desk.DeskVenue(plan), desk.specs_for(plan, "", ""), plan)
    frame = Engine(book, clock).run_frame()
    assert frame.inclusion.tolist() == [Inclusion.NONE, *[Inclusion.INCLUDED] * 3]
    assert frame.accounts.lack.tolist() == [Lack.NOTHING] * 4
    assert (frame.accounts.maintenance_margin_usd[1:] > 0.0).all()
    assert (abs(frame.accounts.equity_usd[1:] - 250_000.0) < 25_000.0).all()

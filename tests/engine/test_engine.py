"""The loop on a manual clock: what runs when, and what a failure may and may not stop."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.engine.engine import Engine
from marginwatch.engine.settings import EngineSettings
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.balance import AccountState
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import ConnectivityUpdate, PositionsUpdate
from marginwatch.model.instrument import Instrument, InstrumentKind
from marginwatch.model.position import Position
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.risk.measures.freshness import Inclusion

BTC = Instrument(
    instrument_id="bybit:inverse:BTCUSD",
    venue="bybit",
    category="inverse",
    venue_symbol="BTCUSD",
    instrument_kind=InstrumentKind.PERPETUAL,
    is_inverse=True,
    base_asset="BTC",
    quote_asset="USD",
    settle_asset="BTC",
    underlying_asset="BTC",
)


def push(clock, quantity, sequence, account_id="a"):
    row = Position(
        instrument=BTC,
        position_side="net",
        quantity=quantity,
        entry_price="1",
        sequence=sequence,
        ts_venue_ns=1,
    )
    return PositionsUpdate(account_id, (row,), clock.now_ns(), clock.now_ns())


@pytest.fixture
async def bench():
    """A running engine with two streaming accounts, and lists of what it told."""
    clock = ManualClock()
    book = PositionBook(clock)
    told = SimpleNamespace(frames=[], ruled=[], breaks=[], unreadable=[], notices=[])
    engine = Engine(
        book,
        clock,
        on_frame=told.frames.append,
        rules=[told.ruled.append],
        on_breaks=told.breaks.extend,
        on_notices=told.notices.extend,
        on_unreadable=lambda event, error: told.unreadable.append(str(error)),
    )
    for account_id in ("a", "b"):
        book.register(
            AccountSpec(
                account_id=account_id,
                exchange="bybit",
                venue="bybit",
                endpoints=Endpoints(rest="", private="", public={}),
                api_key=Secret("k"),
                api_secret=Secret("s"),
            )
        )
        engine.sink(
            AccountSnapshot(
                account_id=account_id,
                positions=(),
                balances=(),
                account=AccountState(margin_mode="cross"),
                as_of_ns=clock.now_ns() - 10,
                ts_received_ns=clock.now_ns(),
            )
        )
        link = Connectivity(
            account_id=account_id, link_state=LinkState.STREAMING, socket_replied_at_ns=clock.now_ns()
        )
        engine.sink(ConnectivityUpdate(link))
    running = asyncio.create_task(engine.run())
    await clock.advance(0.1)
    told.frames.clear()
    told.ruled.clear()
    yield SimpleNamespace(clock=clock, book=book, engine=engine, told=told, task=running)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError, ExceptionGroup):
        await running


def lanes(told):
    return [result for result in told.ruled if isinstance(result, LaneResult)]


async def test_touched_accounts_are_measured_within_five_milliseconds_as_one_batch(bench):
    bench.engine.sink(push(bench.clock, "100", 1))
    bench.engine.sink(push(bench.clock, "200", 2))
    bench.engine.sink(push(bench.clock, "-50", 1, "b"))
    await bench.clock.advance(0.005)
    (lane,) = lanes(bench.told)
    assert [entry.spec.account_id for entry in lane.entries] == ["a", "b"]
    assert lane.accounts.net_usd.tolist() == [200.0, -50.0]
    assert lane.accounts.n_without_pnl.tolist() == [1.0, 1.0]
    await bench.clock.advance(0.05)
    assert len(lanes(bench.told)) == 1


async def test_what_a_frame_has_measured_needs_no_lane(bench):
    bench.engine.sink(push(bench.clock, "100", 1))
    frame = bench.engine.run_frame()
    assert bench.told.ruled == [frame]
    await bench.clock.advance(0.005)
    assert lanes(bench.told) == []
    bench.engine.sink(push(bench.clock, "-50", 1, "b"))
    await bench.clock.advance(0.005)
    (lane,) = lanes(bench.told)
    assert [entry.spec.account_id for entry in lane.entries] == ["b"]


async def test_lane_runs_only_for_rules_that_may_come_and_go(bench):
    rule = bench.engine.rules.pop()
    before = bench.engine.n_lanes
    bench.engine.sink(push(bench.clock, "100", 1))
    await bench.clock.advance(0.05)
    assert bench.engine.n_lanes == before
    bench.engine.rules.append(rule)
    bench.engine.sink(push(bench.clock, "200", 2))
    await bench.clock.advance(0.005)
    (lane,) = lanes(bench.told)
    assert lane.accounts.net_usd.tolist() == [200.0]


async def test_frames_come_at_most_every_100_ms_while_events_come(bench):
    for number in range(100):
        bench.engine.sink(push(bench.clock, "100", number))
        await bench.clock.advance(0.01)
    assert 9 <= len(bench.told.frames) <= 11
    sequences = [frame.sequence for frame in bench.told.frames]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert bench.engine.frame is bench.told.frames[-1]
    assert all(0.0 <= frame.wire_to_frame_ms <= 101.0 for frame in bench.told.frames)


async def test_frozen_feed_goes_stale_on_the_clock_alone(bench):
    await bench.clock.advance(10.0)
    assert 9 <= len(bench.told.frames) <= 11
    row = bench.book.entry("a").row
    assert bench.engine.frame.inclusion[row] == Inclusion.INCLUDED
    await bench.clock.advance(25.0)
    assert bench.engine.frame.inclusion[row] == Inclusion.STALE
    assert bench.engine.frame.wire_to_frame_ms is None


async def test_rules_see_a_frame_before_it_is_published(bench):
    seen = []
    bench.engine.rules.append(lambda result: seen.append(("rule", type(result))))
    bench.engine.on_frame.append(lambda frame: seen.append(("published", type(frame))))
    bench.engine.run_frame()
    assert seen == [("rule", Frame), ("published", Frame)]


async def test_unreadable_event_is_told_and_stops_nothing(bench):
    bench.engine.sink(push(bench.clock, "12,5", 1))
    bench.engine.sink(push(bench.clock, "100", 1, "b"))
    assert len(bench.told.unreadable) == 1
    assert "bybit/a" in bench.told.unreadable[0]
    await bench.clock.advance(0.2)
    assert not bench.task.done()
    assert bench.engine.frame.book.quantity.sum() == 100.0


async def test_breaks_and_notices_are_handed_on(bench):
    clock = bench.clock
    bench.engine.sink(push(clock, "100", 1))
    await clock.advance(30)
    row = Position(
        instrument=BTC, position_side="net", quantity="7", entry_price="1", sequence=2, ts_venue_ns=2
    )
    bench.engine.sink(
        AccountSnapshot(
            account_id="a",
            positions=(row,),
            balances=(),
            account=AccountState(margin_mode="portfolio"),
            as_of_ns=clock.now_ns(),
            ts_received_ns=clock.now_ns(),
        )
    )
    await clock.advance(0.2)
    assert [(b.field, b.ours, b.theirs) for b in bench.told.breaks] == [("quantity", "100", "7")]
    assert [n.kind for n in bench.told.notices] == ["margin_mode_changed"]


def test_frozen_positions_follow_every_change_through_both_buffers():
    clock = ManualClock()
    book = PositionBook(clock)
    engine = Engine(book, clock)
    for account_id in ("a", "b"):
        book.register(
            AccountSpec(
                account_id=account_id,
                exchange="bybit",
                venue="bybit",
                endpoints=Endpoints(rest="", private="", public={}),
                api_key=Secret("k"),
                api_secret=Secret("s"),
            )
        )
    for number in range(50):
        engine.sink(push(clock, str(number % 4), number, "ab"[number % 2]))
        if number % 3:
            frame = engine.run_frame()
            table = book.columns.positions
            assert frame.book.positions[: len(table.positions)] == table.positions


@pytest.mark.parametrize(
    "wrong", [{"lane_after_s": 0}, {"frame_every_s": 0}, {"frame_every_s": 2, "frame_at_least_every_s": 1}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must be positive"):
        EngineSettings(**wrong)

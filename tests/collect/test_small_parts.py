"""The parts of a session that decide without waiting."""

import random

import pytest

from marginwatch.clock import ManualClock
from marginwatch.collect.backoff import backoff_s
from marginwatch.collect.event_buffer import EventBuffer
from marginwatch.collect.freshness import Health
from marginwatch.collect.recent_fills import GENERATION_MAX, GENERATION_S, RecentFills
from marginwatch.collect.settings import CollectSettings
from marginwatch.collect.supervisor import guarded, supervise
from marginwatch.collect.sweeps import SweepTimes, is_fatal
from marginwatch.collect.uid_registry import UidRegistry
from marginwatch.errors import AuthError, ConfigError, ConnectivityError, RateLimitedError, RejectedError
from marginwatch.model.activity import Fill
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import AccountRemoved
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.venues.bybit.catalog import InstrumentCatalog

BTC = InstrumentCatalog(VenueId("bybit")).resolve("linear", "BTCUSDT")


def fill(fill_id: str | None, at_ns: int = 0) -> Fill:
    return Fill(
        fill_id=fill_id,
        instrument=BTC,
        side="buy",
        quantity="1",
        price="1",
        fee=None,
        kind="trade",
        ts_venue_ns=at_ns,
    )


def test_waits_grow_are_bounded_and_differ() -> None:
    chance = random.Random(1)
    first = [backoff_s(1, 1.0, 60.0, chance) for _ in range(200)]
    late = [backoff_s(1000, 1.0, 60.0, chance) for _ in range(200)]
    assert min(first) >= 0.1
    assert max(first) <= 1.0
    assert 50 < max(late) <= 60.0
    assert len(set(late)) == 200


def test_a_buffer_beyond_its_bound_is_emptied_and_marked() -> None:
    buffer = EventBuffer(2)
    events = [AccountRemoved(AccountId(name)) for name in "abc"]
    buffer.hold(events[0])
    buffer.hold(events[1])
    assert not buffer.has_overflown
    buffer.hold(events[2])
    assert buffer.has_overflown
    assert len(buffer) == 1
    buffer.restart()
    buffer.hold(events[1])
    assert (buffer.has_overflown, buffer.drain(), buffer.drain()) == (False, [events[1]], [])


def test_fills_are_told_once_and_memory_is_bounded() -> None:
    fills = RecentFills()
    assert fills.take_new((fill("a", 5), fill("b", 3), fill("a", 5)), 0.0) == (fill("a", 5), fill("b", 3))
    assert fills.take_new((fill("b"),), 1.0) == ()
    assert fills.take_new((fill(None), fill(None)), 1.0) == (fill(None), fill(None))
    assert fills.last_ns == 5


def test_executions_are_forgotten_after_two_minutes_unless_a_gap_is_open() -> None:
    fills = RecentFills()
    assert fills.take_new((fill("a"),), 100.0)
    assert not fills.take_new((fill("a"), fill("b")), 100.0 + GENERATION_S)[1:]
    assert not fills.take_new((fill("a"),), 100.0 + 2 * GENERATION_S, is_held=True)
    assert not fills.take_new((fill("a"),), 9000.0, is_held=True)
    assert fills.take_new((fill("a"),), 9000.0) == (fill("a"),)


def test_no_trading_makes_the_memory_of_executions_large() -> None:
    fills = RecentFills()
    for number in range(20 * GENERATION_MAX):
        assert fills.take_new((fill(f"n{number}"),), 1.0, is_held=True)
        # The last ones are always known.
        assert not fills.take_new((fill(f"n{max(0, number - GENERATION_MAX + 1)}"),), 1.0, is_held=True)
    assert len(fills._young) + len(fills._old) <= 2 * GENERATION_MAX


def test_the_earlier_account_keeps_its_number() -> None:
    registry, venue = UidRegistry(), VenueId("bybit")
    one, two = AccountId("one"), AccountId("two")
    registry.set_order([one, two])
    assert registry.claim(venue, "7", two) == (None, None)
    assert registry.claim(venue, "7", two) == (None, None)
    assert registry.claim(venue, "7", one) == (None, two)
    assert registry.claim(venue, "7", two) == (one, None)
    assert registry.claim(VenueId("bybit-demo"), "7", two) == (None, None)
    registry.release(one)
    assert registry.claim(venue, "7", two) == (None, None)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AuthError("revoked"), True),
        (ConfigError("classic account"), True),
        (AuthError("late", retryable=True, reason="clock_skew"), False),
        (ConnectivityError("502"), False),
        (RateLimitedError("10006", retry_after_s=1.0), False),
        (RejectedError("10001"), False),
    ],
)
def test_only_what_the_owner_must_mend_is_fatal(error: ConfigError, expected: bool) -> None:
    assert is_fatal(error) is expected


def test_a_failed_snapshot_waits_as_told_and_our_own_fault_waits_longest() -> None:
    from marginwatch.collect.planning import plan_intervals

    intervals = plan_intervals(1, 0, 0.1, 5.0, 60.0)
    times = SweepTimes(CollectSettings(), random.Random(1))
    times.on_failure(RateLimitedError("wait", retry_after_s=33.0))
    assert times.wait_s(intervals, is_live=True) == 33.0
    times.on_failure(RejectedError("10001"))
    assert times.wait_s(intervals, is_live=True) == 60.0
    times.on_success(needs_second_look=False)
    assert 54.0 <= times.wait_s(intervals, is_live=True) <= 60.0
    assert 4.5 <= times.wait_s(intervals, is_live=False) <= 5.0


async def test_health_is_told_at_changes_and_else_seldom() -> None:
    clock = ManualClock()
    health = Health(AccountId("a"), clock, 30.0)
    least = 5_000_000_000
    assert health.take_report(least) is not None
    assert health.take_report(0) is None
    health.replied_at_ns = clock.now_ns()
    assert health.take_report(least) is None
    await clock.advance(6)
    told = health.take_report(least)
    assert told is not None
    assert told.socket_replied_at_ns == health.replied_at_ns
    health.become(LinkState.LOST, ConnectivityError("HTTP 502"))
    told = health.take_report(least)
    assert told is not None
    assert (told.link_state, told.reason, told.reason_code) == (LinkState.LOST, "HTTP 502", "connectivity")


async def test_one_line_when_lost_and_one_when_back(capsys: pytest.CaptureFixture[str]) -> None:
    clock = ManualClock()
    health = Health(AccountId("a"), clock, 30.0)
    health.become(LinkState.STREAMING)
    for reason in ("HTTP 502", "HTTP 503", "HTTP 504"):
        health.become(LinkState.LOST, ConnectivityError(reason))
    await clock.advance(42)
    health.become(LinkState.POLLING)
    health.become(LinkState.STREAMING)
    lines = [line for line in capsys.readouterr().out.splitlines() if "account" in line]
    assert len(lines) == 2
    assert "account lost" in lines[0]
    assert "42.0" in lines[1]


async def test_a_crash_is_followed_by_a_new_start_after_a_growing_wait() -> None:
    clock = ManualClock()
    started: list[float] = []
    crashes: list[Exception] = []

    async def run() -> None:
        started.append(clock.monotonic_s())
        if len(started) < 4:
            raise ZeroDivisionError

    import asyncio

    task = asyncio.create_task(supervise("part", run, clock, crashes.append))
    await clock.advance(20)
    assert task.done()
    assert started == [0.0, 1.0, 3.0, 7.0]
    assert len(crashes) == 3


def test_a_guarded_callback_does_not_let_a_crash_out() -> None:
    crashes: list[Exception] = []

    def divide(by: int) -> None:
        1 / by  # the crash is the point

    call = guarded("division", divide, crashes.append)
    call(1)
    assert crashes == []
    call(0)
    assert [type(error) for error in crashes] == [ZeroDivisionError]

"""Heavy measures beside a running engine: cadence, ages, failures, and a loop that is never held up."""

import asyncio
import threading

import pytest
from tests.bookfile.conftest import small_book

from marginwatch.bookfile.building import build_book
from marginwatch.bookfile.text import parse_book
from marginwatch.clock import ManualClock, SystemClock
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import SLOW, HeavyWork
from marginwatch.engine.heavy_settings import HeavySettings
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.heavy.parts import Part
from marginwatch.risk.tables import account_rows

EVERYTHING = ("distance", *SLOW)


def engine_of(given, clock=None):
    import json

    filed = build_book(parse_book(json.dumps(given).encode(), "x"), now_ns=1)
    clock = clock or ManualClock(filed.at_ns)
    return Engine(filed.book, clock), clock


def endangered():
    book = small_book()
    book["positions"][0]["quantity"] = "3"
    return book


async def test_one_question_is_answered_in_the_next_frame():
    engine, clock = engine_of(small_book())
    engine.run_frame()
    await HeavyWork(engine, clock).answer(Asked(parts=EVERYTHING))
    frame = engine.run_frame()
    [row] = account_rows(frame)
    # 10,000 of equity and 1 BTC at 50,000: dead where 10,000 − 50,000 × d = 250 × (1 − d) + fee, about 19.6 % below.
    assert row.liquidation_shock == pytest.approx(-0.196, abs=0.002)
    assert row.liquidation_distance == pytest.approx(-row.liquidation_shock)
    assert row.liquidation_btc_price == pytest.approx(50_000 * (1 + row.liquidation_shock))
    assert (row.worst_position, row.nearest_coin) == ("bybit:linear:BTCUSDT", "BTC")
    assert row.reasons["liquidation_distance_up"] == "none_in_range"
    assert row.liquidation_distance_age_s == 0.0
    assert row.reasons["liquidation_probability_24h"] == "missing: no history of hourly closes is known"
    assert row.risk_level in ("LOW", "MEDIUM", "HIGH")
    assert frame.heavy.stress.value.result.portfolio.n_liquidated.max() == 1


async def test_before_anything_is_reckoned_it_is_missing_and_an_old_one_is_missing_again():
    engine, clock = engine_of(small_book())
    [row] = account_rows(engine.run_frame())
    assert row.liquidation_distance is None
    assert row.reasons["liquidation_distance"] == "missing: not reckoned yet"
    await HeavyWork(engine, clock).answer(Asked(parts=("distance",)))
    await clock.advance(14.0)
    [row] = account_rows(engine.run_frame())
    assert row.liquidation_distance_age_s == pytest.approx(14.0)
    assert row.liquidation_distance is not None
    await clock.advance(2.0)
    [row] = account_rows(engine.run_frame())
    assert row.reasons["liquidation_distance"] == "missing: last reckoned 16 s ago, good for 15 s"


async def test_an_account_without_a_mark_says_what_it_lacks():
    book = small_book()
    book["marks"] = []
    engine, clock = engine_of(book)
    engine.run_frame()
    await HeavyWork(engine, clock).answer(Asked(parts=EVERYTHING))
    [row] = account_rows(engine.run_frame())
    assert row.reasons["liquidation_distance"].startswith("missing: ")
    assert "BTCUSDT" in row.reasons["liquidation_distance"]
    assert engine.heavy.stress.value.result.left_out


async def test_a_measure_that_fails_is_missing_with_its_reason_logged_once_and_the_others_go_on(
    monkeypatch, caplog
):
    engine, clock = engine_of(small_book())
    engine.run_frame()
    work = HeavyWork(engine, clock)

    def broken(*_):
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr("marginwatch.engine.heavy_measures.measure_stress", broken)
    told = []
    monkeypatch.setattr(
        "marginwatch.engine.heavy_supervision.log.error", lambda *a, **k: told.append(k["measure"])
    )
    for _ in range(3):
        await work.answer(Asked(parts=EVERYTHING))
    part = engine.heavy.stress
    assert part.value is None
    assert part.held_at(clock.now_ns()).reason == "it could not be reckoned (ZeroDivisionError: no such luck)"
    assert told == ["stress"]
    assert engine.heavy.distance.value is not None
    assert engine.heavy.advice.value is not None


async def advanced(clock, seconds, step=0.05):
    """Move a manual clock on while threads of the real time work."""
    for _ in range(round(seconds / step)):
        await clock.advance(step)
        await asyncio.sleep(0.001)


@pytest.mark.parametrize(("given", "at_most_s"), [(endangered(), 1.0), (small_book(), 6.0)])
async def test_no_distance_is_older_than_a_second_while_there_is_danger(given, at_most_s, monkeypatch):
    engine, clock = engine_of(given)
    engine.run_frame()
    await HeavyWork(engine, clock).answer(Asked(parts=("distance",)))
    figures = engine.heavy.distance.value
    # The real work takes a time of its own, which no manual clock knows.
    monkeypatch.setattr("marginwatch.engine.heavy_measures.measure_distance", lambda *_: figures)
    settings = HeavySettings(slow_every_s=1_000.0, danger_distance=0.1)
    work = HeavyWork(engine, clock, settings)
    task = asyncio.create_task(work.run())
    while engine.heavy.distance.value is None:
        await advanced(clock, 0.05)
    assert work.is_in_danger() is (at_most_s == 1.0)
    ages = []
    for _ in range(100):
        await advanced(clock, 0.1)
        ages.append(engine.heavy.distance.held_at(clock.now_ns()).age_s)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert max(ages) <= at_most_s
    if at_most_s > 1.0:
        assert max(ages) > 3.0


async def test_the_loop_goes_on_while_a_thread_reckons(monkeypatch):
    engine, _ = engine_of(small_book(), SystemClock())
    engine.run_frame()
    began, has_gone_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(*_):
        loop.call_soon_threadsafe(began.set)
        has_gone_on.wait(20)
        return "done"

    monkeypatch.setattr("marginwatch.engine.heavy_measures.measure_distance", slow)
    work = HeavyWork(engine, SystemClock(), HeavySettings(slow_every_s=1_000.0))
    task = asyncio.create_task(work.run())
    await began.wait()
    n_turns = 0
    while engine.heavy.distance.value is None:
        await asyncio.sleep(0.01)
        n_turns += 1
        if n_turns == 3:
            has_gone_on.set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert n_turns >= 3


async def test_what_is_asked_on_the_loop_overwrites_nothing_that_a_thread_reckons_with(monkeypatch):
    engine, _ = engine_of(small_book(), SystemClock())
    engine.run_frame()
    used = {"loop": set(), "thread": set()}

    def reckoned(sheet, moves, work):
        used["loop" if threading.current_thread() is threading.main_thread() else "thread"].add(work)
        return "done"

    monkeypatch.setattr("marginwatch.engine.heavy_measures.measure_distance", reckoned)
    work = HeavyWork(engine, SystemClock(), HeavySettings(slow_every_s=1_000.0))
    task = asyncio.create_task(work.run())
    while not used["thread"]:
        await asyncio.sleep(0.001)
    await work.answer(Asked(parts=("distance",)))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert used["loop"]
    assert used["loop"].isdisjoint(used["thread"])


def test_only_calendars_have_what_each_account_paid_gathered():
    engine, clock = engine_of(small_book())
    work = HeavyWork(engine, clock)
    assert list(work.inputs(SLOW).funding) == list(work.inputs().funding) == list(engine.sheet().account_ids)
    assert work.inputs(("distance",)).funding == {}


def test_a_part_never_reckoned_has_no_age():
    assert Part().held_at(5) == (None, "not reckoned yet", None)


@pytest.mark.parametrize(
    "wrong", [{"distance_every_s": 0.0}, {"distance_every_s": 6.0}, {"slow_every_s": 0.0}]
)
def test_intervals_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        HeavySettings(**wrong)

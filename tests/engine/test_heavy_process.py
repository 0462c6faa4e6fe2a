"""Heavy measures in a process of their own: the same numbers to the last bit, and a thread for it whenever it is gone."""

import asyncio
import errno
import os
import signal
import socket
import tempfile
from dataclasses import fields, is_dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.bookfile.conftest import small_book
from tests.engine.test_heavy import endangered, engine_of

from marginwatch.clock import ManualClock, SystemClock
from marginwatch.engine import heavy_process
from marginwatch.engine.heavy import HeavyWork
from marginwatch.engine.heavy_measures import DISTANCE, SLOW, measures_of
from marginwatch.engine.heavy_process import HeavyProcess
from marginwatch.engine.heavy_settings import HeavySettings
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.heavy.parts import NotKnownYetError
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.risk.margin.sheet import MarginSheet, SheetCache
from marginwatch.risk.workspace import Workspace


def past():
    """Some hundred days and hours of three coins."""
    chance = np.random.default_rng(7)
    names = ("BTC", "ETH", "SOL")

    def table(interval_s, size):
        return ReturnTable(
            names, interval_s, np.arange(400) * interval_s, chance.normal(0.0, size, (400, len(names)))
        )

    return PastReturns(table(86_400, 0.03), table(3_600, 0.006))


def inputs_of(given, known=None):
    engine, clock = engine_of(given)
    engine.run_frame()
    return HeavyWork(engine, clock, past=lambda: known or past()).inputs()


def parts_of(whole):
    """Return what a result is made of, by name; None of what has no parts."""
    if isinstance(whole, SheetCache):
        return {}
    if is_dataclass(whole):
        return {field.name: getattr(whole, field.name) for field in fields(whole)}
    if isinstance(whole, msgspec.Struct):
        return msgspec.structs.asdict(whole)
    if isinstance(whole, (tuple, list)):
        return dict(enumerate(whole))
    return whole if isinstance(whole, dict) else None


def differing(here, there, place=""):
    """Yield where two results differ, to the last bit and in the kind of everything."""
    parts = parts_of(here)
    if type(here) is not type(there):
        yield f"{place}: {type(here)} and {type(there)}"
    elif isinstance(here, np.ndarray):
        if (here.dtype, here.shape, here.tobytes()) != (there.dtype, there.shape, there.tobytes()):
            yield place
    elif parts is None:
        # What is no number equals itself.
        if here != there and not here != here != there != there:
            yield f"{place}: {here!r} and {there!r}"
    else:
        others = parts_of(there)
        if list(parts) != list(others):
            yield place
        for name, one in parts.items():
            yield from differing(one, others[name], f"{place}.{name}")


@pytest.fixture
def process():
    made = HeavyProcess(SystemClock())
    made.open()
    yield made
    made.stop()


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("given", [small_book(), endangered()])
def test_every_measure_is_the_same_to_the_last_bit_and_takes_over_the_columns_it_was_asked_about(
    process, given
):
    inputs = inputs_of(given)
    known = []
    for name in (DISTANCE, *SLOW):
        there = process.reckon(name, inputs)
        here = measures_of(inputs, Workspace(), lambda: known[-1] if known else None)[name]()
        if name == "chances":
            known.append(here)
        assert there is not None
        assert there.error is None
        assert list(differing(here, there.value, name)) == []
    found = process.reckon(DISTANCE, inputs).value
    sheet = found.distances.sheet
    assert isinstance(sheet, MarginSheet)
    assert sheet.leg_quantity is inputs.sheet.leg_quantity
    assert all(name is inputs.sheet.account_ids[row] for name, row in found.rows.items())
    assert process.n_started == 1


def test_past_prices_that_did_not_change_are_those_sent_before(process):
    known = past()
    first = inputs_of(small_book(), known)
    process.reckon("chances", first)
    second = inputs_of(small_book(), known)
    there = process.reckon("chances", second).value
    assert list(differing(measures_of(second, Workspace(), lambda: None)["chances"](), there)) == []
    nothing = inputs_of(small_book(), PastReturns())
    error = process.reckon("chances", nothing).error
    assert isinstance(error, NotKnownYetError)
    assert str(error) == "no history of hourly closes is known"


def test_a_process_that_is_gone_is_started_again_after_a_growing_wait():
    clock = ManualClock(1)
    made = HeavyProcess(clock)
    inputs = inputs_of(small_book())
    assert made.reckon(DISTANCE, inputs) is None
    made.open()
    try:
        for wait_s in (1.0, 2.0):
            assert made.reckon(DISTANCE, inputs).value is not None
            os.kill(made.pid, signal.SIGKILL)
            assert made.reckon(DISTANCE, inputs) is None
            assert made.pid is None
            asyncio.run(clock.advance(wait_s - 0.1))
            assert made.reckon(DISTANCE, inputs) is None
            asyncio.run(clock.advance(0.2))
        assert made.reckon("stress", inputs).value is not None
        assert made.n_started == 3
    finally:
        made.stop()


def test_a_process_that_cannot_run_is_none_says_why_and_writes_nothing_between_our_lines(monkeypatch, capfd):
    told = []
    monkeypatch.setattr(
        "marginwatch.engine.heavy_process.log.warning", lambda *_, reason: told.append(reason)
    )
    made = HeavyProcess(SystemClock(), module="marginwatch.engine.no_such_module")
    made.open()
    for _ in range(2):
        assert made.reckon(DISTANCE, inputs_of(small_book())) is None
    assert made.pid is None
    made.stop()
    [why] = told
    assert "exit code 1" in why
    assert "No module named" in why
    assert capfd.readouterr().err == ""


def test_no_key_of_the_environment_reaches_the_process(monkeypatch, process):
    monkeypatch.setenv("DESK_API_SECRET", "hunter2hunter2")
    assert process.reckon(DISTANCE, inputs_of(small_book())).value is not None
    environment = Path(f"/proc/{process.pid}/environ")
    if not environment.exists():
        pytest.skip("no environment to be read here")
    assert b"hunter2" not in environment.read_bytes()


def test_an_error_comes_back_with_the_place_where_it_arose(process):
    inputs = inputs_of(small_book())
    wrong = type(inputs)(
        **{field.name: getattr(inputs, field.name) for field in fields(inputs)} | {"scenarios": (3,)}
    )
    ended = process.reckon("stress", wrong)
    assert ended.value is None
    assert "measure_stress" in ended.error.__notes__[-1]
    assert process.reckon("stress", inputs).value is not None


async def until(is_so):
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_distances_go_on_coming_when_the_process_is_killed_and_it_ends_with_the_service():
    clock = SystemClock()
    engine, _ = engine_of(endangered(), clock)
    engine.run_frame()
    process = HeavyProcess(clock)
    work = HeavyWork(engine, clock, HeavySettings(slow_every_s=1_000.0), past=past, process=process)
    task = asyncio.create_task(work.run())
    await until(lambda: engine.heavy.advice.value is not None)
    assert process.n_started == 1
    first = process.pid
    os.kill(first, signal.SIGKILL)
    at_ns = engine.heavy.distance.at_ns
    await until(lambda: engine.heavy.distance.at_ns > at_ns and engine.heavy.distance.value is not None)
    await until(lambda: process.pid not in (None, first))
    second = process.pid
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert process.pid is None
    assert not is_alive(second)


def test_a_process_ends_when_its_service_is_gone(process):
    assert process.reckon(DISTANCE, inputs_of(small_book())).value is not None
    child = process._child
    for lane in process._lanes.values():
        lane.socket.close()
    assert child.wait(20) == 0


def test_a_machine_without_room_for_a_file_has_the_process_all_the_same(monkeypatch, process):
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    assert process.reckon(DISTANCE, inputs_of(small_book())).value is not None


def test_a_service_out_of_descriptors_reckons_in_threads_until_there_are_some(monkeypatch):
    clock = ManualClock(1)
    made = HeavyProcess(clock)
    made.open()
    inputs = inputs_of(small_book())
    pair, pairs = socket.socketpair, []

    def one_pair():
        if pairs:
            raise OSError(errno.EMFILE, "Too many open files")
        pairs.append(pair())
        return pairs[-1]

    with monkeypatch.context() as scarce:
        scarce.setattr(socket, "socketpair", one_pair)
        assert made.reckon(DISTANCE, inputs) is None
    asyncio.run(clock.advance(1.1))
    try:
        assert made.reckon(DISTANCE, inputs).value is not None
    finally:
        made.stop()
        for one in pairs[0]:
            one.close()


def test_levels_are_asked_of_the_process_only_if_it_knows_the_chances_that_they_look_at():
    clock = ManualClock(1)
    made = HeavyProcess(clock)
    made.open()
    inputs = inputs_of(endangered())
    try:
        assert made.reckon("chances", inputs).value is not None
        assert made.reckon("levels", inputs).value is not None
        os.kill(made.pid, signal.SIGKILL)
        assert made.reckon("stress", inputs) is None
        asyncio.run(clock.advance(1.1))
        assert made.reckon("stress", inputs).value is not None
        assert made.reckon("levels", inputs) is None
        assert made.reckon("chances", inputs).value is not None
        assert made.reckon("levels", inputs).value is not None
    finally:
        made.stop()


def test_who_holds_still_is_given_up_and_ended(monkeypatch, process):
    monkeypatch.setitem(heavy_process.ANSWER_MAX_S, True, 0.2)
    inputs = inputs_of(small_book())
    monkeypatch.setitem(heavy_process.ANSWER_MAX_S, False, 60.0)
    assert process.reckon("stress", inputs).value is not None
    child = process._child
    os.kill(child.pid, signal.SIGSTOP)
    assert process.reckon(DISTANCE, inputs) is None
    assert child.returncode == -signal.SIGKILL
    assert process.pid is None


def test_a_key_in_the_terminal_of_the_service_does_not_reach_the_process(process):
    assert process.reckon(DISTANCE, inputs_of(small_book())).value is not None
    assert os.getpgid(process.pid) != os.getpgid(0)

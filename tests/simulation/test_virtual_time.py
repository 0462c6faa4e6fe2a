"""The simulation itself: time that jumps, runs that repeat, plans that leave nothing out."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from simulation.plan import CODES, FAULTS, plan_of
from simulation.run import simulate
from simulation.virtual_time import LoopClock, VirtualLoop

from marginwatch.sim.faults import FaultPlan, parse_faults

ROOT = Path(__file__).parents[2]
FIFTY = range(1, 51)
EVERYTHING = 2
"""A seed with all faults on."""


@pytest.fixture
def loop():
    made = VirtualLoop()
    yield made
    made.close()


def test_a_day_of_sleep_takes_no_time_and_comes_in_order(loop: VirtualLoop) -> None:
    clock, woken = LoopClock(loop), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now_ns()))

    async def sleep_all() -> None:
        await asyncio.gather(*(sleeper(seconds) for seconds in (86_400.0, 0.5, 3600.0)))

    began_ns, began_s = clock.now_ns(), time.monotonic()
    loop.run_until_complete(sleep_all())
    assert [seconds for seconds, _ in woken] == [0.5, 3600.0, 86_400.0]
    assert [at_ns - began_ns for _, at_ns in woken] == [500_000_000, 3_600_000_000_000, 86_400_000_000_000]
    assert time.monotonic() - began_s < 60


def test_a_connection_stays_within_the_loop_and_is_tapped(loop: VirtualLoop) -> None:
    tapped: list[tuple[bool, bytes]] = []
    loop.tap = lambda line, data: tapped.append((line.is_server, data))

    class Echo(asyncio.Protocol):
        def connection_made(self, transport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(data.upper())

    async def talk() -> bytes:
        server = await loop.create_server(Echo, "127.0.0.1", 80)
        reader = asyncio.StreamReader()
        transport, _ = await loop.create_connection(lambda: asyncio.StreamReaderProtocol(reader), "h", 80)
        transport.write(b"hello")
        answer = await reader.readexactly(5)
        transport.close()
        server.close()
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(asyncio.Protocol, "h", 80)
        return answer

    assert loop.run_until_complete(talk()) == b"HELLO"
    assert tapped == [(False, b"hello"), (True, b"HELLO")]


def test_a_loop_in_which_nothing_can_happen_says_so(loop: VirtualLoop) -> None:
    async def wait_forever() -> None:
        await loop.create_future()

    with pytest.raises(RuntimeError, match="nothing is left"):
        loop.run_until_complete(wait_forever())


def test_the_same_seed_is_the_same_run_to_the_last_byte() -> None:
    first, second = simulate(EVERYTHING), simulate(EVERYTHING)
    assert first.digest == second.digest
    assert first.counts == second.counts
    assert simulate(EVERYTHING + 3).digest != first.digest
    code = f"from simulation.run import simulate; print(simulate({EVERYTHING}).digest)"
    other = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == first.digest, "in another process, where texts hash otherwise"


def test_fifty_seeds_have_every_fault_alone_and_together_and_every_code() -> None:
    plans = [plan_of(seed) for seed in FIFTY]
    together = [plan for plan in plans if plan.names == FAULTS.keys()]
    assert len(together) >= 15
    parsed = [parse_faults(plan.faults) for plan in together]
    known = set(FaultPlan.__struct_fields__)
    never = {
        name for name in known if all(getattr(plan, name) == getattr(FaultPlan(), name) for plan in parsed)
    }
    assert not never, "a fault of the exchange that no plan has"
    assert {fault.code for plan in parsed for fault in plan.codes} == set(CODES)
    alone = {name for seed in range(1, 3 * len(FAULTS) + 1) for name in plan_of(seed).names if seed % 3 == 0}
    assert alone == FAULTS.keys()
    assert {plan.n_desk + plan.n_guests for plan in plans} <= set(range(3, 9))


def test_plans_differ_and_can_be_read(loop: VirtualLoop) -> None:
    assert len({plan_of(seed).faults for seed in FIFTY}) > 45
    for seed in range(1, 400):
        parse_faults(plan_of(seed).faults)

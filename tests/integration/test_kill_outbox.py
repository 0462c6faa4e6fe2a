"""Killed with SIGKILL at random instants while alerts fire and resolve: nothing is lost, and what is told twice was cut off.

Several lanes, each one database, are killed and started again over and over; the receiver answers normally, slowly, with
429, 500, 403, garbage, or not at all.
"""

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.kill_outbox.receiver import Receiver

from marginwatch.store import Store

ROOT = Path(__file__).resolve().parents[2]
LANES = 4
KILLS = 52
MESSAGES_MAX = 6
AFTER_S = 0.03
LIFE_MAX_S = 0.3
EARLY_SHARE = 0.1
"""Of the lives that may end before they have begun in earnest."""

TOLD = ("fired", "raised", "resolved")


@dataclass
class Findings:
    """What came of it, counted."""

    routed: int = 0
    kills: int = 0
    messages: int = 0
    repeated: int = 0
    lost: list[str] = field(default_factory=list)
    unexcused: list[str] = field(default_factory=list)


async def lives_and_deaths(
    tmp_path: Path, *, lanes: int, kills: int, seed: int, broken: str = ""
) -> Findings:
    print(f"seed {seed}")  # noqa: T201  # how to repeat it
    found = Findings()
    await (await Store.open(tmp_path / "empty.sqlite")).close()
    async with Receiver(random.Random(seed)) as receiver:
        async with Nursery() as nursery, asyncio.TaskGroup() as tasks:
            for lane in range(lanes):
                shutil.copy(tmp_path / "empty.sqlite", tmp_path / f"{lane}.sqlite")
                chance = random.Random(f"{seed}/{lane}")
                tasks.create_task(Lane(str(lane), tmp_path, receiver, nursery, chance, broken).go(kills))
        found.kills = lanes * kills
        for lane in range(lanes):
            examine(str(lane), tmp_path, receiver, found)
    counted = f"{found.kills} kills, {found.routed} transitions, {found.messages} messages, {found.repeated} told twice"
    print(counted, f"{len(found.lost)} lost")  # noqa: T201  # what the trial was worth
    return found


class Nursery:
    """Bears children and hears when they are ready."""

    async def __aenter__(self) -> "Nursery":
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.kill_outbox.child",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._heard: dict[str, asyncio.Queue] = defaultdict(asyncio.Queue)
        self._hearing = asyncio.create_task(self._hear())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.stdin.close()
        await self._process.wait()
        self._hearing.cancel()

    async def _hear(self) -> None:
        while line := await self._process.stdout.readline():
            what, lane, pid = line.decode().split()
            self._heard[lane].put_nowait((what, int(pid)))

    async def born(self, order: dict) -> int:
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self._next(order["lane"], "born")

    async def ready(self, lane: str) -> int:
        return await self._next(lane, "ready")

    async def _next(self, lane: str, what: str) -> int:
        async with asyncio.timeout(30):
            while True:
                heard, pid = await self._heard[lane].get()
                if heard == what:
                    return pid


class Lane:
    """One database and whoever lives on it."""

    def __init__(self, name, folder, receiver, nursery, chance, broken) -> None:
        self.name, self.folder, self.receiver = name, folder, receiver
        self.nursery, self.chance, self.broken = nursery, chance, broken

    async def go(self, kills: int) -> None:
        for run in range(kills):
            pid = await self.born(run)
            await self.live(str(run))
            os.kill(pid, signal.SIGKILL)
            await gone(pid)
        self.receiver.is_kind.add(self.name)
        pid = await self.born(kills, is_last=True)
        async with asyncio.timeout(30):
            await gone(pid)
        assert (self.folder / f"{self.name}.done").exists(), "the last life did not end with everything told"

    async def live(self, run: str) -> None:
        """Wait for a random instant: early, or soon after one of the first messages, however slow the machine is."""
        if self.chance.random() >= EARLY_SHARE:
            await self.nursery.ready(self.name)
            await self.receiver.wait_for(self.name, run, self.chance.randrange(MESSAGES_MAX), LIFE_MAX_S)
        await asyncio.sleep(self.chance.uniform(0.0, AFTER_S))

    async def born(self, run: int, *, is_last: bool = False) -> int:
        order = {
            "lane": self.name,
            "database": str(self.folder / f"{self.name}.sqlite"),
            "base": f"http://127.0.0.1:{self.receiver.port}/{self.name}/{run}",
            "seed": self.chance.randrange(2**32),
            "is_last": is_last,
            "done": str(self.folder / f"{self.name}.done"),
            "broken": self.broken,
        }
        return await self.nursery.born(order)


async def gone(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            await asyncio.sleep(0.002)


def examine(lane: str, folder: Path, receiver: Receiver, found: Findings) -> None:
    """Compare what the database says was to be told with what the receiver has."""
    taken = [one for one in receiver.taken if one.lane == lane]
    found.messages += len(taken)
    told = {transition_id for one in taken for transition_id in one.transition_ids}
    worst: dict[str, int] = defaultdict(int)
    for one in taken:
        for alert_id, severity in one.alerts:
            worst[alert_id] = max(worst[alert_id], severity)
    with contextlib.closing(sqlite3.connect(folder / f"{lane}.sqlite")) as database:
        rows = database.execute(
            "SELECT transition_id, kind, alert_id, alert FROM alert_transition"
        ).fetchall()
        waiting = database.execute("SELECT count(*) FROM outbox WHERE state = 'waiting'").fetchone()[0]
    assert waiting == 0
    for transition_id, kind, alert_id, alert in rows:
        if kind not in TOLD:
            continue
        found.routed += 1
        # A rise to where it was told to be before is no news.
        is_news = kind != "raised" or worst[alert_id] < json.loads(alert)["severity"]
        if transition_id not in told and (is_news or not worst[alert_id]):
            found.lost.append(f"{kind} {transition_id}")
    count_repeats(taken, found)


def count_repeats(taken, found: Findings) -> None:
    """A transition may come again in a channel only if its earlier message was not confirmed, or the process died then.

    A worker records one message before it begins the next, so what was confirmed and comes again must have been the last
    that the channel sent in that life.
    """
    last: dict[tuple[str, str], int] = {}
    for at, one in enumerate(taken):
        last[one.run, one.channel] = at
    before: dict[tuple[str, str], int] = {}
    for at, one in enumerate(taken):
        for transition_id in one.transition_ids:
            earlier = before.get((one.channel, transition_id))
            if earlier is not None:
                found.repeated += 1
                was_cut = taken[earlier].run != one.run and last[taken[earlier].run, one.channel] == earlier
                if taken[earlier].is_confirmed and not was_cut:
                    found.unexcused.append(f"{transition_id} in {one.channel}")
            before[one.channel, transition_id] = at


async def test_nothing_is_lost_however_often_the_process_is_killed(tmp_path):
    seed = random.randrange(2**32)
    found = await lives_and_deaths(tmp_path, lanes=LANES, kills=KILLS, seed=seed)
    assert found.lost == []
    assert found.unexcused == []
    assert found.kills >= 200
    # It was a real trial: much was told, and some of it was cut off.
    assert found.routed > 100
    assert found.repeated > 0


async def test_the_trial_finds_a_dispatcher_that_records_before_it_sends(tmp_path):
    found = await lives_and_deaths(tmp_path, lanes=2, kills=12, seed=7, broken="record_before_sending")
    assert found.lost


async def test_the_trial_finds_a_dispatcher_that_tells_twice(tmp_path):
    found = await lives_and_deaths(tmp_path, lanes=1, kills=3, seed=7, broken="forget_to_record")
    assert found.unexcused

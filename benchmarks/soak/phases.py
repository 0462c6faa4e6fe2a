"""The four phases: the first picture, the streams, everything going wrong, and the truth afterwards."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from benchmarks.soak.compare import differences
from benchmarks.soak.plan import CLOCK_SKEW_S, CRASH_TO, Plan, fault_list
from benchmarks.soak.stage import MONITOR, SIMULATOR, Stage
from marginwatch.venues.bybit.manifest import MANIFEST

CALLS_PER_ACCOUNT = 7
"""What a first picture needs at least: key, settings, four position sweeps, wallet."""

LOOK_S = 0.5
SAMPLE_S = 5.0
TELL_EVERY_S = 20.0
PATIENCE = 1.6
"""A phase is given up after so many times its ideal length, and two minutes."""

Result = dict[str, Any]
Tell = Callable[[str], None]


def calls_per_second(plan: Plan) -> float:
    """Return the monitor's configured budget, REST calls a second."""
    limit = MANIFEST.ip_limit
    return math.floor(limit.calls * plan.share_of_limit) / limit.per_s


def sockets_at_once(plan: Plan) -> int:
    """Return how many sockets the monitor may open in one window."""
    return math.floor(MANIFEST.connect_limit.calls * plan.share_of_limit)


def quota_s(plan: Plan, n_sockets: int) -> float:
    """Return how long the quota makes so many sockets take: a whole window for each batch but the first, seconds."""
    return ((n_sockets - 1) // sockets_at_once(plan)) * MANIFEST.connect_limit.per_s


class Pace:
    """Tells how far a phase is, now and then, and when it takes too long."""

    def __init__(self, tell: Tell, limit_s: float) -> None:
        self._tell = tell
        self._began_s = self._told_s = time.monotonic()
        self._limit_s = limit_s

    def is_over(self, words: str) -> bool:
        """Say ``words`` if it is time to, and return whether there is no time left."""
        now_s = time.monotonic()
        if now_s - self._told_s >= TELL_EVERY_S:
            self._told_s = now_s
            self._tell(f"{now_s - self._began_s:6.0f} s  {words}")
        return now_s - self._began_s >= self._limit_s


async def take_picture(stage: Stage, tell: Tell) -> Result:
    """Wait until every account is fresh, and count the calls that it took."""
    plan = stage.plan
    ideal_s = plan.accounts * CALLS_PER_ACCOUNT / calls_per_second(plan)
    pace = Pace(tell, PATIENCE * ideal_s + 120.0)
    while True:
        _, ready = await stage.monitor.get("/readyz")
        n_included = ready.get("n_included", 0)
        if n_included == plan.accounts:
            break
        if pace.is_over(f"{n_included} of {plan.accounts} accounts read") or stage.ended():
            return {"is_complete": False, "included": n_included}
        await asyncio.sleep(LOOK_S)
    seconds, by_path = stage.passed_s, await stage.exchange.calls()
    calls = sum(by_path.values())
    return {
        "is_complete": True,
        "seconds": seconds,
        "calls": calls,
        "calls_per_account": calls / plan.accounts,
        "least_calls": plan.accounts * CALLS_PER_ACCOUNT,
        "calls_by_path": by_path,
        "ideal_s": calls / calls_per_second(plan),
        "ratio": seconds * calls_per_second(plan) / calls,
    }


async def open_streams(stage: Stage, tell: Tell) -> Result:
    """Wait until every account streams."""
    plan = stage.plan
    pace = Pace(tell, PATIENCE * quota_s(plan, plan.accounts + 10) + 120.0)
    while True:
        rows = (await stage.monitor.accounts())["rows"]
        n_streaming = sum(row["link_state"] == "streaming" for row in rows)
        if n_streaming == plan.accounts:
            break
        if pace.is_over(f"{n_streaming} of {plan.accounts} accounts stream") or stage.ended():
            return {"is_complete": False, "streaming": n_streaming}
        await asyncio.sleep(4 * LOOK_S)
    seconds, counts = stage.passed_s, (await stage.exchange.ask("/stats"))["counts"]
    ideal_s = quota_s(plan, counts["sockets"])
    return {
        "is_complete": True,
        "seconds": seconds,
        "sockets": counts["sockets"],
        "ideal_s": ideal_s,
        "ratio": seconds / ideal_s if ideal_s else None,
    }


async def break_everything(stage: Stage, tell: Tell) -> Result:
    """Let everything go wrong for the planned time; the market crashes and the clocks change sides in the middle."""
    plan, seen = stage.plan, list[Result]()
    before, began_s = await stage.exchange.ask("/stats"), time.monotonic()
    doomed: list[str] = (await stage.exchange.order("/break", faults=fault_list(plan, CLOCK_SKEW_S)))[
        "doomed"
    ]
    pace = Pace(tell, math.inf)
    has_crashed = False
    while (passed_s := time.monotonic() - began_s) < plan.minutes * 60.0 and not stage.ended():
        if not has_crashed and passed_s >= plan.minutes * 30.0:
            has_crashed = True
            await stage.exchange.order("/break", faults=fault_list(plan, -CLOCK_SKEW_S))
            await _crash(stage)
        seen.append(await _look(stage, passed_s))
        pace.is_over(f"{seen[-1]['included']} included, {seen[-1]['streaming']} streaming")
        await asyncio.sleep(min(SAMPLE_S, plan.minutes))
    after, wall_s = await stage.exchange.ask("/stats"), time.monotonic() - began_s
    pushes = after["counts"]["pushes"] - before["counts"].get("pushes", 0)
    return {
        "seconds": wall_s,
        "doomed_uids": doomed,
        "pushes_per_s": pushes / wall_s,
        "sockets_opened": after["counts"]["sockets"] - before["counts"]["sockets"],
        "mishaps": {
            name: number - before["counts"].get(name, 0)
            for name, number in sorted(after["counts"].items())
            if not name.startswith("/v5/") and number > before["counts"].get(name, 0)
        },
        "seen": seen,
        "stuck": sum(one["health"] != 200 for one in seen),
    }


async def _look(stage: Stage, passed_s: float) -> Result:
    health, _ = await stage.monitor.get("/healthz")
    rows = (await stage.monitor.accounts())["rows"]
    return {
        "at_s": round(passed_s, 1),
        "health": health,
        "included": sum(row["is_included"] for row in rows),
        "streaming": sum(row["link_state"] == "streaming" for row in rows),
    }


async def _crash(stage: Stage) -> None:
    """Let the first contract fall; whoever holds it tells its mark, for a REST call would count as the monitor's."""
    for name in stage.names:
        for row in (await stage.exchange.ask("/truth", account=name))["truth"]["positions"]:
            if row["symbol"] == "BTCUSDT":
                price = float(row["mark_price"]) * CRASH_TO
                await stage.exchange.order("/price", symbol="BTCUSDT", price=f"{price:.1f}")
                return


async def settle(stage: Stage, tell: Tell, doomed_uids: list[str]) -> Result:
    """Mend everything, hold the market, and wait until the book is true and only dead keys are left out."""
    plan = stage.plan
    await stage.exchange.order("/mend")
    await stage.exchange.order("/hold", is_held=True)
    began_s, pace = time.monotonic(), Pace(tell, plan.settle_s)
    truths = await stage.exchange.truths(stage.names)
    doomed = sorted(name for name in stage.names if truths[name]["uid"] in doomed_uids)
    alive = [name for name in stage.names if name not in set(doomed)]
    tell(f"dead keys: {', '.join(doomed)}")
    while True:
        book = (await stage.monitor_process.ask("book"))["accounts"]
        left_out = (await stage.monitor.accounts())["not_included"]
        wrong = differences(book, truths, alive)
        stopped = {
            one["subject"]: one["reason"]
            for one in left_out
            if one["kind"] == "account" and one["state"] == "stopped"
        }
        others = [one for one in left_out if one["subject"] not in stopped]
        is_true = not wrong and not others and sorted(stopped) == doomed
        if is_true or stage.ended() or pace.is_over(f"{len(wrong)} not true, {len(others)} left out"):
            break
        await asyncio.sleep(LOOK_S)
    return {
        "seconds": time.monotonic() - began_s,
        "is_true": not wrong,
        "survivors": len(alive),
        "rows": sum(len(truths[name]["positions"]) for name in alive),
        "wrong": wrong[:20],
        "doomed": doomed,
        "stopped": stopped,
        "also_left_out": [f"{one['subject']}: {one['state']}: {one['reason']}" for one in others][:20],
    }


async def look_back(stage: Stage) -> Result:
    """Return what the exchange recorded of the monitor, what became of its sessions, and what both used."""
    stats, told = (
        await stage.exchange.ask("/stats"),
        await stage.monitor_process.ask("sessions"),
    )
    sessions = told["sessions"].values()
    gauge = stage.gauge
    names = (SIMULATOR, MONITOR)
    return {
        "limits": stats["limits"],
        "counts": stats["counts"],
        "exchange": stats["exchange"],
        "breaks": told["breaks"],
        "sessions": {
            what: sum(one[what] for one in sessions)
            for what in ("connects", "messages", "malformed", "resyncs")
        },
        "cores": {
            phase: {name: gauge.cores(name, phase) for name in names}
            for phase in ("picture", "streams", "faults", "truth")
        },
        "memory": {name: gauge.memory(name, "faults") for name in names},
        "load": {phase: gauge.load(phase) for phase in ("picture", "streams", "faults", "truth")},
    }

"""Processor time of the simulator for one message: it must leave room on its core, or benchmarks would measure it.

Two processes: the simulator, with a thousand accounts and a socket for each, and one that only counts what comes. The
work for a message is counted in calls of functions too, which no other program on the machine can change.
"""

import asyncio
import json
import statistics

from benchmarks.bench_wire import line_of, start
from benchmarks.report import Row, grid, number, spread, verdict
from benchmarks.sim.work import count_work

RUN_LIMIT_S = 120.0
RATE = 5000
"""Messages a second that the promise names."""

SIZES: dict[str, dict[str, float]] = {
    "full": {"accounts": 1000, "warm_s": 5.0, "measured_s": 20.0, "counted_s": 4.0},
    "tiny": {"accounts": 30, "warm_s": 0.2, "measured_s": 1.0, "counted_s": 1.0},
}
REPETITIONS = {"full": 3, "tiny": 1}


async def run_once(accounts: int, warm_s: float, measured_s: float) -> Row:
    """Measure once.

    Returns
    -------
    dict
        ``cpu_s``, ``wall_s``, ``pushes`` of the window; ``heard``, all that arrived; ``cpu_us`` of one message.
    """
    exchange = await start("benchmarks.sim.exchange", str(accounts), str(warm_s), str(measured_s))
    processes = [exchange]
    try:
        async with asyncio.timeout(RUN_LIMIT_S):
            told = await line_of(exchange, "simulator")
            listeners = await start("benchmarks.sim.listeners", takes_input=True)
            processes.append(listeners)
            assert listeners.stdin is not None
            listeners.stdin.write(json.dumps(told).encode() + b"\n")
            measured = await line_of(exchange, "simulator")
            listeners.stdin.close()
            heard = await line_of(listeners, "listeners")
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()
    cpu_s, pushes = float(str(measured["cpu_s"])), float(str(measured["pushes"]))
    return measured | heard | {"cpu_us": cpu_s / pushes * 1e6}


async def run_all(size: str, repetitions: int) -> list[Row]:
    """Measure so many times."""
    plan = SIZES[size]
    accounts, warm_s, measured_s = int(plan["accounts"]), plan["warm_s"], plan["measured_s"]
    return [await run_once(accounts, warm_s, measured_s) for _ in range(repetitions)]


def run(size: str, repetitions: int | None = None) -> Row:
    """Run the benchmark and return its records, promises and table."""
    plan = SIZES[size]
    records = asyncio.run(run_all(size, repetitions or REPETITIONS[size]))
    work = asyncio.run(count_work(int(plan["accounts"]), plan["counted_s"]))
    costs = spread([float(str(one["cpu_us"])) for one in records])
    rates = [float(str(one["pushes"])) / float(str(one["wall_s"])) for one in records]
    cores = costs["median"] * RATE / 1e6
    promises: list[Row] = [
        {
            "promise": f"the simulator takes at most one core for {RATE:,} messages a second",
            "measured": cores,
            "limit": 1.0,
            "unit": "cores",
            "is_kept": cores <= 1.0,
        }
    ]
    rows = [
        (
            number(plan["accounts"], 0),
            number(statistics.median(rates), 0),
            str(len(records)),
            *(number(costs[key]) for key in ("median", "min", "max")),
            number(work.calls_per_message, 0),
            number(cores, 2),
        )
    ]
    head = ("Accounts", "msg/s", "runs", "µs/msg", "min", "max", "calls/msg", f"cores at {RATE:,} msg/s")
    kept = [
        (str(p["promise"]), f"{number(p['measured'], 2)} {p['unit']}", verdict(cores <= 1.0))
        for p in promises
    ]
    text = f"{grid(head, rows)}\n\n{grid(('Promise', 'measured', ''), kept)}"
    return {
        "records": records,
        "work": work._asdict(),
        "cpu_us": costs,
        "cores": cores,
        "promises": promises,
        "table": text,
    }

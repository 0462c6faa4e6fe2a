"""Processor time of one Bybit position message, from the wire to a measured frame, against three references.

Each run is two processes on two cores: a feeder that plays the exchange, and one client. Clients take turns, so that
what the machine does meanwhile falls on all of them.
"""

import asyncio
import json
import statistics
import sys
import time

from benchmarks.wire.plan import Plan, text_of

RUN_LIMIT_S = 180.0
DESK = "1,000 accounts"
FEW = "20 accounts"
Setting = dict[str, int]
SIZES: dict[str, dict[str, Setting]] = {
    "full": {
        DESK: {"sockets": 1000, "rate": 5000, "warm": 15_000, "measured": 50_000},
        FEW: {"sockets": 20, "rate": 1000, "warm": 3_000, "measured": 10_000},
    },
    "tiny": {
        DESK: {"sockets": 20, "rate": 1000, "warm": 100, "measured": 300},
        FEW: {"sockets": 4, "rate": 200, "warm": 20, "measured": 80},
    },
}
REPETITIONS = {"full": 3, "tiny": 1}
CLIENTS = {DESK: ("floor", "marginwatch"), FEW: ("floor", "marginwatch", "ccxt.pro", "pybit")}


async def start(module: str, *arguments: str) -> asyncio.subprocess.Process:
    """Start one of the two processes of a run with this interpreter."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )


async def line_of(process: asyncio.subprocess.Process, what: str) -> dict[str, object]:
    """Return the next line of JSON that a process prints."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"the {what} ended without an answer, exit code {await process.wait()}")
    return json.loads(line)


async def run_once(client: str, plan: Plan) -> dict[str, object]:
    """Feed one client once.

    Returns
    -------
    dict
        What the client measured, and under ``feeder`` what was sent.

    Raises
    ------
    RuntimeError
        If a process failed, or the client did not see exactly the messages that were sent.
    """
    feeder = await start("benchmarks.wire.feeder", text_of(plan))
    processes = [feeder]
    try:
        async with asyncio.timeout(RUN_LIMIT_S):
            addresses = await line_of(feeder, "feeder")
            measured = await start(
                "benchmarks.wire.client",
                client,
                text_of(plan),
                str(addresses["private"]),
                str(addresses["rest"]),
            )
            processes.append(measured)
            sent, result = await asyncio.gather(line_of(feeder, "feeder"), line_of(measured, client))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()
    if result["messages"] != sent["sent"]:
        raise RuntimeError(f"{client} saw {result['messages']} of {sent['sent']} messages")
    return result | {"feeder": sent}


async def run_all(size: str, repetitions: int, clients: tuple[str, ...]) -> list[dict[str, object]]:
    """Run every client in every setting, taking turns, and return one record a run."""
    epoch_ms = time.time_ns() // 1_000_000
    records: list[dict[str, object]] = []
    for repetition in range(repetitions):
        for setting, numbers in SIZES[size].items():
            plan = Plan(epoch_ms=epoch_ms, **numbers)
            for client in (name for name in CLIENTS[setting] if name in clients):
                outcome = await run_once(client, plan)
                records.append({"setting": setting, "client": client, "repetition": repetition} | outcome)
                print(f"  {setting:>14} {client:>12} {outcome['cpu_us_per_message']:7.2f} µs", file=sys.stderr)
    return records


def summarize(records: list[dict[str, object]], size: str) -> list[dict[str, object]]:
    """Return one row for each setting and client: median and spread of µs a message, and the ratio to the floor."""
    rows: list[dict[str, object]] = []
    floors: dict[str, float] = {}
    for setting, numbers in SIZES[size].items():
        for client in CLIENTS[setting]:
            mine = [r for r in records if r["setting"] == setting and r["client"] == client]
            if not mine:
                continue
            costs = [float(str(r["cpu_us_per_message"])) for r in mine]
            median = statistics.median(costs)
            floors.setdefault(setting, median) if client == "floor" else None
            rows.append(
                {
                    "setting": setting,
                    "sockets": numbers["sockets"],
                    "rate": numbers["rate"],
                    "client": client,
                    "cpu_us_median": median,
                    "cpu_us_min": min(costs),
                    "cpu_us_max": max(costs),
                    "to_floor": median / floors[setting] if setting in floors else None,
                    "messages": mine[0]["messages"],
                    "runs": len(mine),
                }
            )
    return rows

"""Processor time of one Bybit position message, from the wire to a measured frame, against three references.

Each run is two processes on two cores: a feeder that plays the exchange, and one client. Clients take turns, so that
what the machine does meanwhile falls on all of them.
"""

import asyncio
import json
import statistics
import sys
import time

from benchmarks.report import Row, grid, number, ratio, spread, verdict
from benchmarks.wire.plan import Plan, text_of

RUN_LIMIT_S = 180.0
LINE_BYTES_MAX = 16 * 1024 * 1024
DESK = "1,000 accounts"
FEW = "20 accounts"
SIZES: dict[str, dict[str, dict[str, int]]] = {
    "full": {
        DESK: {"sockets": 1000, "rate": 5000, "warm": 15_000, "measured": 40_000},
        FEW: {"sockets": 20, "rate": 1000, "warm": 2_000, "measured": 8_000},
    },
    "tiny": {
        DESK: {"sockets": 20, "rate": 1000, "warm": 100, "measured": 300},
        FEW: {"sockets": 5, "rate": 250, "warm": 25, "measured": 100},
    },
}
REPETITIONS = {"full": 3, "tiny": 1}
CLIENTS = {
    DESK: ("floor", "to the book", "marginwatch", "with rules"),
    FEW: ("floor", "marginwatch", "ccxt.pro", "pybit"),
}
ALL = tuple(dict.fromkeys(name for names in CLIENTS.values() for name in names))
BUDGET_US = 15.0
FLOOR_RATIO_MAX = 2.0
CHEAPER_THAN = {"ccxt.pro": 8.0, "pybit": 10.0}


async def start(module: str, *arguments: str, takes_input: bool = False) -> asyncio.subprocess.Process:
    """Start one of the two processes of a run with this interpreter."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE if takes_input else None,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES_MAX,
    )


async def line_of(process: asyncio.subprocess.Process, what: str) -> Row:
    """Return the next line of JSON that a process prints."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"the {what} ended without an answer, exit code {await process.wait()}")
    return json.loads(line)


async def run_once(client: str, plan: Plan) -> Row:
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


async def run_all(size: str, repetitions: int, clients: tuple[str, ...]) -> list[Row]:
    """Run every client in every setting, taking turns, and return one record a run."""
    epoch_ms = time.time_ns() // 1_000_000
    records: list[Row] = []
    for repetition in range(repetitions):
        for setting, numbers in SIZES[size].items():
            plan = Plan(epoch_ms=epoch_ms, **numbers)
            for client in (name for name in CLIENTS[setting] if name in clients):
                outcome = await run_once(client, plan)
                records.append({"setting": setting, "client": client, "repetition": repetition} | outcome)
                print(f"  {setting:>14} {client:>12} {outcome['cpu_us']:7.2f} µs", file=sys.stderr)
    return records


def median_of(records: list[Row], setting: str, client: str) -> float | None:
    """Return the median cost of a client in a setting, µs a message; None if it did not run."""
    costs = [float(str(r["cpu_us"])) for r in records if (r["setting"], r["client"]) == (setting, client)]
    return statistics.median(costs) if costs else None


def summarize(records: list[Row], size: str) -> list[Row]:
    """Return one row for each setting and client: cost of a message, its spread, and the ratio to the floor."""
    rows: list[Row] = []
    for setting, numbers in SIZES[size].items():
        floor = median_of(records, setting, "floor")
        for client in CLIENTS[setting]:
            mine = [r for r in records if (r["setting"], r["client"]) == (setting, client)]
            if not mine:
                continue
            costs = spread([float(str(r["cpu_us"])) for r in mine])
            rows.append(
                {
                    "setting": setting,
                    "client": client,
                    "sockets": numbers["sockets"],
                    "rate": numbers["rate"],
                    "measured": numbers["measured"],
                    "runs": len(mine),
                    "cpu_us": costs,
                    "to_floor": costs["median"] / floor if floor else None,
                }
            )
    return rows


def budgets(records: list[Row]) -> list[Row]:
    """Return the promises of the design, each with what was measured and whether it is kept."""
    ours, floor = median_of(records, DESK, "marginwatch"), median_of(records, DESK, "floor")
    ours_few = median_of(records, FEW, "marginwatch")
    rows: list[Row] = [
        {
            "promise": f"at most {BUDGET_US:g} µs a message",
            "measured": ours,
            "limit": BUDGET_US,
            "unit": "µs",
        },
        {
            "promise": f"at most {FLOOR_RATIO_MAX:g} × the floor",
            "measured": ours / floor if ours and floor else None,
            "limit": FLOOR_RATIO_MAX,
            "unit": "×",
        },
    ]
    for client, times in CHEAPER_THAN.items():
        theirs = median_of(records, FEW, client)
        measured = theirs / ours_few if theirs and ours_few else None
        promise = f"at least {times:g} × cheaper than {client}, same {FEW} and rate"
        rows.append({"promise": promise, "measured": measured, "limit": times, "unit": "×", "is_least": True})
        measured = theirs / ours if theirs and ours else None
        promise = f"at least {times:g} × cheaper than {client}, ours at {DESK}"
        rows.append({"promise": promise, "measured": measured, "limit": times, "unit": "×", "is_least": True})
    for row in rows:
        measured, limit = row["measured"], float(str(row["limit"]))
        row["is_kept"] = (
            None
            if measured is None
            else (
                float(str(measured)) >= limit if row.pop("is_least", False) else float(str(measured)) <= limit
            )
        )
    return rows


def table(rows: list[Row], promises: list[Row]) -> str:
    """Return the result as Markdown."""
    costs = grid(
        ("Client", "accounts", "msg/s", "runs", "µs/msg", "min", "max", "× floor"),
        [
            (
                str(row["client"]),
                number(row["sockets"], 0),
                number(row["rate"], 0),
                str(row["runs"]),
                *(number(dict(row["cpu_us"])[key]) for key in ("median", "min", "max")),  # type: ignore[call-overload]
                ratio(row["to_floor"]),
            )
            for row in rows
        ],
    )
    kept = grid(
        ("Promise", "measured", ""),
        [
            (str(p["promise"]), f"{number(p['measured'], 2)} {p['unit']}", verdict(p["is_kept"]))  # type: ignore[arg-type]
            for p in promises
        ],
    )
    return f"{costs}\n\n{kept}"


def run(size: str, repetitions: int | None = None, clients: tuple[str, ...] = ALL) -> Row:
    """Run the benchmark and return its records, summary, promises and table."""
    records = asyncio.run(run_all(size, repetitions or REPETITIONS[size], clients))
    rows, promises = summarize(records, size), budgets(records)
    return {"rows": rows, "promises": promises, "records": records, "table": table(rows, promises)}

"""From a message on the wire to an alert in the outbox: the whole service with all built-in rules, a store and two channels.

Each run is two processes: a feeder that plays the exchange, and the service. See ``wire/client_alerts.py``.
"""

import asyncio
import math
import sys
import time

from benchmarks.bench_wire import run_once
from benchmarks.report import Row, grid, number, verdict
from benchmarks.wire.plan import Plan

SIZES: dict[str, dict[str, int]] = {
    "full": {
        "sockets": 1000,
        "rate": 5000,
        "warm": 25_000,
        "measured": 100_000,
        "breach_every": 2503,
        "fall_every": 10_030,
    },
    "tiny": {
        "sockets": 60,
        "rate": 1000,
        "warm": 500,
        "measured": 1500,
        "breach_every": 163,
        "fall_every": 400,
    },
}
REPETITIONS = {"full": 3, "tiny": 1}
P50_MS = 5.0
P99_MS = 25.0
SERIES = {
    "message_ms": "a position message → its alert in the outbox",
    "judged_ms": "of that, until the lane or frame that judged it",
    "writer_ms": "as the service itself measures it, all rules",
    "price_ms": "a price → its alert in the outbox",
    "store_ms": "reference: the same rows committed again, same pace, nothing else to do",
    "plain_ms": "reference: the same bytes into a plain table, likewise",
}


def percentile(values: list[float], share: float) -> float | None:
    """Return the value that a share of them does not exceed; None without any."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def values_of(record: Row, name: str) -> list[float]:
    """Return one series of one run, ms."""
    extra = record["extra"]
    assert isinstance(extra, dict)
    return list(extra[name])


def label(place: int, record: Row) -> str:
    """Return what a run is called."""
    return f"{place + 1}" if record["is_heavy"] else f"{place + 1}, without heavy measures"


def summary(records: list[Row]) -> list[Row]:
    """Return percentiles of each series, by run and over all runs of the whole service."""
    runs = [(label(place, record), [record]) for place, record in enumerate(records)]
    whole = [record for record in records if record["is_heavy"]]
    return [
        {"series": name, "run": run, "n": len(values)}
        | {key: percentile(values, share) for key, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))}
        for name in SERIES
        for run, some in [*runs, ("all", whole)]
        if (values := [one for record in some for one in values_of(record, name)]) or run == "all"
    ]


def budgets(records: list[Row]) -> list[Row]:
    """Return the promises, judged over the messages of all runs of the whole service."""
    whole = [record for record in records if record["is_heavy"]]
    values = [one for record in whole for one in values_of(record, "message_ms")]
    promises: list[Row] = []
    for words, share, limit in (("half", 0.5, P50_MS), ("99 of 100", 0.99, P99_MS)):
        measured = percentile(values, share)
        promises.append(
            {
                "promise": f"{words} of the alerts in the outbox within {limit:g} ms of their message",
                "measured": measured,
                "limit": limit,
                "unit": "ms",
                "is_kept": None if measured is None else measured <= limit,
            }
        )
    return promises


def table(rows: list[Row], records: list[Row], promises: list[Row]) -> str:
    """Return the result as Markdown."""
    times = grid(
        ("What", "run", "n", "p50 ms", "p99 ms", "max ms"),
        [
            (
                SERIES[str(row["series"])],
                str(row["run"]),
                str(row["n"]),
                *(number(row[key], 1) for key in ("p50", "p99", "max")),
            )
            for row in rows
        ],
    )
    runs = grid(
        ("Run", "cores", "alerts fired", "rows", "commits", "lanes", "frames"),
        [
            (
                label(place, record),
                number(record["core_share"], 2),
                *(number(dict(record["extra"])[key], 0) for key in COUNTS),  # type: ignore[call-overload]
            )
            for place, record in enumerate(records)
        ],
    )
    kept = grid(
        ("Promise", "measured", ""),
        [
            (str(p["promise"]), f"{number(p['measured'], 1)} {p['unit']}", verdict(p["is_kept"]))  # type: ignore[arg-type]
            for p in promises
        ],
    )
    return f"{times}\n\n{runs}\n\n{kept}"


COUNTS = ("fired", "rows", "commits", "lanes", "frames")


async def run_all(size: str, repetitions: int) -> list[Row]:
    """Run the service so many times."""
    records: list[Row] = []
    for repetition in range(repetitions):
        for is_heavy in (True, False):
            plan = Plan(epoch_ms=time.time_ns() // 1_000_000, is_heavy=is_heavy, **SIZES[size])
            found = await run_once("alerts", plan)
            records.append({"repetition": repetition, "is_heavy": is_heavy} | found)
            half = percentile(values_of(found, "message_ms"), 0.5)
            print(
                f"  run {label(len(records) - 1, records[-1])}: half within {number(half)} ms",
                file=sys.stderr,
            )
    return records


def run(size: str, repetitions: int | None = None) -> Row:
    """Run the benchmark and return its records, summary, promises and table."""
    records = asyncio.run(run_all(size, repetitions or REPETITIONS[size]))
    rows, promises = summary(records), budgets(records)
    return {"rows": rows, "promises": promises, "records": records, "table": table(rows, records, promises)}

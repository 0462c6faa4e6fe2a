"""Fifty listeners of one service, one of whom stops reading: ``python -m benchmarks.stream_clients [--minutes M] [--clients N]``.

The service watches a simulated exchange. In the first third of the time all listeners but one listen; then the last one comes,
subscribes to everything and stops reading, over and over. Reference: what the others got in the first third, in the same run.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.soak.gauge import Gauge
from benchmarks.stream.listener import Listener, listen, stop_again_and_again
from benchmarks.stream.stage import WARM_UP_S, set_stage

TOPICS = ("overview", "accounts", "positions", "alerts")
STEADY = "all read"
DEAF = "one does not read"
GROWTH_MAX = 0.05
P99_RATIO_MAX = 1.25
P99_FLOOR_MS = 25.0
"""Longer by less than a look of the hub is no disturbance."""


async def measure(n_rows: int, n_clients: int, minutes: float) -> dict[str, Any]:
    """Return everything measured."""
    settle_s = min(WARM_UP_S, 10.0 * minutes)
    async with set_stage(n_rows, settle_s) as stage:
        gauge = Gauge([stage.monitor])
        listeners = [await listen(stage.url, stage.token, *TOPICS) for _ in range(n_clients - 1)]
        await asyncio.sleep(settle_s)
        looking = asyncio.create_task(gauge.run())
        began_s = time.monotonic()
        gauge.enter(STEADY)
        await asyncio.sleep(20.0 * minutes)
        turned_s = time.monotonic()
        gauge.enter(DEAF)
        deaf = asyncio.create_task(stop_again_and_again(stage.url, stage.token, *TOPICS))
        await asyncio.sleep(40.0 * minutes)
        gauge.enter("end")
        ended_s = time.monotonic()
        for task in (deaf, looking):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        memory = gauge.memory("monitor", DEAF)
        found = {
            "positions": stage.n_positions,
            "clients": n_clients,
            "windows": {
                STEADY: _window(listeners, began_s, turned_s) | {"share": gauge.cores("monitor", STEADY)},
                DEAF: _window(listeners, turned_s, ended_s) | {"share": gauge.cores("monitor", DEAF)},
            },
            "memory": None if memory is None else {name: getattr(memory, name) for name in MEMORY},
            "n_open": sum(one.is_open for one in listeners),
            "n_whole": sum(one.n_whole for one in listeners),
            "n_errors": sum(one.n_messages["error"] for one in listeners),
        }
        for one in listeners:
            one.close()
        return found


MEMORY = ("first_mib", "last_mib", "peak_mib", "slope_mib_min", "growth")


def _window(listeners: list[Listener], since_s: float, until_s: float) -> dict[str, Any]:
    """Return what the listeners got: tables a second each, and milliseconds between two looks at them."""
    # Tables of one look come together.
    gaps = [gap for one in listeners for gap in one.intervals_ms(since_s, until_s) if gap > 20.0]
    counts = [sum(since_s <= at <= until_s for at in one.at_s) for one in listeners]
    if not gaps:
        raise RuntimeError("the listeners got no tables")
    cuts = statistics.quantiles(gaps, n=100)
    return {
        "tables_per_s": statistics.mean(counts) / (until_s - since_s),
        "least_tables_per_s": min(counts) / (until_s - since_s),
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
        "max_ms": max(gaps),
    }


def promises(result: dict[str, Any], *, is_timed: bool) -> list[tuple[str, str, bool | None]]:
    """Return each promise, what was measured, and whether it was kept; None where the run was too short to tell."""
    before, after = result["windows"][STEADY], result["windows"][DEAF]
    memory, n_others = result["memory"], result["clients"] - 1
    limit = max(P99_RATIO_MAX * before["p99_ms"], before["p99_ms"] + P99_FLOOR_MS)
    growth = None if memory is None else memory["growth"]
    return [
        (
            f"nobody of the {n_others} others is sent away or gets an error",
            f"{result['n_open']} listen, {result['n_errors']} errors",
            result["n_open"] == n_others and not result["n_errors"],
        ),
        (
            f"99 of 100 intervals of the others within {limit:.0f} ms",
            f"{after['p99_ms']:.0f} ms, before {before['p99_ms']:.0f} ms",
            after["p99_ms"] <= limit if is_timed else None,
        ),
        (
            f"memory flat while one does not read: the trend adds at most {GROWTH_MAX:.0%}",
            "–" if growth is None else f"{growth:+.1%}",
            growth <= GROWTH_MAX if growth is not None and is_timed else None,
        ),
    ]


def table(result: dict[str, Any], *, is_timed: bool) -> str:
    """Return the result as Markdown."""
    windows = [
        (
            name,
            report.number(one["tables_per_s"]),
            report.number(one["least_tables_per_s"]),
            *(report.number(one[key], 0) for key in ("p50_ms", "p99_ms", "max_ms")),
            "–" if one["share"] is None else f"{one['share']:.1%}",
        )
        for name, one in result["windows"].items()
    ]
    head = ("While", "tables/s each", "least", "p50 ms", "p99 ms", "max ms", "of a core")
    kept = [
        (words, shown, report.verdict(is_kept))
        for words, shown, is_kept in promises(result, is_timed=is_timed)
    ]
    memory = result["memory"]
    said = (
        ""
        if memory is None
        else f"\n\nmonitor: {memory['first_mib']:.1f} MiB, then {memory['last_mib']:.1f} MiB, at most"
        f" {memory['peak_mib']:.1f} MiB; {result['n_whole']} tables came whole"
    )
    return f"{report.grid(head, windows)}\n\n{report.grid(('Promise', 'measured', ''), kept)}{said}"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 if a listener was lost, or with ``--strict`` if any promise is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream_clients", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--rows", type=int, default=1_000, help="positions of the desk")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.rows < 1 or options.minutes <= 0.0 or not 2 <= options.clients <= 64:
        parser.error("--rows and --minutes must be positive, --clients from 2 to 64")
    result = asyncio.run(measure(options.rows, options.clients, options.minutes))
    is_timed = options.minutes >= 1.0
    print(table(result, is_timed=is_timed))
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine.describe(), "result": result}, indent=1))
    verdicts = [is_kept for _, _, is_kept in promises(result, is_timed=is_timed)]
    return 1 if verdicts[0] is False or (options.strict and False in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())

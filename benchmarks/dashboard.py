"""What four tabs cost the service: ``python -m benchmarks.dashboard [--rows N] [--seconds S] [--json FILE]``.

The tabs are programs that listen to what the pages of that name subscribe to; ``python -m benchmarks.dashboard_browser`` measures
the same with a real browser. Reference: the same service in the same run without anybody listening, before and after.
"""

import argparse
import asyncio
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.stream.listener import Listener, listen
from benchmarks.stream.stage import WARM_UP_S, Stage, set_stage

TABS: dict[str, tuple[str, ...]] = {
    "overview": ("overview", "accounts", "alerts"),
    "accounts": ("overview", "accounts"),
    "positions": ("overview", "positions"),
    "alerts": ("overview", "alerts", "rules", "silences"),
}
"""Page → what it subscribes to; ``overview`` is behind the bar of every page."""

SHARE_MAX = 0.05
UPDATES_PER_S_MIN = 9.0
"""Of ten: a window need not begin and end with an update."""


async def measure(n_rows: int, seconds: float) -> dict[str, Any]:
    """Return everything measured, with windows of so many seconds each."""
    settle_s = min(WARM_UP_S, seconds)
    async with set_stage(n_rows, settle_s) as stage:
        before = await stage.share(seconds)
        rows: list[dict[str, Any]] = []
        for name, topics in TABS.items():
            rows.append(await _tab(stage, name, [topics], seconds))
        four = await _tab(stage, "all four", list(TABS.values()), seconds)
        await asyncio.sleep(settle_s)
        after = await stage.share(seconds)
        reference = statistics.mean((before, after))
        for row in (*rows, four):
            row["more"] = row["share"] - reference
        return {"positions": stage.n_positions, "none": [before, after], "tabs": [*rows, four]}


async def _tab(stage: Stage, name: str, tabs: list[tuple[str, ...]], seconds: float) -> dict[str, Any]:
    listeners = [await listen(stage.url, stage.token, *topics) for topics in tabs]
    await asyncio.sleep(min(WARM_UP_S, seconds))
    before = [_counted(one) for one in listeners]
    share = await stage.share(seconds)
    gained = [
        {topic: (n - start.get(topic, 0)) / seconds for topic, n in _counted(one).items()}
        for one, start in zip(listeners, before, strict=True)
    ]
    n_bytes = sum(sum(one.n_bytes.values()) for one in listeners)
    for one in listeners:
        one.close()
    return {"tab": name, "share": share, "per_s": gained, "mib": n_bytes / 2**20}


def _counted(listener: Listener) -> dict[str, int]:
    return dict(listener.n_messages)


def promises(result: dict[str, Any]) -> list[tuple[str, str, bool | None]]:
    """Return each promise, what was measured, and whether it was kept; None where that cannot be told."""
    four = result["tabs"][-1]
    updates = max(one.get("positions", 0.0) for one in four["per_s"])
    return [
        (
            f"at most {SHARE_MAX:.0%} of a core more with 4 tabs than with none",
            f"{four['more']:.1%}",
            # On a machine that has no time for frames, tabs cost nothing.
            four["more"] <= SHARE_MAX if updates >= UPDATES_PER_S_MIN else None,
        ),
        (
            f"{result['positions']:,} rows at 10 Hz beside three other tabs",
            f"{updates:.1f} Hz",
            updates >= UPDATES_PER_S_MIN,
        ),
    ]


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    before, after = result["none"]
    lines = [("nobody, before", f"{before:.1%}", "–", "–"), ("nobody, after", f"{after:.1%}", "–", "–")]
    for one in result["tabs"]:
        counts = [", ".join(f"{topic} {n:.1f}" for topic, n in sorted(each.items())) for each in one["per_s"]]
        shown = counts[0] if len(counts) == 1 else "as above"
        lines.append((one["tab"], f"{one['share']:.1%}", f"{one['more']:+.1%}", shown))
    kept = [(promise, shown, report.verdict(is_kept)) for promise, shown, is_kept in promises(result)]
    of_tabs = report.grid(("Tab", "of a core", "more", "messages a second"), lines)
    return f"{of_tabs}\n\n{report.grid(('Promise', 'measured', ''), kept)}"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 if ``--strict`` and a promise is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each window")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.rows < 1 or options.seconds <= 0.0:
        parser.error("--rows and --seconds must be positive")
    result = asyncio.run(measure(options.rows, options.seconds))
    print(table(result))
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine.describe(), "result": result}, indent=1))
    return 1 if options.strict and any(is_kept is False for _, _, is_kept in promises(result)) else 0


if __name__ == "__main__":
    sys.exit(main())

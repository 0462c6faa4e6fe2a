"""The dashboard in a real browser: ``python -m benchmarks.dashboard_browser [--rows N] [--seconds S] [--json FILE]``.

An exchange, a monitor and Chromium run as processes of their own. The promises: first rows within a second, 5,000 rows at
10 Hz, and at most 5 % of a core more for four tabs than for none.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.browser.tabs import browser, close, first_rows_ms, open_tab
from benchmarks.soak.config_file import write_config
from benchmarks.soak.plan import Plan
from benchmarks.soak.process import Child

POSITIONS_PER_ACCOUNT = 20
PAGES = ("positions", "overview", "accounts", "exposure")
FIRST_ROWS_MS_MAX = 1_000.0
UPDATES_PER_S_MIN = 9.0
"""Of ten: a window need not begin and end with an update."""

SERVER_SHARE_MAX = 0.05
OPENINGS = 5
READY_TIMEOUT_S = 180.0
WARM_UP_S = 5.0


async def measure(n_rows: int, seconds: float) -> dict[str, Any]:
    """Return everything measured.

    Parameters
    ----------
    n_rows : int
        Positions; accounts hold twenty each.
    seconds : float
        Length of each window of measuring.
    """
    # Some accounts of the crowd hold a position less.
    n_accounts = -(-n_rows // (POSITIONS_PER_ACCOUNT - 1))
    with tempfile.TemporaryDirectory(prefix="marginwatch-bench-") as name:
        folder = Path(name)
        exchange = await Child.start(
            "exchange",
            "benchmarks.browser.exchange",
            # One more: the first is the master, which holds a book of its own.
            str(n_accounts + 1),
            str(POSITIONS_PER_ACCOUNT),
            log=folder / "exchange.log",
            env={},
        )
        try:
            described = await exchange.line(60.0)
            path, secrets = write_config(folder, described, Plan(accounts=n_accounts + 1))
            monitor = await Child.start(
                "monitor", "benchmarks.soak.monitor", str(path), log=folder / "monitor.log", env=secrets
            )
            try:
                said = await monitor.line(60.0)
                return await _watch(monitor, said["url"], Path(said["token_file"]), n_rows, seconds)
            finally:
                await monitor.stop()
        finally:
            await exchange.stop()


async def _watch(monitor: Child, url: str, token_file: Path, n_rows: int, seconds: float) -> dict[str, Any]:
    n_held = await _ready(url, token_file, n_rows)
    without = await _share(monitor, seconds)
    async with browser() as running:
        openings = []
        for _ in range(OPENINGS):
            tab = await open_tab(running, url, "positions")
            openings.append(await first_rows_ms(tab))
            await close([tab])
        tab = await open_tab(running, url, "positions")
        await asyncio.sleep(WARM_UP_S)
        before, drawn = dict(tab.frames), await tab.page.evaluate("window.drawn")
        n_bytes = tab.n_bytes
        one = await _share(monitor, seconds)
        updates = (tab.frames.get("positions", 0) - before.get("positions", 0)) / seconds
        drawn_per_s = (await tab.page.evaluate("window.drawn") - drawn) / seconds
        kib_per_s = (tab.n_bytes - n_bytes) / seconds / 1024.0
        shown = await tab.page.evaluate("document.querySelectorAll('.ag-row').length")
        tabs = [tab, *[await open_tab(running, url, route) for route in PAGES[1:]]]
        await asyncio.sleep(WARM_UP_S)
        four = await _share(monitor, seconds)
        await close(tabs)
    await asyncio.sleep(WARM_UP_S)
    after = await _share(monitor, seconds)
    return {
        "positions": n_held,
        "first_rows_ms": report.spread(openings),
        "updates_per_s": updates,
        "drawn_per_s": drawn_per_s,
        "kib_per_s": kib_per_s,
        "rows_in_view": shown,
        "server_share": {"none": without, "one": one, "four": four, "none_again": after},
        # What else the machine does falls on all windows; those without tabs are before and after.
        "server_share_more": four - statistics.mean((without, after)),
    }


async def _ready(url: str, token_file: Path, n_rows: int) -> int:
    """Wait until so many positions are known; return how many are."""
    async with asyncio.timeout(READY_TIMEOUT_S):
        while True:
            await asyncio.sleep(1.0)
            summary = await asyncio.to_thread(_summary, url, token_file)
            if (summary.get("n_positions") or 0) >= n_rows:
                await asyncio.sleep(WARM_UP_S)
                return int(summary["n_positions"])


def _summary(url: str, token_file: Path) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{url}/api/v1/summary", headers={"Authorization": f"Bearer {token_file.read_text().strip()}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10.0) as answer:
            return dict(json.load(answer)["summary"])
    except OSError:
        return {}


async def _share(monitor: Child, seconds: float) -> float:
    """Return which share of a core the monitor uses for a while."""
    loop = asyncio.get_running_loop()
    before, began_s = monitor.usage(), loop.time()
    await asyncio.sleep(seconds)
    after, took_s = monitor.usage(), loop.time() - began_s
    if before is None or after is None:
        raise RuntimeError("the monitor ended, or this system does not tell what processes use")
    return (after.cpu_s - before.cpu_s) / took_s


def promises(result: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Return each promise, what was measured, and whether it was kept."""
    first, more = result["first_rows_ms"]["median"], result["server_share_more"]
    return [
        ("first rows within 1 s, median", f"{first:,.0f} ms", first <= FIRST_ROWS_MS_MAX),
        (
            f"{result['positions']:,} rows at 10 Hz in a tab",
            f"{result['updates_per_s']:.1f} Hz",
            result["updates_per_s"] >= UPDATES_PER_S_MIN,
        ),
        (
            "at most 5 % of a core more with 4 tabs than with none",
            f"{more:.1%}",
            more <= SERVER_SHARE_MAX,
        ),
    ]


def main() -> int:
    """Measure, print, and return 1 if ``--strict`` and a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each window")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.rows < 1 or options.seconds <= 0.0:
        parser.error("--rows and --seconds must be positive")
    result = asyncio.run(measure(options.rows, options.seconds))
    kept = promises(result)
    head = ("Promise", "measured", "")
    print(report.grid(head, [(promise, shown, report.verdict(is_kept)) for promise, shown, is_kept in kept]))
    shares = result["server_share"]
    print(
        f"\nmonitor: {shares['none']:.1%} of a core without tabs, {shares['one']:.1%} with the positions,"
        f" {shares['four']:.1%} with {', '.join(PAGES)}, {shares['none_again']:.1%} without again;"
        f" the tab was drawn {result['drawn_per_s']:.0f} times a second, at {result['kib_per_s']:,.0f} KiB/s"
    )
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine.describe(), "result": result}, indent=1))
    return 1 if options.strict and not all(is_kept for _, _, is_kept in kept) else 0


if __name__ == "__main__":
    sys.exit(main())

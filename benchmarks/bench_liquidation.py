"""Distances to liquidation of all accounts, both ways, against one pass of the margin model in the same process."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks.random_sheet import random_sheet
from benchmarks.report import Row, grid, number, ratio, verdict
from marginwatch.risk.betas import Betas, exempted
from marginwatch.risk.liquidation.distance import account_ways, cautious_ways, coin_distances
from marginwatch.risk.liquidation.market_move import common_shock
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace

SIZES = {"full": (10_000, 20, 500), "tiny": (30, 4, 10)}
ROUNDS = {"full": 9, "tiny": 2}
COMMON_MS, COINS_MS = 150.0, 300.0


def betas_for(sheet: MarginSheet) -> Betas:
    """Return betas that differ from coin to coin, so that hedges are imperfect."""
    n = len(sheet.coin_names)
    value = np.random.default_rng(5).uniform(0.5, 1.8, n)
    value[2] = 1.0
    return exempted(Betas(value, value - 0.4, value + 0.4, np.full(n, 90.0)), sheet.coin_is_exempt)


class Times(NamedTuple):
    """Milliseconds of some runs; on a machine that others use as well the least is nearer to the truth."""

    median: float
    least: float


def times_ms(work: Callable[[], object], rounds: int) -> Times:
    """Return the times of some runs after one that does not count."""
    work()
    times: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1e3)
    return Times(statistics.median(times), min(times))


def measured(size: str, rounds: int) -> dict[str, Times]:
    """Return the times of each kind of work."""
    sheet, work = random_sheet(1, *SIZES[size]), Workspace()
    betas, prices = betas_for(sheet), prices_now(sheet)
    common = common_shock(sheet, betas, work)
    return {
        "pass": times_ms(lambda: margins(sheet, prices, work), rounds),
        "common": times_ms(lambda: account_ways(common), rounds),
        "cautious": times_ms(lambda: cautious_ways(sheet, betas, work), rounds),
        "coins": times_ms(lambda: coin_distances(sheet, work), rounds),
    }


def run(size: str, repetitions: int | None = None) -> Row:
    """Run the benchmark; ``repetitions`` are rounds of each kind of work."""
    found = measured(size, repetitions or ROUNDS[size])
    accounts, legs, contracts = SIZES[size]
    limits = {"common": COMMON_MS, "coins": COINS_MS}
    names = {
        "pass": f"margin pass, {accounts:,} accounts × {legs} positions, {contracts} contracts",
        "common": "common shock, both directions, with the worst position",
        "cautious": "cautious: betas at the worse end, both directions",
        "coins": "each coin alone, both directions",
    }
    figures = grid(
        ("Work", "median", "least", "unit", "passes"),
        [
            (names[key], number(ms.median), number(ms.least), "ms", ratio(ms.median / found["pass"].median))
            for key, ms in found.items()
        ],
    )
    promises: list[Row] = [
        {
            "promise": f"{names[key]} in at most {limit:g} ms",
            "measured": found[key].median,
            "limit": limit,
            "unit": "ms",
            "is_kept": found[key].median <= limit,
        }
        for key, limit in limits.items()
    ]
    kept = grid(
        ("Promise", "measured", ""),
        [(str(p["promise"]), f"{number(p['measured'])} ms", verdict(bool(p["is_kept"]))) for p in promises],
    )
    return {
        "rows": [{key: ms.median for key, ms in found.items()}],
        "promises": promises,
        "records": [],
        "table": f"{figures}\n\n{kept}",
    }

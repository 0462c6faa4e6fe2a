"""Fifty scenarios of all accounts against fifty margin passes, which they cannot do without."""

import statistics
import time

import numpy as np

from benchmarks.random_sheet import random_sheet
from benchmarks.report import Row, grid, number, ratio, verdict
from marginwatch.risk.betas import exempted, prior_betas
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.scenarios.library import day_scenarios, depeg_scenarios, grid_scenarios
from marginwatch.risk.scenarios.stress import stress
from marginwatch.risk.scenarios.worst_case import worst_cases
from marginwatch.risk.workspace import Workspace

SIZES = {"full": (10_000, 20, 500), "tiny": (40, 5, 20)}
ROUNDS = {"full": 15, "tiny": 2}
N_SCENARIOS = 50
BUDGET_MS = 200.0
MODES = {"cross": ("cross",), "half isolated": ("cross", "isolated")}
SCENARIOS = (
    *grid_scenarios((-0.5, -0.3, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2, 0.3, 0.5), (0.8, 1.0, 1.3, 1.6), (0.0,)),
    *day_scenarios(),
    *depeg_scenarios(),
)[:N_SCENARIOS]


def measured(sheet: MarginSheet, rounds: int) -> dict[str, float]:
    """Return medians in milliseconds; the work and its reference take turns in one process."""
    is_btc = np.array([name == "BTC" for name in sheet.coin_names])
    betas = exempted(prior_betas(is_btc), sheet.coin_is_exempt)
    work, now = Workspace(), prices_now(sheet)
    passes: list[float] = []
    runs: list[float] = []
    worst: list[float] = []
    for turn in range(rounds + 1):
        started = time.perf_counter()
        for _ in range(N_SCENARIOS):
            margins(sheet, now, work)
        passed = time.perf_counter()
        stress(sheet, betas, SCENARIOS, work)
        stressed = time.perf_counter()
        worst_cases(sheet, work)
        ended = time.perf_counter()
        # The first turn fills buffers and the plan.
        if turn:
            passes.append((passed - started) * 1e3)
            runs.append((stressed - passed) * 1e3)
            worst.append((ended - stressed) * 1e3)
    return {
        "passes_ms": statistics.median(passes),
        "stress_ms": statistics.median(runs),
        "stress_min_ms": min(runs),
        "ratio": statistics.median(run / base for run, base in zip(runs, passes, strict=True)),
        "worst_case_ms": statistics.median(worst),
    }


def table(found: dict[str, dict[str, float]], promises: list[Row]) -> str:
    """Return the figures and the promise as Markdown."""
    rows: list[tuple[str, str, str, str]] = []
    for name, figures in found.items():
        rows += [
            (f"{N_SCENARIOS} margin passes, {name}", number(figures["passes_ms"]), "ms", ""),
            (
                f"{N_SCENARIOS} scenarios, {name}",
                number(figures["stress_ms"]),
                "ms",
                ratio(figures["ratio"]),
            ),
            (
                f"worst case of every held coin, {name}",
                number(figures["worst_case_ms"]),
                "ms",
                ratio(figures["worst_case_ms"] / figures["passes_ms"]),
            ),
        ]
    kept = grid(
        ("Promise", "measured", ""),
        [
            (str(p["promise"]), f"{number(p['measured'])} {p['unit']}", verdict(bool(p["is_kept"])))
            for p in promises
        ],
    )
    return f"{grid(('Work', 'median', 'unit', '× the passes'), rows)}\n\n{kept}"


def run(size: str, repetitions: int | None = None) -> Row:
    """Run the benchmark; ``repetitions`` are rounds of each kind of work."""
    accounts, legs_each, contracts = SIZES[size]
    found = {
        name: measured(
            random_sheet(1, accounts, legs_each, contracts, modes=modes), repetitions or ROUNDS[size]
        )
        for name, modes in MODES.items()
    }
    cross = found["cross"]["stress_ms"]
    promises: list[Row] = [
        {
            "promise": f"{N_SCENARIOS} scenarios of cross accounts in at most {BUDGET_MS:g} ms",
            "measured": cross,
            "limit": BUDGET_MS,
            "unit": "ms",
            "is_kept": cross <= BUDGET_MS,
        }
    ]
    return {
        "rows": [{"book": name} | figures for name, figures in found.items()],
        "promises": promises,
        "records": [],
        "table": table(found, promises),
    }

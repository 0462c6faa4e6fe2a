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
    kinds = {
        "passes": lambda: [margins(sheet, now, work) for _ in range(N_SCENARIOS)],
        "stress": lambda: stress(sheet, betas, SCENARIOS, work),
        "worst_case": lambda: worst_cases(sheet, work),
    }
    walls: dict[str, list[float]] = {name: [] for name in kinds}
    processor: dict[str, list[float]] = {name: [] for name in kinds}
    for turn in range(rounds + 1):
        for name, work_of in kinds.items():
            wall, used = time.perf_counter(), time.process_time()
            work_of()
            # The first turn fills buffers and the plan.
            if turn:
                walls[name].append((time.perf_counter() - wall) * 1e3)
                processor[name].append((time.process_time() - used) * 1e3)
    found = {f"{name}_ms": statistics.median(times) for name, times in walls.items()}
    found |= {f"{name}_processor_ms": statistics.median(times) for name, times in processor.items()}
    found |= {f"{name}_least_ms": min(times) for name, times in walls.items()}
    return found


def table(found: dict[str, dict[str, float]], promises: list[Row]) -> str:
    """Return the figures and the promise as Markdown; × is of processor times, which waiting for a core does not touch."""
    what = {
        "passes": f"{N_SCENARIOS} margin passes",
        "stress": f"{N_SCENARIOS} scenarios",
        "worst_case": "worst case of every held coin",
    }
    rows = [
        (
            f"{text}, {book}",
            number(figures[f"{key}_ms"]),
            number(figures[f"{key}_least_ms"]),
            number(figures[f"{key}_processor_ms"]),
            ratio(figures[f"{key}_processor_ms"] / figures["passes_processor_ms"]),
        )
        for book, figures in found.items()
        for key, text in what.items()
    ]
    kept = grid(
        ("Promise", "measured", ""),
        [
            (str(p["promise"]), f"{number(p['measured'])} {p['unit']}", verdict(bool(p["is_kept"])))
            for p in promises
        ],
    )
    head = ("Work", "median ms", "least ms", "processor ms", "× the passes")
    return f"{grid(head, rows)}\n\n{kept}"


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

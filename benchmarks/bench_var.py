"""Value at risk and expected shortfall of all accounts against the one matrix product that they cannot do without."""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.report import Row, grid, number, ratio, verdict
from marginwatch.risk.history.mapping import CoinSource, History, Source
from marginwatch.risk.var.exposures import Exposures
from marginwatch.risk.var.measure import account_gains, measure_with, rough_gains
from marginwatch.risk.var.settings import VarMethod, VarSettings
from marginwatch.risk.var.tail import var_and_shortfall

SIZES = {"full": (1_000, 300, 1_000), "tiny": (20, 5, 200)}
ROUNDS = {"full": 25, "tiny": 2}
BUDGET_MS = 10.0
DAY_S = 86_400


def made_up(n_accounts: int, n_coins: int, n_rows: int) -> tuple[Exposures, History]:
    """Return accounts that hold every coin, which is the worst case, and a history of heavy tails."""
    chance = np.random.default_rng(7)
    held = chance.normal(size=(n_accounts, n_coins)) * 1e4
    names = tuple(f"C{number}" for number in range(n_coins))
    common = chance.standard_t(4, size=(n_rows, 1))
    moves = 0.02 * (common + chance.standard_t(4, size=(n_rows, n_coins)))
    exposures = Exposures(
        account_ids=tuple(f"a{number}" for number in range(n_accounts)),  # type: ignore[arg-type]
        desk=1 + np.arange(n_accounts) % 7,
        desk_names=(None, *(f"desk-{number}" for number in range(7))),
        coin_names=names,
        exempt=frozenset(),
        linear_usd=held,
        delta_usd=held,
        is_missing=np.zeros(n_accounts, np.bool_),
        missing_reasons=(None,) * n_accounts,
    )
    sources = tuple(CoinSource(name, Source.OWN, None, 1.0, n_rows, 0) for name in names)
    return exposures, History(names, DAY_S, np.arange(1, n_rows + 1) * DAY_S, moves, sources)


def timed(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each work in each round; the works take turns, so that a disturbance falls on all."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if turn:
                times[name].append((time.perf_counter() - started) * 1e3)
    return times


def measured(size: str, rounds: int) -> dict[str, float]:
    """Return median and least of each work, ``…_ms`` and ``…_min_ms``."""
    exposures, history = made_up(*SIZES[size])
    returns = np.expm1(history.values)
    single, single_returns = exposures.linear_usd.astype(np.float32), returns.astype(np.float32)
    gains = rough_gains(exposures, single_returns, returns)
    quick: dict[str, Callable[[], object]] = {
        "product": lambda: exposures.linear_usd @ returns.T,
        "single_product": lambda: single @ single_returns.T,
        "var": lambda: var_and_shortfall(rough_gains(exposures, single_returns, returns), 0.99),
        "double": lambda: var_and_shortfall(account_gains(exposures, returns), 0.99),
        "tail": lambda: var_and_shortfall(gains, 0.99),
    }
    slow: dict[str, Callable[[], object]] = {
        str(method): partial(
            measure_with, exposures, history, VarSettings(method=method, horizon_s=10 * DAY_S)
        )
        for method in VarMethod
    }
    times = timed(quick, rounds) | timed(slow, max(2, rounds // 5))
    found = {f"{name}_ms": statistics.median(each) for name, each in times.items()}
    return found | {f"{name}_min_ms": min(each) for name, each in times.items()}


def table(found: dict[str, float], promises: list[Row], shape: tuple[int, int, int]) -> str:
    """Return the figures and the promise as Markdown."""
    accounts, coins, rows = shape
    product_ms = found["product_ms"]
    work = {
        f"matrix product, {accounts:,} accounts × {coins:,} coins × {rows:,} scenarios": "product_ms",
        "the same product in single precision": "single_product_ms",
        "VaR + ES of each account from its exposures, as measured here: single precision": "var_ms",
        "the same in double precision": "double_ms",
        "VaR + ES beside the product: gains given": "tail_ms",
        **{f"everything by the {m} method: accounts, desks, whole, parts": f"{m}_ms" for m in VarMethod},
    }
    figures = grid(
        ("Work", "median", "least", "unit", "× the product"),
        [
            (
                name,
                number(found[key], 2),
                number(found[key.replace("_ms", "_min_ms")], 2),
                "ms",
                ratio(found[key] / product_ms),
            )
            for name, key in work.items()
        ],
    )
    kept = grid(
        ("Promise", "measured", ""),
        [
            (str(p["promise"]), f"{number(p['measured'], 2)} {p['unit']}", verdict(bool(p["is_kept"])))
            for p in promises
        ],
    )
    return f"{figures}\n\n{kept}"


def run(size: str, repetitions: int | None = None) -> Row:
    """Run the benchmark; ``repetitions`` are rounds of each kind of work."""
    found = measured(size, repetitions or ROUNDS[size])
    shape = SIZES[size]
    promises: list[Row] = [
        {
            "promise": f"VaR + ES of each account in at most {BUDGET_MS:g} ms",
            "measured": found["var_ms"],
            "limit": BUDGET_MS,
            "unit": "ms",
            "is_kept": found["var_ms"] <= BUDGET_MS,
        }
    ]
    return {
        "rows": [dict(found)],
        "promises": promises,
        "records": [],
        "table": table(found, promises, shape),
    }

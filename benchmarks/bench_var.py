"""Value at risk and expected shortfall of all accounts against the one matrix product that they cannot do without."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.report import Row, grid, number, ratio, verdict
from marginwatch.risk.history.mapping import CoinSource, History, Source
from marginwatch.risk.var.exposures import Exposures
from marginwatch.risk.var.measure import account_gains, measure_with
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


def median_ms(work: Callable[[], object], rounds: int) -> float:
    work()
    times: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def measured(size: str, rounds: int) -> dict[str, float]:
    """Return the medians; the work and its reference take turns in one process."""
    exposures, history = made_up(*SIZES[size])
    returns = np.expm1(history.values)
    single, single_returns = exposures.linear_usd.astype(np.float32), returns.astype(np.float32)
    gains = account_gains(exposures, returns)
    found = {
        "product_ms": median_ms(lambda: exposures.linear_usd @ returns.T, rounds),
        "var_ms": median_ms(lambda: var_and_shortfall(account_gains(exposures, returns), 0.99), rounds),
        "tail_ms": median_ms(lambda: var_and_shortfall(gains, 0.99), rounds),
        "single_ms": median_ms(lambda: var_and_shortfall(single @ single_returns.T, 0.99), rounds),
    }
    for method in VarMethod:
        settings = VarSettings(method=method, horizon_s=10 * DAY_S)
        work = lambda settings=settings: measure_with(exposures, history, settings)  # noqa: E731  # one call a method
        found[f"{method}_ms"] = median_ms(work, max(2, rounds // 5))
    return found


def table(found: dict[str, float], promises: list[Row], shape: tuple[int, int, int]) -> str:
    """Return the figures and the promise as Markdown."""
    accounts, coins, rows = shape
    product_ms = found["product_ms"]
    work = {
        f"matrix product, {accounts:,} accounts × {coins:,} coins × {rows:,} scenarios": "product_ms",
        "VaR + ES of each account, product included": "var_ms",
        "VaR + ES of each account, beside the product": "tail_ms",
        "product, VaR + ES in single precision": "single_ms",
        **{f"everything by the {m} method: accounts, desks, whole, parts": f"{m}_ms" for m in VarMethod},
    }
    figures = grid(
        ("Work", "median", "unit", "× the product"),
        [(name, number(found[key], 2), "ms", ratio(found[key] / product_ms)) for name, key in work.items()],
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
            "promise": f"VaR + ES in at most {BUDGET_MS:g} ms beside the matrix product",
            "measured": found["tail_ms"],
            "limit": BUDGET_MS,
            "unit": "ms",
            "is_kept": found["tail_ms"] <= BUDGET_MS,
        }
    ]
    return {
        "rows": [dict(found)],
        "promises": promises,
        "records": [],
        "table": table(found, promises, shape),
    }

"""The full frame of :mod:`benchmarks.bench_frame` as a budget, in the form that the runner prints."""

from benchmarks import bench_frame
from benchmarks.report import Row, grid, number, ratio, verdict

SIZES = {"full": (10_000, 20, 500), "tiny": (40, 5, 20)}
ROUNDS = {"full": 20, "tiny": 2}
BUDGET_MS = 15.0


def table(found: dict[str, float | int], promises: list[Row]) -> str:
    """Return the figures and the promise as Markdown."""
    frame_ms = found["frame_ms"]
    lane = f"fast lane, {found['lane_accounts']} accounts, prices valued anew"
    figures = grid(
        ("Work", "median", "unit", "frame is"),
        [
            (f"full frame, {found['positions']:,} positions", number(frame_ms, 2), "ms", ""),
            (
                "numpy totals + 5 group-bys",
                number(found["numpy_totals_ms"], 2),
                "ms",
                ratio(frame_ms / found["numpy_totals_ms"]),
            ),
            (
                "dict loop as usually written",
                number(found["dict_loop_ms"], 2),
                "ms",
                ratio(frame_ms / found["dict_loop_ms"]),
            ),
            ("margin sheet of all accounts", number(found["sheet_ms"], 2), "ms", ""),
            ("one tiered margin pass over it", number(found["margins_ms"], 2), "ms", ""),
            (lane, number(found["lane_us"], 1), "µs", ""),
            (
                "all built-in rules over it, nothing changes",
                number(found["rules_ms"], 2),
                "ms",
                ratio(frame_ms / found["rules_ms"]),
            ),
            ("the rules of such a lane", number(found["lane_rules_us"], 1), "µs", ""),
            ("apply one position message", number(found["apply_us"], 2), "µs", ""),
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
    accounts, positions, instruments = SIZES[size]
    found = bench_frame.run(accounts, positions, instruments, repetitions or ROUNDS[size])
    promise = (
        f"full frame of {found['positions']:,} positions, {accounts:,} accounts in at most {BUDGET_MS:g} ms"
    )
    promises: list[Row] = [
        {
            "promise": promise,
            "measured": found["frame_ms"],
            "limit": BUDGET_MS,
            "unit": "ms",
            "is_kept": found["frame_ms"] <= BUDGET_MS,
        }
    ]
    return {"rows": [dict(found)], "promises": promises, "records": [], "table": table(found, promises)}

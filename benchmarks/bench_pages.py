"""What a dashboard asks of the loop: the first page, streamed several times a second, and questions "what if"."""

import asyncio
import statistics
import time

import msgspec

from benchmarks.bench_frame import filled_book, median_ms
from benchmarks.report import Row, grid, number, ratio, verdict
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.model.scenario import Scenario
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.heavy.what_if import solve_what_if
from marginwatch.web.overview_replies import overview_reply

SIZES = {"full": (1_000, 10_000, 20, 500), "tiny": (20, 40, 5, 20)}
ROUNDS = {"full": 20, "tiny": 2}
OVERVIEW_MS = 2.0
WHAT_IF_MS = 300.0
MOVE = Scenario(name="what if", btc_move=-0.2, beta_factor=1.2)


class Desk:
    """A desk whose heavy measures are reckoned."""

    def __init__(self, n_accounts: int, n_positions: int, n_instruments: int) -> None:
        book, clock = filled_book(n_accounts, n_positions, n_instruments)
        self.engine = Engine(book, clock)
        self.engine.run_frame()
        self.heavy = HeavyWork(self.engine, clock)
        asyncio.run(self.heavy.answer(Asked(parts=("distance", "levels", "value_at_risk"))))

    def overview_ms(self, rounds: int) -> float:
        """Return what the first page of a new frame takes, encoded."""
        times: list[float] = []
        for _ in range(rounds):
            frame = self.engine.run_frame()
            started = time.perf_counter()
            msgspec.json.encode(overview_reply(frame))
            times.append((time.perf_counter() - started) * 1e3)
        return statistics.median(times)

    def what_if_ms(self, rounds: int) -> tuple[float, float]:
        """Return what gathering on the loop takes, and a whole question with it."""
        inputs = self.heavy.what_if_inputs()
        gathered = median_ms(self.heavy.what_if_inputs, rounds)
        return gathered, gathered + median_ms(lambda: solve_what_if(inputs, MOVE), rounds)


def run(size: str, repetitions: int | None = None) -> Row:
    """Run the benchmark; ``repetitions`` are rounds of each kind of work."""
    few, many, positions, instruments = SIZES[size]
    rounds = repetitions or ROUNDS[size]
    rows: list[Row] = []
    for n in (few, many):
        desk = Desk(n, positions, instruments)
        frame_ms = median_ms(desk.engine.run_frame, rounds)
        gathered, whole = desk.what_if_ms(rounds)
        rows.append(
            {
                "accounts": n,
                "positions": n * positions,
                "frame_ms": frame_ms,
                "overview_ms": desk.overview_ms(rounds),
                "gather_ms": gathered,
                "what_if_ms": whole,
            }
        )
    promises: list[Row] = [
        {
            "promise": f"{what} of {n:,} accounts in at most {limit:g} ms",
            "measured": row[key],
            "limit": limit,
            "unit": "ms",
            "is_kept": float(str(row[key])) <= limit,
        }
        for what, n, row, key, limit in (
            ("first page", many, rows[1], "overview_ms", OVERVIEW_MS),
            ('a question "what if"', few, rows[0], "what_if_ms", WHAT_IF_MS),
        )
    ]
    return {"rows": rows, "promises": promises, "records": [], "table": table(rows, promises)}


def table(rows: list[Row], promises: list[Row]) -> str:
    """Return the figures and the promises as Markdown."""
    work = {
        "overview_ms": "first page, encoded",
        "gather_ms": "what if: gathering, on the loop",
        "what_if_ms": "what if: all of it",
    }
    figures = grid(
        ("Work", "median ms", "× a frame"),
        [
            (
                f"{text}, {row['accounts']:,} accounts, {row['positions']:,} positions",
                number(row[key], 2),
                ratio(float(str(row[key])) / float(str(row["frame_ms"]))),
            )
            for row in rows
            for key, text in work.items()
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

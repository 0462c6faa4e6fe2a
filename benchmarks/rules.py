"""200 rules over 10,000 accounts, and a few over 200,000 positions, when nothing changes; plain comparisons of that size beside them."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks.report import Row, grid, number, ratio, verdict
from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.model.alert import Scope, Subject
from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity
from marginwatch.risk.answers import Answer
from marginwatch.rules.column import Column, Measure, Moment
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.rulebook import RuleBook, RuleSettings

SIZES = {"full": (10_000, 200_000, 200, 40), "tiny": (40, 200, 10, 5)}
ROUNDS = {"full": 50, "tiny": 2}
BUDGET_MS = 3.0
LANE = 25
SECOND_NS = 1_000_000_000
POSITION_RULES = 10


class Subjects(NamedTuple):
    """Nobody in row 0, somebody in every other."""

    scope: Scope
    identities: CodeArray

    def subject(self, row: int) -> Subject:
        return Subject(scope=self.scope, name=f"{self.scope}-{row}", account_id=AccountId(f"a{row}"))

    def labels(self, row: int) -> dict[str, str]:
        return {"account": f"a{row}", "venue": "bybit", "desk": "market-making"}

    def context(self, row: int) -> dict[str, str]:  # noqa: ARG002 - the same for all
        return {"equity": "1,000 USD"}

    def data_age_s(self, row: int) -> float | None:  # noqa: ARG002 - likewise
        return 0.5


class Numbers:
    """A source whose columns are given; satisfies :class:`marginwatch.rules.column.Source`."""

    def __init__(
        self,
        at_ns: int,
        columns: dict[str, Column],
        subjects: dict[Scope, Subjects],
        lane: CodeArray | None = None,
    ) -> None:
        self.at_ns = at_ns
        self._columns = columns
        self._subjects = subjects
        self._lane = lane

    def rows(self, scope: Scope) -> CodeArray | None:
        if self._lane is None:
            return None
        return self._lane if scope == "account" else np.zeros(0, np.int64)

    def column(self, measure: Measure) -> Column | None:
        return self._columns.get(measure.name)

    def subjects(self, scope: Scope) -> Subjects:
        return self._subjects.get(scope) or Subjects(scope, np.zeros(0, np.int64))

    def is_judged(self, scope: Scope) -> BoolArray | None:  # noqa: ARG002 - everyone
        return None


def unread(_: Moment) -> Column:
    raise NotImplementedError


def measures_of(scope: Scope, count: int) -> list[Measure]:
    return [
        Measure(f"{scope}.m{one}", scope, "fraction", 0.0, 9.0, "made up", unread) for one in range(count)
    ]


def rules_of(measures: list[Measure], count: int) -> list[Rule]:
    """Return ladders of three steps, each a little further out than the one before."""
    return [
        Rule(
            name=f"{measures[one % len(measures)].scope}-rule-{one}",
            measure=measures[one % len(measures)].name,
            side="above",
            steps=tuple(
                Step(severity=severity, bound=bound + 0.001 * one, clear=bound + 0.001 * one - 0.05)
                for severity, bound in (
                    (Severity.WARNING, 1.0),
                    (Severity.HIGH, 1.5),
                    (Severity.CRITICAL, 2.0),
                )
            ),
            for_s=0.0,
            keep_firing_for_s=60.0,
        )
        for one in range(count)
    ]


def why(_: int) -> str:
    return "no message for 30 s"


def columns_of(measures: list[Measure], size: int, out: float, missing: float) -> dict[str, Column]:
    """Return columns of which shares of the rows are out of all bounds, or missing; every tenth does not apply."""
    chance = np.random.default_rng(7)
    columns: dict[str, Column] = {}
    is_out = chance.random(size) < out
    is_missing = chance.random(size) < missing
    for measure in measures:
        values = chance.random(size) * 0.9
        values[is_out] = 1.45
        answers = np.zeros(size, np.uint8)
        answers[chance.random(size) < 0.1] = Answer.NOT_APPLICABLE
        answers[is_out] = Answer.NUMBER
        answers[is_missing] = Answer.MISSING
        answers[0] = Answer.NOT_APPLICABLE
        values[answers != Answer.NUMBER] = np.nan
        columns[measure.name] = Column(values, answers, why, SECOND_NS)
    return columns


class Setting(NamedTuple):
    """Rules and what they are shown over and over."""

    book: RuleBook
    columns: dict[str, Column]
    subjects: dict[Scope, Subjects]

    def evaluate(self, turn: int) -> int:
        """Evaluate a frame; return how much changed."""
        return len(self.book.evaluate(Numbers((1 + turn) * SECOND_NS, self.columns, self.subjects)))

    def lane(self, turn: int) -> int:
        """Evaluate a lane of a few accounts."""
        rows = np.arange(1, 1 + LANE)
        columns = {
            name: Column(column.values[rows], column.answers[rows], why, SECOND_NS)
            for name, column in self.columns.items()
        }
        return len(self.book.evaluate(Numbers((1 + turn) * SECOND_NS, columns, self.subjects, rows)))


def setting(scope: Scope, size: int, n_rules: int, n_measures: int, out: float, missing: float) -> Setting:
    """Return rules that have taken in all that is out of bounds, so that nothing changes any more."""
    measures = measures_of(scope, n_measures)
    settings = RuleSettings(edges_max=10_000_000, unknown_after_s=1e6)
    book = RuleBook(rules_of(measures, n_rules), {one.name: one for one in measures}, settings)
    identities = np.arange(size, dtype=np.int64)
    made = Setting(book, columns_of(measures, size, out, missing), {scope: Subjects(scope, identities)})
    made.evaluate(0)
    return made


def timed(name: str, work: Callable[[int], int], rounds: int) -> dict[str, float]:
    """Return median and least milliseconds of processor time of a work that must find nothing new, ``…_ms`` and ``…_min_ms``."""
    times: list[float] = []
    for turn in range(1, rounds + 2):
        started = time.thread_time()
        found = work(turn)
        times.append((time.thread_time() - started) * 1e3)
        if found:
            raise AssertionError(f"{found} changes where there should be none")
    return {f"{name}_ms": statistics.median(times[1:]), f"{name}_min_ms": min(times[1:])}


def plain(columns: dict[str, Column], rules: int) -> Callable[[int], int]:
    """Return one comparison of a whole column for each rule, and whether any row is beyond."""
    stack = [column.values for column in columns.values()]

    def compare(_: int) -> int:
        return sum(bool((stack[one % len(stack)] > 9.0 + one).any()) for one in range(rules))

    return compare


def measured(size: str, rounds: int) -> dict[str, float]:
    """Return the milliseconds of each work."""
    accounts, positions, n_rules, n_measures = SIZES[size]
    shapes = {
        "quiet": (0.0, 0.0),
        "firing": (0.01, 0.0),
        "down": (0.01, 0.3),
        "crash": (0.3, 0.0),
    }
    found: dict[str, float] = {}
    for name, (out, missing) in shapes.items():
        made = setting("account", accounts, n_rules, n_measures, out, missing)
        found |= timed(name, made.evaluate, rounds)
        if name == "firing":
            found |= timed("lane", made.lane, rounds)
            found |= timed("plain", plain(made.columns, n_rules), rounds)
    held = setting("position", positions, POSITION_RULES, POSITION_RULES, 0.001, 0.01)
    found |= timed("positions", held.evaluate, rounds)
    found |= timed("plain_positions", plain(held.columns, POSITION_RULES), rounds)
    return found


def table(found: dict[str, float], promises: list[Row], shape: tuple[int, int, int, int]) -> str:
    """Return the figures and the promise as Markdown."""
    accounts, positions, n_rules, n_measures = shape
    held = f"{n_rules} rules, {n_measures} measures × {accounts:,} accounts"
    works = {
        f"{held}: all within bounds": ("quiet", "plain"),
        "1 % of the accounts out of bounds of every rule": ("firing", "plain"),
        "the same, and 30 % missing": ("down", "plain"),
        "30 % out of bounds of every rule": ("crash", "plain"),
        f"a lane of {LANE} accounts that has every measure, 1 % out": ("lane", "plain"),
        f"{POSITION_RULES} rules × {positions:,} positions, 0.1 % out, 1 % missing": (
            "positions",
            "plain_positions",
        ),
        f"plain: one comparison of a column for each of {n_rules} rules": ("plain", ""),
        "plain: the same for the positions": ("plain_positions", ""),
    }
    figures = grid(
        ("Work", "median", "least", "unit", "× comparing"),
        [
            (
                name,
                number(found[f"{key}_ms"], 2),
                number(found[f"{key}_min_ms"], 2),
                "ms",
                ratio(found[f"{key}_ms"] / found[f"{beside}_ms"]) if beside else "",
            )
            for name, (key, beside) in works.items()
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
    accounts, _, n_rules, _ = SIZES[size]
    promises: list[Row] = [
        {
            "promise": f"{n_rules} rules over {accounts:,} accounts, 1 % out, nothing changes, in at most {BUDGET_MS:g} ms",
            "measured": found["firing_ms"],
            "limit": BUDGET_MS,
            "unit": "ms",
            "is_kept": found["firing_ms"] <= BUDGET_MS,
        }
    ]
    shown = table(found, promises, SIZES[size])
    return {"rows": [dict(found)], "promises": promises, "records": [], "table": shown}

"""The columns of the tables of value at risk."""

from collections.abc import Sequence
from typing import NamedTuple

from marginwatch.cli.output import Column
from marginwatch.risk.heavy_rows import BacktestRow, CorrelationRow, VarRow
from marginwatch.terminal.figures import MISSING, grouped, or_missing, percent
from marginwatch.web.risk_replies import VarReply

PARTS_SHOWN_MAX = 30
BAR_CELLS = 16
EIGHTHS = " ▏▎▍▌▋▊▉█"
HOUR_S, DAY_S = 3_600, 86_400


class Beside(NamedTuple):
    """A figure of everything and the verdict on past ones."""

    row: VarRow
    verdict: BacktestRow | None


class Drawn(NamedTuple):
    """A part and the bar of its contribution."""

    row: VarRow
    bar: str


def beside(reply: VarReply) -> list[Beside]:
    """Return the figures of everything, each with the backtest of its method and confidence where there is one."""
    verdicts = {(one.method, one.confidence): one for one in reply.backtests}
    return [
        Beside(row, verdicts.get((row.method, row.confidence)) if row.horizon_s == DAY_S else None)
        for row in reply.whole
    ]


def with_bars(rows: Sequence[VarRow]) -> list[Drawn]:
    """Return parts with bars of what they add."""
    largest = max((row.component_var_usd or 0.0 for row in rows), default=0.0)
    return [Drawn(row, _bar(row.component_var_usd or 0.0, largest)) for row in rows]


def _bar(value: float, largest: float) -> str:
    if value <= 0.0 or largest <= 0.0:
        return ""
    full, rest = divmod(round(value / largest * BAR_CELLS * 8), 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def horizon(seconds: int) -> str:
    """Return a horizon in words."""
    return f"{seconds // DAY_S} d" if seconds % DAY_S == 0 else f"{seconds // HOUR_S} h"


def light(one: BacktestRow | None) -> str:
    """Return the verdict of a backtest in words; never green before there is enough."""
    if one is None:
        return MISSING
    if one.progress is None:
        return f"{one.light}, {one.n_exceptions} of {one.n_days} days beyond"
    return f"grey: {one.progress}" + (f", {one.certain} already" if one.certain else "")


WHOLE_COLUMNS = (
    Column("method", lambda one: one.row.method, is_number=False),
    Column("horizon", lambda one: horizon(one.row.horizon_s)),
    Column("confidence", lambda one: percent(one.row.confidence, 0)),
    Column("VaR USD", lambda one: grouped(one.row.var_usd)),
    Column("ES USD", lambda one: grouped(one.row.expected_shortfall_usd)),
    Column("backtest", lambda one: light(one.verdict), is_number=False, rank=1),
)
_CONTRIBUTIONS = (
    Column("adds to VaR", lambda drawn: grouped(drawn.row.component_var_usd)),
    Column("", lambda drawn: drawn.bar, is_number=False, rank=2),
    Column("adds to ES", lambda drawn: grouped(drawn.row.component_expected_shortfall_usd), rank=1),
    Column(
        "for 1 USD more",
        lambda drawn: MISSING if drawn.row.marginal_var is None else f"{drawn.row.marginal_var:+.4f}",
        rank=3,
    ),
)
ASSET_COLUMNS = (Column("coin", lambda drawn: or_missing(drawn.row.name), is_number=False), *_CONTRIBUTIONS)
PART_COLUMNS = (
    Column("name", lambda drawn: or_missing(drawn.row.name), is_number=False),
    Column("VaR USD", lambda drawn: grouped(drawn.row.var_usd)),
    Column("ES USD", lambda drawn: grouped(drawn.row.expected_shortfall_usd)),
    *_CONTRIBUTIONS,
)


def part_title(by: str, row: VarRow) -> str:
    """Return what the parts are of."""
    return f"By {by}: {row.method}, {percent(row.confidence, 0)}, {horizon(row.horizon_s)}"


def correlation_notes(of: CorrelationRow | None) -> list[str]:
    """Return the line that says whether correlations are what they were."""
    if of is None or of.is_broken is None:
        return ["Correlations: too little history to tell whether they are what they were."]
    state = "BROKEN from their history" if of.is_broken else "as usual"
    means = f"mean {grouped(of.mean_recent, 2)} recently, {grouped(of.mean_long_run, 2)} over the long run"
    return [f"Correlations: {state} ({means})."]

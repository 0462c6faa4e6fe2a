"""Value at risk as rows: of everything by every method, and one of them taken apart."""

import datetime as dt
import math
from typing import TYPE_CHECKING

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy_rows import BacktestRow, CorrelationRow, PartBasis, Scope, VarRow
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.var.coverage import CoverageTest
from marginwatch.risk.var.measure import Figures, VarMeasures

if TYPE_CHECKING:
    from marginwatch.risk.heavy.value_at_risk import VarFigures

CORRELATED_SHOWN_MAX = 40
"""Coins whose correlations are shown one by one; nobody reads more, and squares grow fast."""


def var_basis(frame: Frame, measures: VarMeasures | None = None) -> PartBasis:
    """Return when value at risk was reckoned, what it rests on and what it leaves out."""
    held = frame.heavy.value_at_risk.held_at(frame.at_ns)
    if held.value is None or held.value.reason is not None:
        reason = held.reason if held.value is None else held.value.reason
        return PartBasis(age_s=held.age_s, reason=reason)
    if measures is None:
        return PartBasis(age_s=held.age_s)
    until = "" if measures.until_s is None else f" until {_utc(measures.until_s)}"
    sources = [
        f"{measures.n_rows} returns of {measures.interval_s // 3600} h each{until}; {measures.estimator}"
    ]
    if measures.sources:
        names = ", ".join(
            f"{one.name} ({one.source}, {one.n_borrowed} rows)" for one in measures.sources[:20]
        )
        sources.append(f"with rows that are not their own: {names}")
    return PartBasis(
        age_s=held.age_s,
        reason=measures.missing_reason,
        sources=tuple(sources),
        left_out=tuple(f"{name}: {why}" for name, why in measures.left_out),
    )


def _utc(at_s: int) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def whole_rows(figures: "VarFigures") -> list[VarRow]:
    """Return the figures of everything by each method, confidence and horizon."""
    n_out = int(np.count_nonzero(figures.exposures.is_missing))
    return [_row(one, one.portfolio, 0, "portfolio", None, n_out) for one in figures.measures]


def part_rows(figures: "VarFigures", measures: VarMeasures, by: str) -> list[VarRow]:
    """Return the figures of each desk, account or asset with what it contributes, the largest contribution first."""
    exposures = figures.exposures
    is_out = exposures.is_missing
    if by == "desk":
        held: list[int] = np.unique(exposures.desk).tolist()
        n_out = np.bincount(exposures.desk[is_out], minlength=len(exposures.desk_names)).tolist()
        rows = [
            _row(measures, measures.desks, code, "desk", exposures.desk_names[code], n_out[code])
            for code in held
        ]
    elif by == "account":
        names = exposures.account_ids
        rows = [_row(measures, measures.accounts, row, "account", name) for row, name in enumerate(names)]
    elif by == "asset":
        rows = [
            _row(measures, None, column, "asset", name) for column, name in enumerate(exposures.coin_names)
        ]
        rows = [row for row in rows if row.component_var_usd != 0.0]
    else:
        rows = [_row(measures, measures.portfolio, 0, "portfolio", None, int(np.count_nonzero(is_out)))]
    return sorted(rows, key=lambda row: -(row.component_var_usd or row.var_usd or 0.0))


def _row(
    measures: VarMeasures, of: Figures | None, place: int, scope: Scope, name: str | None, n_left_out: int = 0
) -> VarRow:
    nulls, why = Nulls(), measures.missing_reason or "an exposure or its history"
    var = shortfall = None
    if of is not None:
        answer = int(of.answer[place])
        var = nulls.number("var_usd", of.var_usd[place], why, answer)
        shortfall = nulls.number("expected_shortfall_usd", of.shortfall_usd[place], why, answer)
        if n_left_out and var is not None:
            partial = f"not included: {n_left_out} account{'s' if n_left_out > 1 else ''}"
            nulls.reasons |= dict.fromkeys(("var_usd", "expected_shortfall_usd"), partial)
    else:
        for field in ("var_usd", "expected_shortfall_usd"):
            nulls.number(field, math.nan, why, Answer.NOT_APPLICABLE)
    parts = {"asset": "by_coin", "account": "by_account", "desk": "by_desk"}
    component = component_shortfall = marginal = None
    if scope in parts:
        column = parts[scope]
        component = _part(measures.var_parts, column, place, nulls, "component_var_usd", why)
        component_shortfall = _part(
            measures.shortfall_parts, column, place, nulls, "component_expected_shortfall_usd", why
        )
        marginal = _part(measures.var_parts, f"marginal_{column}", place, nulls, "marginal_var", why)
    return VarRow(
        method=measures.method,
        confidence=measures.confidence,
        horizon_s=measures.horizon_s,
        scope=scope,
        name=name,
        var_usd=var,
        expected_shortfall_usd=shortfall,
        component_var_usd=component,
        component_expected_shortfall_usd=component_shortfall,
        marginal_var=marginal,
        reasons=nulls.reasons,
    )


def _part(parts: object, column: str, place: int, nulls: Nulls, field: str, why: str) -> float | None:
    value = math.nan if parts is None else float(getattr(parts, column)[place])
    return nulls.number(field, value, why)


def backtest_rows(figures: "VarFigures") -> list[BacktestRow]:
    """Return the verdicts on past one-day forecasts of everything."""
    return [
        BacktestRow(
            method=method,
            confidence=confidence,
            light=of.light,
            progress=of.progress,
            certain=of.certain,
            n_days=of.n_days,
            n_exceptions=of.n_exceptions,
            n_expected=of.n_expected,
            kupiec_p=_p(of.kupiec),
            christoffersen_p=_p(of.christoffersen),
        )
        for (method, confidence), of in sorted(figures.backtests.items())
    ]


def _p(test: CoverageTest) -> float | None:
    return float(test.p_value) if test.p_value is not None and math.isfinite(test.p_value) else None


def correlation_row(figures: "VarFigures") -> CorrelationRow | None:
    """Return whether correlations are what they were; None without a history."""
    of = figures.correlations
    if of is None:
        return None
    is_known = of.answer == Answer.NUMBER

    def known(value: float) -> float | None:
        return value if is_known and math.isfinite(value) else None

    return CorrelationRow(
        is_broken=of.is_broken if is_known else None,
        distance=known(of.distance),
        threshold=known(of.threshold),
        mean_recent=known(of.mean_recent),
        mean_long_run=known(of.mean_long_run),
        pairs=tuple((one.first, one.second, one.recent, one.long_run) for one in of.pairs),
        names=of.names[:CORRELATED_SHOWN_MAX] if is_known else (),
        recent=_square(of.recent) if is_known else (),
        long_run=_square(of.long_run) if is_known else (),
    )


def _square(matrix: FloatArray) -> tuple[tuple[float, ...], ...]:
    shown = matrix[:CORRELATED_SHOWN_MAX, :CORRELATED_SHOWN_MAX]
    return tuple(tuple(row) for row in shown.tolist())

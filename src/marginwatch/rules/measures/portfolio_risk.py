"""Value at risk as a share of equity, whether its model still holds, and how alike coins move."""

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.heavy.parts import NOT_YET
from marginwatch.risk.heavy.value_at_risk import VarFigures
from marginwatch.risk.history.closes import DAY_S
from marginwatch.risk.var.measure import Figures, VarMeasures
from marginwatch.risk.var.traffic_light import Light
from marginwatch.rules.column import Column, Measure, Moment, ReadColumn
from marginwatch.rules.measures.columns import (
    SHARE_MAX,
    Made,
    account_column,
    frame_of,
    group_column,
    multiple,
    said,
    share,
    whole_gross_usd,
)
from marginwatch.rules.members import GroupScope, names_of

CONFIDENCE = 0.95

ZONES = {Light.GREEN: 0.0, Light.YELLOW: 1.0, Light.RED: 2.0}


def _measured(moment: Moment) -> tuple[VarMeasures | None, str, int]:
    """Return the figures at 95 % and one day by the configured method; or why there are none; and their moment."""
    frame = frame_of(moment)
    part = frame.heavy.value_at_risk
    held = part.held_at(frame.at_ns)
    if held.value is None:
        return None, held.reason or NOT_YET, part.at_ns or frame.at_ns
    found = held.value.find(held.value.settings.method, CONFIDENCE, DAY_S)
    if found is None or found.missing_reason is not None:
        return None, (found.missing_reason if found else held.value.reason) or NOT_YET, part.at_ns
    return found, "an exposure or its history", part.at_ns


def _whole(moment: Moment, is_of_gross: bool) -> Column:
    frame = frame_of(moment)
    found, reason, at_ns = _measured(moment)
    of = moment.members.groups("portfolio", frame)
    var = np.full(2, np.nan)
    answer = Answer.MISSING
    if found is not None:
        var[1], answer = found.portfolio.var_usd[0], Answer(int(found.portfolio.answer[0]))
    if is_of_gross:
        values, answers, _ = share(var, np.full(2, whole_gross_usd(moment)))
    else:
        values, answers, _ = multiple(var, np.where(of.n_without_equity > 0.0, np.nan, of.equity_usd))
    if answer != Answer.NUMBER:
        answers[1] = answer
    return group_column(moment, "portfolio", Made(values, answers), said(reason), at_ns)


def _desks(moment: Moment) -> Column:
    frame = frame_of(moment)
    of = moment.members.groups("desk", frame)
    found, reason, at_ns = _measured(moment)
    held = frame.heavy.value_at_risk.value
    var, kinds = np.full(of.n_accounts.shape, np.nan), np.full(of.n_accounts.shape, np.uint8(Answer.MISSING))
    if found is not None and held is not None:
        codes = {name: code for code, name in enumerate(frame.desk_names)}
        for place, name in enumerate(held.exposures.desk_names[: len(found.desks.answer)]):
            if (code := codes.get(name)) is not None:
                var[code], kinds[code] = found.desks.var_usd[place], found.desks.answer[place]
    values, answers, _ = multiple(var, np.where(of.n_without_equity > 0.0, np.nan, of.equity_usd))
    answers = np.where(kinds == Answer.NUMBER, answers, kinds)
    return group_column(moment, "desk", Made(values, answers), said(reason), at_ns)


def _accounts(moment: Moment) -> Column:
    frame = frame_of(moment)
    found, reason, at_ns = _measured(moment)
    held = frame.heavy.value_at_risk.value
    size: int = frame.inclusion.shape[0]
    if found is None or held is None:
        blank = moment.members.blank(size, Answer.MISSING)
        return account_column(moment, Made(*blank), said(reason), at_ns)
    figures, names = found.accounts, held
    var, kinds = moment.members.once(
        "value at risk of accounts",
        (found, frame.book.groups_version, size),
        lambda: _by_row(moment, figures, names, size),
    )
    values, answers, _ = multiple(var, frame.accounts.equity_usd)
    return account_column(
        moment, Made(values, np.where(kinds == Answer.NUMBER, answers, kinds)), said(reason), at_ns
    )


def _by_row(moment: Moment, figures: Figures, held: VarFigures, size: int) -> tuple[FloatArray, AnswerArray]:
    var, kinds = np.full(size, np.nan), np.full(size, np.uint8(Answer.MISSING))
    rows = moment.members.account_rows
    pairs = [(rows[name], place) for place, name in enumerate(held.exposures.account_ids) if name in rows]
    table = np.array(pairs, np.int64).reshape(-1, 2)
    var[table[:, 0]], kinds[table[:, 0]] = figures.var_usd[table[:, 1]], figures.answer[table[:, 1]]
    return var, kinds


def _zone(moment: Moment) -> Column:
    """Return the verdict of the backtest at 95 %; before 250 days are known only what is certain already."""
    frame = frame_of(moment)
    part = frame.heavy.value_at_risk
    held = part.held_at(frame.at_ns)
    values, answers = np.full(2, np.nan), np.full(2, np.uint8(Answer.NOT_APPLICABLE))
    if held.value is None:
        # Without value at risk, that is what is told to be missing; a verdict of yesterday would hold all the same.
        return Column(values, answers, said(held.reason or NOT_YET), frame.at_ns)
    method = held.value.settings.method
    tests = [one for (name, _), one in held.value.backtests.items() if name == method]
    zones = [
        ZONES[light]
        for one in tests
        if (light := one.certain if one.light is Light.GREY else one.light) is not None
    ]
    if zones:
        values[1], answers[1] = max(zones), Answer.NUMBER
    return Column(values, answers, said(""), part.at_ns)


def _mean_correlation(moment: Moment, scope: GroupScope) -> Column:
    """Return the same number for each group: what coins do is nobody's own."""
    frame = frame_of(moment)
    n = len(names_of(scope, frame))
    part = frame.heavy.value_at_risk
    held = part.held_at(frame.at_ns)
    watch = None if held.value is None else held.value.correlations
    values, answers = np.full(n, np.nan), np.full(n, np.uint8(Answer.MISSING))
    if watch is not None:
        answers[:] = watch.answer
        values[:] = watch.mean_recent if watch.answer == Answer.NUMBER else np.nan
    return Column(values, answers, said(held.reason or "too little history"), part.at_ns or frame.at_ns)


def _share_of_equity(scope: str, read: ReadColumn) -> Measure:
    description = "Value at risk, 95 %, one day, by the configured method ÷ equity; high is bad."
    return Measure(f"{scope}.var_to_equity", scope, "fraction", 0.0, SHARE_MAX, description, read)  # pyright: ignore[reportArgumentType]  # a scope


CORRELATED: tuple[GroupScope, ...] = ("portfolio", "desk", "tag")


def _correlation_measure(scope: GroupScope) -> Measure:
    return Measure(
        f"{scope}.mean_correlation",
        scope,
        "fraction",
        -1.0,
        1.0,
        "Mean correlation of the daily returns of all coins held, recent days weighing more; 1 is all as one.",
        lambda moment: _mean_correlation(moment, scope),
    )


MEASURES = (
    _share_of_equity("portfolio", lambda moment: _whole(moment, is_of_gross=False)),
    _share_of_equity("desk", _desks),
    _share_of_equity("account", _accounts),
    Measure(
        "portfolio.var_to_gross",
        "portfolio",
        "fraction",
        0.0,
        float("inf"),
        "Value at risk, 95 %, one day, by the configured method ÷ gross USD delta; high is bad.",
        lambda moment: _whole(moment, is_of_gross=True),
    ),
    Measure(
        "portfolio.var_model_zone",
        "portfolio",
        "rank",
        0.0,
        2.0,
        "Verdict on the last 250 daily forecasts of value at risk: 0 green, 1 yellow, 2 red, which rejects the model.",
        _zone,
    ),
    *(_correlation_measure(scope) for scope in CORRELATED),
)

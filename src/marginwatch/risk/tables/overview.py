"""The first page of everything. It is made several times a second: columns, and no loop over accounts that reckons."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.history.mapping import BENCHMARK
from marginwatch.risk.level_settings import LevelSettings
from marginwatch.risk.margin.lacking import Lack
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.measures.margin import usage
from marginwatch.risk.overview_rows import (
    LevelLine,
    NearestLiquidation,
    OldestData,
    TrafficLight,
    VarLine,
    WorstUsage,
)
from marginwatch.risk.tables.distances import worst_position
from marginwatch.risk.tables.ladders import row_in_frame
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.tables.sums import NOBODY_COUNTS
from marginwatch.risk.tables.values_at_risk import part_rows
from marginwatch.risk.var.backtest import Backtest
from marginwatch.risk.var.traffic_light import Light

TARGET_USAGE = LevelSettings().target_usage
NO_COLLATERAL = "no account that counts has margins and adjusted equity"


def combined_usages(frame: Frame, nulls: Nulls) -> dict[str, Any]:
    """Return Σ margin ÷ Σ adjusted equity over the accounts that count and have both margins and adjusted equity.

    As if each of them backed the others, which they do not: it says how much room all of them have together.
    """
    of, counts = frame.accounts, frame.inclusion == Inclusion.INCLUDED
    known = (
        counts
        & ~np.isnan(of.adjusted_equity_usd)
        & ~np.isnan(of.maintenance_margin_usd)
        & ~np.isnan(of.initial_margin_usd)
    )
    n = int(np.count_nonzero(known))
    n_counting = int(frame.portfolio.n_accounts[1])
    sums = [float(values[known].sum()) for values in (of.maintenance_margin_usd, of.initial_margin_usd)]
    ratios, answers = usage(np.array(sums), np.full(2, of.adjusted_equity_usd[known].sum()))
    found: dict[str, Any] = {"n_combined": n}
    for place, name in enumerate(("maintenance_margin_usage", "initial_margin_usage")):
        if n:
            found[name] = nulls.number(name, float(ratios[place]), NO_COLLATERAL, int(answers[place]))
        else:
            alone = Answer.NOT_APPLICABLE if n_counting and _stands_alone(frame)[counts].all() else None
            found[name] = nulls.number(name, math.nan, NO_COLLATERAL if n_counting else NOBODY_COUNTS, alone)
        if n and n < n_counting:
            nulls.reasons.setdefault(name, f"not included: {n_counting - n} accounts without it")
    return found


def idle_collateral(frame: Frame, nulls: Nulls) -> float | None:
    """Return what could leave the accounts that count without any of them passing its target usage, USD.

    Of each adjusted equity − the larger of initial margin and maintenance margin ÷ target usage, at least 0; nothing of
    isolated accounts. As in :func:`marginwatch.risk.margin_sums.account_figures`, of this very frame.
    """
    of, counts = frame.accounts, frame.inclusion == Inclusion.INCLUDED
    needed = np.maximum(of.initial_margin_usd, of.maintenance_margin_usd / TARGET_USAGE)
    idle = np.maximum(of.adjusted_equity_usd - needed, 0.0)
    idle[_stands_alone(frame)] = 0.0
    mine = idle[counts]
    without = int(np.count_nonzero(np.isnan(mine)))
    if without == mine.shape[0]:
        return nulls.number("idle_usd", math.nan, NO_COLLATERAL if without else NOBODY_COUNTS)
    if without:
        nulls.reasons["idle_usd"] = f"not included: {without} accounts without it"
    return float(np.nansum(mine))


def _stands_alone(frame: Frame) -> BoolArray:
    """Return of which accounts it is known that no collateral of theirs backs several positions: the isolated ones."""
    return (frame.book.margin_mode == MARGIN_MODES["isolated"]) & (frame.accounts.lack == Lack.NOTHING)


def worst_usage(frame: Frame, nulls: Nulls) -> WorstUsage | None:
    """Return the account with the largest maintenance margin usage, the first of equal ones."""
    of = frame.accounts
    answers = np.where(
        frame.inclusion == Inclusion.NONE, np.uint8(Answer.NOT_APPLICABLE), of.maintenance_margin_usage_answer
    )
    code = _largest(of.maintenance_margin_usage, answers == Answer.NUMBER)
    spec = None if code is None else frame.book.specs[code]
    if code is None or spec is None:
        is_missing = bool((answers == Answer.MISSING).any())
        nulls.reasons["worst_usage"] = "missing: no account has a usage" if is_missing else "not_applicable"
        return None
    return WorstUsage(
        account_id=spec.account_id,
        desk=spec.desk,
        is_included=bool(frame.inclusion[code] == Inclusion.INCLUDED),
        maintenance_margin_usage=float(of.maintenance_margin_usage[code]),
    )


def oldest_data(frame: Frame, nulls: Nulls) -> OldestData | None:
    """Return the account that counts and of which nothing was heard for the longest."""
    ages = frame.data_age_s
    code = _largest(ages, (frame.inclusion == Inclusion.INCLUDED) & ~np.isnan(ages))
    spec = None if code is None else frame.book.specs[code]
    if code is None or spec is None:
        nulls.reasons["oldest_data"] = f"missing: {NOBODY_COUNTS}"
        return None
    return OldestData(account_id=spec.account_id, desk=spec.desk, data_age_s=float(ages[code]))


def _largest(values: FloatArray, is_number: BoolArray) -> int | None:
    """Return the row of the account with the largest number, the first of equal ones; None without any."""
    if not is_number.any():
        return None
    return int(np.where(is_number, values, -np.inf).argmax())


def nearest_liquidation(frame: Frame, nulls: Nulls) -> NearestLiquidation | None:
    """Return the account with the smallest distance to liquidation of all that have one."""
    name, held = "nearest_liquidation", frame.heavy.distance.held_at(frame.at_ns)
    figures, age_s = held.value, held.age_s
    if figures is None or age_s is None:
        nulls.reasons[name] = f"missing: {held.reason}"
        return None
    of, sheet = figures.common, figures.distances.sheet
    n_missing = int(np.count_nonzero(of.answer == Answer.MISSING))
    distance = np.where(of.answer == Answer.NUMBER, np.abs(of.shock), np.inf)
    while distance.shape[0] and np.isfinite(distance[row := int(distance.argmin())]):
        code = row_in_frame(frame, sheet, row)
        spec = None if code is None else frame.book.specs[code]
        if code is None or spec is None:
            distance[row] = np.inf
            continue
        if n_missing:
            nulls.reasons[name] = f"not included: {n_missing} accounts without it"
        shock = float(of.shock[row])
        price = figures.btc_usd * (1.0 + shock)
        return NearestLiquidation(
            account_id=spec.account_id,
            desk=spec.desk,
            is_included=bool(frame.inclusion[code] == Inclusion.INCLUDED),
            side="down" if figures.distances.common.is_down_nearer[row] else "up",
            liquidation_distance=abs(shock),
            liquidation_shock=shock,
            liquidation_btc_price=price if math.isfinite(price) else None,
            worst_position=worst_position(figures, row),
            age_s=age_s,
        )
    is_safe = bool((of.answer == Answer.NONE_IN_RANGE).any())
    nothing = "none_in_range" if is_safe else "not_applicable"
    nulls.reasons[name] = f"missing: {n_missing} accounts without it" if n_missing else nothing
    return None


def level_line(frame: Frame) -> LevelLine:
    """Return the level of everything, or why there is none."""
    held = frame.heavy.levels.held_at(frame.at_ns)
    if held.value is None:
        why = f"missing: {held.reason}"
        reasons = {"risk_level": why, "risk_score": why}
        return LevelLine(
            risk_level=None,
            risk_score=None,
            is_at_least=False,
            driver=None,
            age_s=held.age_s,
            reasons=reasons,
        )
    of = held.value.levels.portfolio
    return LevelLine(
        risk_level=of.level,
        risk_score=of.score,
        is_at_least=of.is_at_least,
        driver=of.driver,
        age_s=held.age_s,
        reasons={f"risk_{name}": why for name, why in of.reasons.items()},
    )


def var_line(frame: Frame) -> VarLine:
    """Return value at risk of everything as it is shown first, with the verdict on its past forecasts."""
    held = frame.heavy.value_at_risk.held_at(frame.at_ns)
    figures = held.value
    own = None if figures is None else figures.settings
    measures = (
        None if figures is None or own is None else figures.find(own.method, own.confidence, own.horizon_s)
    )
    if figures is None or own is None or measures is None:
        why = f"missing: {held.reason or (figures and figures.reason) or 'not reckoned'}"
        names = ("var_usd", "expected_shortfall_usd", "light", "n_left_out")
        return VarLine(
            **dict.fromkeys(names),
            method=None if own is None else own.method,
            confidence=None if own is None else own.confidence,
            horizon_s=None if own is None else own.horizon_s,
            age_s=held.age_s,
            reasons=dict.fromkeys(names, why),
        )
    row = part_rows(figures, measures, "portfolio")[0]
    light, why_no_light = _light(figures.backtests.get((own.method, own.confidence)))
    return VarLine(
        var_usd=row.var_usd,
        expected_shortfall_usd=row.expected_shortfall_usd,
        method=row.method,
        confidence=row.confidence,
        horizon_s=row.horizon_s,
        light=light,
        n_left_out=len(measures.left_out),
        age_s=held.age_s,
        reasons=row.reasons if why_no_light is None else {**row.reasons, "light": why_no_light},
    )


LIGHTS: Mapping[Light, TrafficLight] = {Light.GREEN: "green", Light.YELLOW: "yellow", Light.RED: "red"}


def _light(past: Backtest | None) -> tuple[TrafficLight | None, str | None]:
    """Return the light, or None and why it is still grey."""
    if past is None:
        return None, "missing: no forecast has been compared with what happened yet"
    if past.light is Light.GREY:
        certain = "" if past.certain is None else f", {past.certain} already certain"
        return None, f"missing: {past.progress}{certain}"
    return LIGHTS[past.light], None


def benchmark_price(frame: Frame, nulls: Nulls) -> float | None:
    """Return Bitcoin's price in USD at the frame, of the first venue that has one."""
    prices, coins = frame.prices, frame.book.coins
    found = math.nan
    if BENCHMARK in coins:
        usd = prices.usd[prices.coin == coins.index(BENCHMARK)]
        known = usd[np.isfinite(usd)]
        found = float(known[0]) if known.shape[0] else math.nan
    return nulls.number("btc_price", found, "no venue has said a price young enough")

"""How risky accounts, desks and everything are: levels and scores from stated thresholds, and what they rest on."""

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.account_margins import leverage
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.contributions import contributions
from marginwatch.risk.level_rows import (
    Level,
    LevelMeasure,
    Levels,
    MarginSums,
    RiskLevel,
    RiskyPosition,
)
from marginwatch.risk.level_scores import HIGH_SCORE, LevelInputs, Scores, account_scores
from marginwatch.risk.level_settings import LevelSettings, Threshold
from marginwatch.risk.liquidation.exposures import leg_deltas
from marginwatch.risk.margin_sums import account_figures, margin_sums
from marginwatch.risk.measures.margin import usage
from marginwatch.risk.tables.nulls import Nulls

MEDIUM_SCORE = 4.0
RISKIEST = 3
"""Positions named beside a level."""


def scores(inputs: LevelInputs, settings: LevelSettings | None = None) -> tuple[FloatArray, AnswerArray]:
    """Return the unrounded score of every account, shape (k,), in [1, 10], with its answer.

    The worst of its measures. ``MISSING`` where a measure is, unless what is known is HIGH already; ``NOT_APPLICABLE`` where
    nothing is held.
    """
    found = account_scores(inputs, settings or LevelSettings())
    return np.where(found.answer == Answer.NUMBER, found.score, np.nan), found.answer


def level_of(score: float) -> Level:
    """Return the level of a score: LOW below 4, MEDIUM below 7, HIGH from there."""
    return "LOW" if score < MEDIUM_SCORE else "MEDIUM" if score < HIGH_SCORE else "HIGH"


def risk_levels(
    inputs: LevelInputs,
    settings: LevelSettings | None = None,
    *,
    left_out: Mapping[int, str] | None = None,
) -> Levels:
    """Return the levels of all accounts, desks and everything, with margin sums.

    An account's score is the worst of its measures. A desk's is the worst of the usages and the leverage of its sums, and
    of the scores of those of its accounts that are a noticeable part of it; it is *at least* so much where an account is
    missing.

    Parameters
    ----------
    inputs : LevelInputs
        Accounts, margins, distances, betas, covariances.
    settings : LevelSettings, optional
        Thresholds.
    left_out : mapping of int to str, optional
        Rows of accounts that no total contains (stale, lost), with the reason.
    """
    sheet, settings, outside = inputs.sheet, settings or LevelSettings(), dict(left_out or {})
    figures = account_figures(sheet, inputs.margins, settings.target_usage)
    basis = _Basis(inputs, settings, outside, account_scores(inputs, settings), figures)
    everyone: CodeArray = np.arange(sheet.n_accounts)
    codes: CodeArray = np.unique(sheet.desk[sheet.desk != 0])
    counts = ~sheet.is_missing
    counts[list(outside)] = False
    desk = np.where(counts & (sheet.desk != 0), np.searchsorted(codes, sheet.desk), -1)
    of_accounts, of_desks, of_all = (
        _riskiest(inputs, group, n_groups)
        for group, n_groups in (
            (everyone, sheet.n_accounts),
            (desk, int(codes.shape[0])),
            (np.where(counts, 0, -1), 1),
        )
    )
    desks: list[int] = codes.tolist()
    members: list[CodeArray] = [np.flatnonzero(sheet.desk == code) for code in desks]
    names = [sheet.desk_names[code] for code in desks]
    sums = [
        margin_sums(sheet, figures, rows, name, outside) for name, rows in zip(names, members, strict=True)
    ]
    total = margin_sums(sheet, figures, everyone, None, outside)
    return Levels(
        accounts=tuple(_account_level(basis, row, of_accounts[row]) for row in range(sheet.n_accounts)),
        desks=tuple(
            _group_level(basis, "desk", rows, summed, risky)
            for rows, summed, risky in zip(members, sums, of_desks, strict=True)
        ),
        portfolio=_group_level(basis, "portfolio", everyone, total, of_all[0]),
        sums=tuple(sums),
        total=total,
    )


class _Basis(NamedTuple):
    """What all levels rest on."""

    inputs: LevelInputs
    settings: LevelSettings
    outside: dict[int, str]
    scores: Scores
    figures: dict[str, FloatArray]


class _Risky(NamedTuple):
    """The riskiest positions of a group, and what contributions are parts of."""

    positions: tuple[RiskyPosition, ...]
    basis: Literal["covariance", "beta"]


def _riskiest(inputs: LevelInputs, group: CodeArray, n_groups: int) -> list[_Risky]:
    """Return the positions of each group that add most to its risk."""
    sheet = inputs.sheet
    found = contributions(sheet, group, n_groups, inputs.betas, inputs.covariance)
    delta, owner = leg_deltas(sheet), group[sheet.leg_account]
    legs = np.flatnonzero(found.part > 0.0)
    order = legs[np.lexsort((-found.part[legs], owner[legs]))]
    starts = np.searchsorted(owner[order], np.arange(n_groups + 1))
    risky: list[_Risky] = []
    for place in range(n_groups):
        first = order[int(starts[place]) : int(starts[place + 1])][:RISKIEST]
        positions = tuple(
            RiskyPosition(
                account_id=sheet.account_ids[int(sheet.leg_account[leg])],
                instrument_id=str(sheet.contract_names[int(sheet.leg_contract[leg])]),
                quantity=float(sheet.leg_quantity[leg]),
                delta_usd=float(delta[leg]),
                contribution=float(found.part[leg]),
            )
            for leg in first.tolist()
        )
        risky.append(_Risky(positions, "covariance" if found.is_variance[place] else "beta"))
    return risky


def _account_level(basis: _Basis, row: int, risky: _Risky) -> RiskLevel:
    sheet, found, nulls = basis.inputs.sheet, basis.scores, Nulls()
    why = basis.outside.get(row) or sheet.missing_reasons[row] or "a measure"
    measures: list[LevelMeasure] = []
    for each in found.measures:
        of_measure, answer = Nulls(), int(each.answer[row])
        measures.append(
            LevelMeasure(
                name=each.name,
                value=of_measure.number("value", float(each.value[row]), why, answer),
                score=of_measure.number(
                    "score",
                    float(each.score[row]),
                    why,
                    answer if answer == Answer.NOT_APPLICABLE or np.isnan(each.score[row]) else None,
                ),
                reasons=of_measure.reasons,
            )
        )
    score, answer = float(found.score[row]), int(found.answer[row])
    lacking = [each.name for each in found.measures if each.answer[row] == Answer.MISSING]
    if lacking:
        why = f"{', '.join(lacking)} ({why})"
    has_score = not np.isnan(score)
    kind = Answer.MISSING if lacking else answer
    return RiskLevel(
        scope="account",
        name=sheet.account_ids[row],
        level=level_of(score) if nulls.number("level", score, why, answer) is not None else None,
        score=math.floor(score)
        if nulls.number("score", score, why, None if has_score else kind) is not None
        else None,
        is_at_least=bool(found.is_at_least[row]),
        driver=found.measures[int(found.driver[row])].name if has_score else None,
        measures=tuple(measures),
        riskiest=risky.positions,
        basis=risky.basis,
        reasons=nulls.reasons,
    )


def _group_level(
    basis: _Basis, scope: Literal["desk", "portfolio"], rows: CodeArray, sums: MarginSums, risky: _Risky
) -> RiskLevel:
    """Return the level of a desk or everything: of its sums, and of those of its accounts that matter to it."""
    counting = np.array([row for row in rows.tolist() if row not in basis.outside], np.int64)
    measures = _measures_of_sums(basis, counting)
    worst, driver = -math.inf, None
    for each in measures:
        if each.score is not None and each.score > worst:
            worst, driver = each.score, each.name
    account = _worst_account(basis, counting)
    if account is not None:
        account_id, score = basis.inputs.sheet.account_ids[account], float(basis.scores.score[account])
        measures.append(LevelMeasure(name=f"account {account_id}", value=score, score=score))
        if score > worst:
            worst, driver = score, f"account {account_id}"
    is_known, nulls = math.isfinite(worst), Nulls()
    if not is_known:
        why = "missing: every account" if sums.left_out else "not_applicable"
        nulls.reasons |= {"level": why, "score": why}
    return RiskLevel(
        scope=scope,
        name=sums.name,
        level=level_of(worst) if is_known else None,
        score=math.floor(worst) if is_known else None,
        is_at_least=bool(sums.left_out) or bool(basis.scores.is_at_least[counting].any()),
        driver=driver,
        measures=tuple(measures),
        riskiest=risky.positions,
        basis=risky.basis,
        reasons=nulls.reasons,
    )


def _measures_of_sums(basis: _Basis, rows: CodeArray) -> list[LevelMeasure]:
    """Return usages and leverage of the sums over the accounts whose margins are joint and known."""
    margins, settings = basis.inputs.margins, basis.settings
    joint = rows[~np.isnan(margins.adjusted_equity[rows])]
    sums = np.array(
        [
            [margins.maintenance_margin[joint].sum()],
            [margins.initial_margin[joint].sum()],
        ]
    )
    adjusted = np.array([margins.adjusted_equity[joint].sum()])
    ratios, answers = usage(sums, adjusted)
    known = rows[~np.isnan(basis.figures["gross_usd"][rows]) & ~np.isnan(margins.equity[rows])]
    gross, equity = float(basis.figures["gross_usd"][known].sum()), np.array([margins.equity[known].sum()])
    ratio, answer = leverage(np.array([gross]), equity, np.array([float(gross > 0.0)]), np.zeros(1))
    return [
        _measure(name, float(value[0]), int(kind[0]), threshold)
        for name, value, kind, threshold in (
            ("maintenance_margin_usage", ratios[0], answers[0], settings.maintenance_margin_usage),
            ("initial_margin_usage", ratios[1], answers[1], settings.initial_margin_usage),
            ("leverage", ratio, answer, settings.leverage),
        )
    ]


def _measure(name: str, value: float, answer: int, threshold: Threshold) -> LevelMeasure:
    nulls = Nulls()
    score = float(threshold.scores(np.array([value]))[0])
    return LevelMeasure(
        name=name,
        value=nulls.number("value", value, "every account", answer),
        score=nulls.number("score", score, "every account", answer),
        reasons=nulls.reasons,
    )


def _worst_account(basis: _Basis, rows: CodeArray) -> int | None:
    """Return the account with the highest score among those that are a noticeable part of the whole."""
    noticeable = np.zeros(rows.shape[0], np.bool_)
    for field in ("gross_usd", "maintenance_margin_usd"):
        mine = np.nan_to_num(basis.figures[field][rows])
        noticeable |= (mine > 0.0) & (mine >= basis.settings.account_share * mine.sum())
    found = rows[noticeable & ~np.isnan(basis.scores.score[rows])]
    return int(found[np.argmax(basis.scores.score[found])]) if found.shape[0] else None

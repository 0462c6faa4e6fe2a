"""Scores of accounts: the worst of their measures, each by its threshold."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.account_margins import leverage
from marginwatch.risk.advice.pictures import usages
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.level_settings import LevelSettings, Threshold
from marginwatch.risk.liquidation.distance import Distances, Ways
from marginwatch.risk.liquidation.exposures import leg_deltas
from marginwatch.risk.margin.figures import AccountMargins
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import counted, grouped

HIGH_SCORE = 7.0


class LevelInputs(NamedTuple):
    """What levels are made from, by row of the sheet.

    Parameters
    ----------
    sheet, margins, distances : MarginSheet, AccountMargins, Distances
        Accounts, their figures now, their distances.
    betas : Betas
        By coin.
    covariance : ndarray of shape (m, m), float64, or None
        Of daily returns by coin of the sheet; NaN for coins without history.
    probability_24h : ndarray of shape (k,), float64, or None
        Chances; NaN is missing. None: not measured, and no part of the score.
    """

    sheet: MarginSheet
    margins: AccountMargins
    distances: Distances
    betas: Betas
    covariance: FloatArray | None = None
    probability_24h: FloatArray | None = None


class Measured(NamedTuple):
    """A measure of every account, shape (k,), with its answers and the scores it gives (NaN without one)."""

    name: str
    value: FloatArray
    answer: AnswerArray
    score: FloatArray


class Scores(NamedTuple):
    """Scores of accounts, shape (k,).

    Parameters
    ----------
    measures : tuple of Measured
        All that were looked at.
    score : ndarray of float64
        The worst of those that are known, in [1, 10]; NaN without any.
    answer : ndarray of uint8
        ``NOT_APPLICABLE`` where nothing is held; ``MISSING`` where a measure is, unless what is known is HIGH already.
    is_at_least : ndarray of bool
        A measure is missing: the true score may be higher.
    driver : ndarray of int64
        Which measure made the score; −1 for none.
    """

    measures: tuple[Measured, ...]
    score: FloatArray
    answer: AnswerArray
    is_at_least: BoolArray
    driver: CodeArray


def account_scores(inputs: LevelInputs, settings: LevelSettings) -> Scores:
    """Return the scores of all accounts of a sheet.

    Parameters
    ----------
    inputs : LevelInputs
        What they are made from.
    settings : LevelSettings
        Thresholds.
    """
    measures = _measures(inputs, settings)
    scores = np.stack([each.score for each in measures])
    is_missing: BoolArray = np.any(np.stack([each.answer == Answer.MISSING for each in measures]), axis=0)
    has_score = ~np.isnan(scores).all(axis=0)
    filled = np.where(np.isnan(scores), -np.inf, scores)
    score = np.where(has_score, filled.max(axis=0), np.nan)
    answer = np.where(has_score, np.uint8(Answer.NUMBER), np.uint8(Answer.NOT_APPLICABLE))
    is_open = is_missing & ~(score >= HIGH_SCORE)
    answer = np.where(is_open, np.uint8(Answer.MISSING), answer)
    driver = np.where(has_score, filled.argmax(axis=0), np.int64(-1))
    return Scores(measures, score, answer, is_missing, driver)


def _measures(inputs: LevelInputs, settings: LevelSettings) -> tuple[Measured, ...]:
    sheet = inputs.sheet
    ratios, answers = usages(sheet)
    gross = grouped(sheet.leg_account, np.abs(leg_deltas(sheet)), sheet.n_accounts)
    n_legs = counted(sheet.leg_account, sheet.n_accounts)
    ratio, ratio_answer = leverage(gross, inputs.margins.equity, n_legs, np.isnan(gross).astype(np.float64))
    found = [
        _measured("maintenance_margin_usage", ratios[1], answers[1], settings.maintenance_margin_usage),
        _measured("initial_margin_usage", ratios[0], answers[0], settings.initial_margin_usage),
        _distance("distance", inputs.distances.common, settings.distance),
        _distance("cautious_distance", inputs.distances.cautious, settings.cautious_distance),
        _measured("leverage", ratio, ratio_answer, settings.leverage),
    ]
    if inputs.probability_24h is not None:
        chance = inputs.probability_24h
        # Where there is no distance to speak of there is no chance either.
        of_distance = inputs.distances.common.answer
        kinds = np.where(
            np.isnan(chance),
            np.where(of_distance == Answer.NOT_APPLICABLE, of_distance, np.uint8(Answer.MISSING)),
            np.uint8(Answer.NUMBER),
        )
        found.append(_measured("probability_24h", chance, kinds, settings.probability_24h))
    return tuple(found)


def _distance(name: str, ways: Ways, threshold: Threshold) -> Measured:
    return _measured(name, np.abs(ways.shock), ways.answer, threshold)


def _measured(name: str, value: FloatArray, answer: AnswerArray, threshold: Threshold) -> Measured:
    score = np.where(answer == Answer.NUMBER, threshold.scores(value), np.nan)
    # Looked for and not there: nothing liquidates it, which is as calm as can be.
    score = np.where(answer == Answer.NONE_IN_RANGE, 1.0, score)
    return Measured(name, value, answer, score)

"""Measures of positions: cheap reads of whole columns, for there may be hundreds of thousands."""

import math

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.model.alert import Unit
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.parts import NOT_YET
from marginwatch.rules.column import Column, Measure, Moment, ReadColumn
from marginwatch.rules.measures.columns import (
    WHOLE_UNKNOWN,
    Reason,
    frame_of,
    said,
    whole_gross_usd,
    why_doubted,
)

ISOLATED = MARGIN_MODES["isolated"]
INFINITE = float("inf")

ADL_RANK_MAX = 5.0
"""The first fifth of the queue at the venue that counts in most steps so far."""


def _column(
    moment: Moment, values: FloatArray, answers: AnswerArray, reason: Reason, at_ns: int | None = None
) -> Column:
    """Return a column of positions, doubtful where their account is not heard as it should be."""
    frame = frame_of(moment)
    doubted = moment.members.doubted_positions(frame)

    def doubt(row: int) -> str:
        return why_doubted(moment, int(frame.book.account[row]))

    return Column(values, answers, reason, moment.at_ns if at_ns is None else at_ns, doubted, doubt)


def _numbers(moment: Moment, values: FloatArray, lacks: CodeArray) -> Column:
    """Return a column of numbers, missing in some rows."""
    answers = moment.members.blank(values.shape[0], Answer.NUMBER)[1]
    if lacks.shape[0]:
        answers = answers.copy()
        answers[lacks] = Answer.MISSING
    return _column(moment, values, answers, said("no price young enough, or no entry price"))


def _not_applicable(moment: Moment, size: int) -> Column:
    return _column(moment, *moment.members.blank(size, Answer.NOT_APPLICABLE), said(""))


def _exposure_usd(moment: Moment) -> Column:
    rows = frame_of(moment).rows
    return _numbers(moment, rows.exposure_usd, rows.unvalued)


def _notional_usd(moment: Moment) -> Column:
    rows = frame_of(moment).rows
    return _numbers(moment, rows.notional_usd, rows.without_size)


def _pnl_usd(moment: Moment) -> Column:
    rows = frame_of(moment).rows
    return _numbers(moment, rows.pnl_usd, rows.without_pnl)


def _exposure_share(moment: Moment) -> Column:
    frame = frame_of(moment)
    rows, gross = frame.rows, whole_gross_usd(moment)
    size = rows.exposure_usd.shape[0]
    if math.isnan(gross):
        return _column(moment, *moment.members.blank(size, Answer.MISSING), said(WHOLE_UNKNOWN))
    if gross == 0.0:
        return _not_applicable(moment, size)
    values = np.abs(rows.exposure_usd)
    values /= gross
    return _numbers(moment, values, rows.unvalued)


def _loss_to_margin(moment: Moment) -> Column:
    """Return the open loss of isolated positions as a share of what was put up for them."""
    frame = frame_of(moment)
    book, rows = frame.book, frame.rows
    size = rows.pnl_coin.shape[0]
    alone = book.margin_mode == ISOLATED
    if not alone.any():
        return _not_applicable(moment, size)
    mine = np.flatnonzero(alone.take(book.account))
    margin, pnl = rows.initial_margin.take(mine), rows.pnl_coin.take(mine)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(margin > 0.0, -pnl / margin, np.nan)
    # An option that was bought is paid for: it has no margin that it could lose.
    is_paid = margin == 0.0
    values, answers = np.full(size, np.nan), np.full(size, np.uint8(Answer.NOT_APPLICABLE))
    values[mine] = loss
    answers[mine] = np.where(np.isnan(loss) & ~is_paid, np.uint8(Answer.MISSING), np.uint8(Answer.NUMBER))
    answers[mine[is_paid]] = Answer.NOT_APPLICABLE
    return _column(moment, values, answers, said("its margin or its profit is not known"))


def _distance(moment: Moment) -> Column:
    frame = frame_of(moment)
    part, size = frame.heavy.distance, frame.book.opened.shape[0]
    held = part.held_at(frame.at_ns)
    if held.value is None:
        return _column(moment, *moment.members.blank(size, Answer.MISSING), said(held.reason or NOT_YET))
    figures = held.value.positions

    def make() -> tuple[FloatArray, AnswerArray]:
        n = min(size, figures.shock.shape[0])
        values, answers = np.full(size, np.nan), np.full(size, np.uint8(Answer.MISSING))
        np.abs(figures.shock[:n], out=values[:n])
        answers[:n] = figures.answer[:n]
        return values, answers

    values, answers = moment.members.once("distances of positions", (figures, size), make)
    later = np.flatnonzero(frame.book.opened > figures.n_opened)
    if later.shape[0]:
        values, answers = values.copy(), answers.copy()
        values[later], answers[later] = np.nan, Answer.MISSING
    reason = said("not reckoned since it was opened, or a figure of its account is not known")
    return _column(moment, values, answers, reason, part.at_ns)


def _adl_rank(moment: Moment) -> Column:
    values = frame_of(moment).book.adl_rank
    unsaid = values < 0.0
    if not unsaid.any():
        return _numbers(moment, values, np.zeros(0, np.int64))
    answers = unsaid * np.uint8(Answer.NOT_APPLICABLE)
    return _column(moment, np.where(unsaid, np.nan, values), answers, said(""))


def _flag(moment: Moment, values: FloatArray) -> Column:
    answers = moment.members.blank(values.shape[0], Answer.NUMBER)[1]
    return _column(moment, values, answers, said(""))


def _seconds_to_margin_change(moment: Moment) -> Column:
    frame: Frame = frame_of(moment)
    at_ns = frame.book.margin_change_at_ns
    rows = np.flatnonzero(at_ns > frame.at_ns)
    if not rows.shape[0]:
        return _not_applicable(moment, at_ns.shape[0])
    values = np.full(at_ns.shape, np.nan)
    answers = np.full(at_ns.shape, np.uint8(Answer.NOT_APPLICABLE))
    values[rows] = (at_ns[rows] - frame.at_ns) / 1e9
    answers[rows] = Answer.NUMBER
    return _column(moment, values, answers, said(""))


def _measure(
    name: str,
    unit: Unit,
    lowest: float,
    highest: float,
    description: str,
    read: ReadColumn,
    *,
    is_of_whole: bool = False,
) -> Measure:
    return Measure(
        f"position.{name}", "position", unit, lowest, highest, description, read, is_of_whole=is_of_whole
    )


MEASURES = (
    _measure(
        "exposure_usd", "usd", -INFINITE, INFINITE, "Signed USD delta; far from 0 is bad.", _exposure_usd
    ),
    _measure(
        "notional_usd", "usd", 0.0, INFINITE, "Size, USD, without delta and sign; high is bad.", _notional_usd
    ),
    _measure(
        "exposure_share",
        "fraction",
        0.0,
        INFINITE,
        "USD delta without sign ÷ gross USD delta of everything, accounts that are not heard at live marks; high is bad.",
        _exposure_share,
        is_of_whole=True,
    ),
    _measure(
        "unrealized_pnl_usd", "usd", -INFINITE, INFINITE, "Open profit at live marks; low is bad.", _pnl_usd
    ),
    _measure(
        "loss_to_margin",
        "fraction",
        -INFINITE,
        INFINITE,
        "Open loss ÷ margin put up, of isolated positions alone; near 1 it is liquidated.",
        _loss_to_margin,
    ),
    _measure(
        "liquidation_distance",
        "fraction",
        0.0,
        5.0,
        "The smallest move of its own price (isolated) or of its coin alone (cross, portfolio) that brings liquidation.",
        _distance,
    ),
    _measure(
        "adl_rank",
        "rank",
        0.0,
        ADL_RANK_MAX,
        "Place in the venue's queue of automatic deleveraging: 0 none, 5 the first fifth.",
        _adl_rank,
    ),
    _measure(
        "is_seized",
        "count",
        0.0,
        1.0,
        "1 while the venue liquidates or deleverages it.",
        lambda moment: _flag(moment, frame_of(moment).book.is_seized),
    ),
    _measure(
        "is_reduce_only",
        "count",
        0.0,
        1.0,
        "1 while the venue allows nothing but reducing it.",
        lambda moment: _flag(moment, frame_of(moment).book.is_reduce_only),
    ),
    _measure(
        "seconds_to_margin_change",
        "seconds",
        0.0,
        INFINITE,
        "Until an announced change of its margin requirements; low is bad.",
        _seconds_to_margin_change,
    ),
)

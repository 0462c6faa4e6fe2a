"""Columns made of what frames hold: shares, answers, and why a number is missing or doubtful."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.risk.margin.lacking import OF_CONTRACT, Lack, why
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.tables.left_out import why_left_out
from marginwatch.rules.column import Column, Moment
from marginwatch.rules.members import GroupScope

Reason: TypeAlias = Callable[[int], str]

SHARE_MAX = 1_000.0
"""Stands for any larger multiple of equity, and for anything against no equity at all."""


def frame_of(moment: Moment) -> Frame:
    """Return the frame of a moment.

    Raises
    ------
    TypeError
        If it is a lane result, which has only measures of accounts that say so.
    """
    if isinstance(moment.result, LaneResult):
        raise TypeError("this measure is not in a lane result")
    return moment.result


def said(text: str) -> Reason:
    """Return a reason that is the same for every row."""
    return lambda _: text


def answers_of(values: FloatArray) -> AnswerArray:
    """Return ``MISSING`` where a value is NaN, ``NUMBER`` elsewhere; uint8."""
    is_nan = np.isnan(values)
    # Missing is 3, a number 0.
    return is_nan * np.uint8(Answer.MISSING)


def multiple(amount: FloatArray, equity: FloatArray) -> tuple[FloatArray, AnswerArray]:
    """Return an amount as a multiple of equity, at most ``SHARE_MAX`` on either side.

    Parameters
    ----------
    amount, equity : ndarray of shape (n,), float64
        USD, NaN where missing.

    Returns
    -------
    values : ndarray of shape (n,), float64
        Something against no equity, or less than none, is ``SHARE_MAX`` with the sign of the amount; nothing is 0.
    answers : ndarray of shape (n,), uint8
        ``MISSING`` where either is, ``NOT_APPLICABLE`` where both are 0.
    """
    is_none = equity <= 0.0
    values = amount / np.where(is_none, 1.0, equity)
    values = np.where(is_none, np.sign(amount) * SHARE_MAX, values)
    values = np.clip(values, -SHARE_MAX, SHARE_MAX)
    answers = answers_of(values)
    is_empty = (amount == 0.0) & (equity == 0.0)
    answers[is_empty] = Answer.NOT_APPLICABLE
    values[is_empty] = np.nan
    return values, answers


def share(part: FloatArray, whole: FloatArray) -> tuple[FloatArray, AnswerArray]:
    """Return part ÷ whole; ``NOT_APPLICABLE`` where the whole is 0, ``MISSING`` where either is NaN."""
    is_none = whole == 0.0
    values = part / np.where(is_none, 1.0, whole)
    answers = answers_of(values)
    answers[is_none] = Answer.NOT_APPLICABLE
    values[is_none] = np.nan
    return values, answers


def missing_where(
    values: FloatArray, answers: AnswerArray, lacks: BoolArray
) -> tuple[FloatArray, AnswerArray]:
    """Return both with ``MISSING`` in some rows, in copies if there are any."""
    if not lacks.any():
        return values, answers
    return np.where(lacks, np.nan, values), np.where(lacks, np.uint8(Answer.MISSING), answers)


def account_column(
    moment: Moment, values: FloatArray, answers: AnswerArray, reason: Reason, at_ns: int | None = None
) -> Column:
    """Return a column of accounts, doubtful where they are not heard as they should be."""
    doubted = moment.members.doubted(moment.result)

    def doubt(row: int) -> str:
        return why_doubted(moment, row)

    return Column(values, answers, reason, moment.at_ns if at_ns is None else at_ns, doubted, doubt)


def group_column(
    moment: Moment,
    scope: GroupScope,
    values: FloatArray,
    answers: AnswerArray,
    reason: Reason,
    at_ns: int | None = None,
) -> Column:
    """Return a column of groups: missing where nobody counts, doubtful while a member is stale or lost."""
    n_awaited = moment.members.n_awaited(scope, frame_of(moment))
    doubted = None if n_awaited is None else n_awaited > 0

    def doubt(row: int) -> str:
        return f"{0 if n_awaited is None else n_awaited[row]} of its accounts are not heard"

    return Column(values, answers, reason, moment.at_ns if at_ns is None else at_ns, doubted, doubt)


def book_row(moment: Moment, row: int) -> int:
    """Return the row in the book of an account's row in the columns of a moment."""
    if isinstance(moment.result, LaneResult):
        return moment.result.entries[row].row
    return row


def why_doubted(moment: Moment, row: int) -> str:
    """Return why an account's numbers are doubtful."""
    frame, code = moment.members.frame, book_row(moment, row)
    if frame is not None and code < len(frame.book.specs) and frame.inclusion[code] != Inclusion.INCLUDED:
        return why_left_out(frame, code)
    return "not heard for too long"


def why_no_margin(moment: Moment, row: int) -> str:
    """Return what the margins of an account lack."""
    of, frame = moment.result.accounts, moment.members.frame
    kind, subject = int(of.lack[row]), int(of.lack_subject[row])
    name: str | None = "something"
    if frame is not None and kind in OF_CONTRACT and subject < len(frame.book.instruments):
        contract = frame.book.instruments[subject]
        name = None if contract is None else contract.venue_symbol
    elif frame is not None and subject < len(frame.prices.coin):
        name = frame.book.coins[int(frame.prices.coin[subject])]
    return "it could not be reckoned" if kind == Lack.NOTHING else why(kind, name) or "something"

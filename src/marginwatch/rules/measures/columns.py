"""Columns made of what frames hold: shares, answers, and why a number is missing or doubtful."""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

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


FEW = 0.02
"""Part of the rows of a sum that may lack their number while it still says something."""


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


def whole_gross_usd(moment: Moment) -> float:
    """Return the gross exposure of everything; NaN while more than a few positions have no price.

    What is left out makes shares of the rest larger: were most prices lost, one position would seem to be all there is.
    """
    of = moment.members.groups("portfolio", frame_of(moment))
    if of.n_unvalued[1] > FEW * of.n_positions[1]:
        return math.nan
    return float(of.long_usd[1] + of.short_usd[1])


WHOLE_UNKNOWN = "too many positions have no price to know the whole"


def said(text: str) -> Reason:
    """Return a reason that is the same for every row."""
    return lambda _: text


def answers_of(values: FloatArray) -> AnswerArray:
    """Return ``MISSING`` where a value is NaN, ``NUMBER`` elsewhere; uint8."""
    is_nan = np.isnan(values)
    # Missing is 3, a number 0.
    return is_nan * np.uint8(Answer.MISSING)


def multiple(amount: FloatArray, equity: FloatArray) -> "Made":
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
    return Made(values, answers)


def share(part: FloatArray, whole: FloatArray) -> "Made":
    """Return part ÷ whole; ``NOT_APPLICABLE`` where the whole is 0, ``MISSING`` where either is NaN."""
    is_none = whole == 0.0
    values = part / np.where(is_none, 1.0, whole)
    answers = answers_of(values)
    answers[is_none] = Answer.NOT_APPLICABLE
    values[is_none] = np.nan
    return Made(values, answers)


def missing_where(
    values: FloatArray, answers: AnswerArray, lacks: BoolArray
) -> tuple[FloatArray, AnswerArray]:
    """Return both with ``MISSING`` in some rows, in copies if there are any."""
    if not lacks.any():
        return values, answers
    return np.where(lacks, np.nan, values), np.where(lacks, np.uint8(Answer.MISSING), answers)


class Made(NamedTuple):
    """Numbers on the way to a column.

    Parameters
    ----------
    values, answers : ndarray of shape (n,)
        As in :class:`marginwatch.rules.column.Column`.
    partial : ndarray of shape (n,), bool, or None
        Numbers that leave a little out: they count as doubtful.
    """

    values: FloatArray
    answers: AnswerArray
    partial: BoolArray | None = None

    def lacking(self, n_lacking: FloatArray, n_all: FloatArray, *, is_least: bool = False) -> "Made":
        """Return sums over rows of which some lack their number: doubtful, or missing if more than a few lack it.

        One contract without a price among thousands of positions must not blind the rules of a whole desk; and what is
        made of half of the positions says nothing.

        Parameters
        ----------
        n_lacking, n_all : ndarray of shape (n,), float64
            How many rows lack it, and how many there are.
        is_least : bool, default=False
            The whole cannot be less than the part, so that the part may be judged however much is left out.
        """
        some = n_lacking > 0.0
        if not some.any():
            return self
        many = np.zeros(some.shape, np.bool_) if is_least else n_lacking > FEW * n_all
        values, answers = missing_where(self.values, self.answers, many)
        return Made(values, answers, some if self.partial is None else self.partial | some)


def account_column(moment: Moment, made: Made, reason: Reason, at_ns: int | None = None) -> Column:
    """Return a column of accounts, doubtful where they are not heard as they should be or the number is partial."""
    unheard = moment.members.doubted(moment.result)
    partial = made.partial

    def doubt(row: int) -> str:
        return reason(row) if partial is not None and partial[row] else why_doubted(moment, row)

    return Column(
        made.values,
        made.answers,
        reason,
        moment.at_ns if at_ns is None else at_ns,
        _either(unheard, partial),
        doubt,
    )


def group_column(
    moment: Moment, scope: GroupScope, made: Made, reason: Reason, at_ns: int | None = None
) -> Column:
    """Return a column of groups, doubtful while a member is stale or lost or the number is partial."""
    n_awaited = moment.members.n_awaited(scope, frame_of(moment))
    partial = made.partial

    def doubt(row: int) -> str:
        if partial is not None and partial[row]:
            return reason(row)
        return f"{0 if n_awaited is None else n_awaited[row]} of its accounts are not heard"

    return Column(
        made.values,
        made.answers,
        reason,
        moment.at_ns if at_ns is None else at_ns,
        _either(None if n_awaited is None else n_awaited > 0, partial),
        doubt,
    )


def _either(first: BoolArray | None, second: BoolArray | None) -> BoolArray | None:
    if first is None or second is None:
        return second if first is None else first
    return first | second


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
    name: str | None = "what it holds"
    if frame is not None and kind in OF_CONTRACT and subject < len(frame.book.instruments):
        contract = frame.book.instruments[subject]
        name = None if contract is None else contract.venue_symbol
    elif frame is not None and subject < len(frame.prices.coin):
        name = frame.book.coins[int(frame.prices.coin[subject])]
    return (
        "it could not be reckoned" if kind == Lack.NOTHING else why(kind, name) or "it could not be reckoned"
    )

"""Measures of accounts about ourselves: whether they are heard, and how far our figures are from the venue's."""

from collections.abc import Callable

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.margin.model_error import ErrorColumns
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.tables.left_out import why_left_out
from marginwatch.rules.column import Column, Measure, Moment, ReadColumn
from marginwatch.rules.measures.columns import frame_of, said

UNHEARD = np.zeros(len(Inclusion), np.bool_)
UNHEARD[[Inclusion.STALE, Inclusion.LOST, Inclusion.STOPPED]] = True


def _seconds_without_data(moment: Moment) -> Column:
    """Return how long accounts that are not heard as they should be were not read completely; 0 for the others."""
    frame = frame_of(moment)
    at_ns = frame.book.reconciled_at_ns
    since_ns = np.where(at_ns > 0, at_ns, frame.first_at_ns)
    # An account refused a moment ago has been without data for that moment.
    age_s = np.maximum((frame.at_ns - since_ns) / 1e9, 0.001)
    values = np.where(UNHEARD[frame.inclusion], age_s, 0.0)
    return Column(values, np.zeros(values.shape, np.uint8), said(""), frame.at_ns)


def _is_stopped(moment: Moment) -> Column:
    frame = frame_of(moment)
    values = (frame.inclusion == Inclusion.STOPPED).astype(np.float64)
    return Column(values, np.zeros(values.shape, np.uint8), said(""), frame.at_ns)


def _data_age(moment: Moment) -> Column:
    frame = frame_of(moment)
    values = frame.data_age_s
    answers = np.where(np.isnan(values), np.uint8(Answer.MISSING), np.uint8(Answer.NUMBER))

    def reason(row: int) -> str:
        return why_left_out(frame, row)

    return Column(values, answers, reason, frame.at_ns)


def _error(pick: Callable[[ErrorColumns], FloatArray]) -> ReadColumn:
    def read(moment: Moment) -> Column:
        frame = frame_of(moment)
        values = pick(frame.model_errors)
        # Not measured yet, or nothing to compare: no error that could be out of bounds.
        answers = np.where(np.isnan(values), np.uint8(Answer.NOT_APPLICABLE), np.uint8(Answer.NUMBER))
        return Column(values, answers, said("not compared yet"), frame.at_ns)

    return read


MEASURES = (
    Measure(
        "account.seconds_without_data",
        "account",
        "seconds",
        0.0,
        float("inf"),
        "0 while the account is heard as it should be, else seconds since it was last read completely; high is bad.",
        _seconds_without_data,
    ),
    Measure(
        "account.is_stopped",
        "account",
        "count",
        0.0,
        1.0,
        "1 if the account is not asked any more until its owner mends something: a key refused or expired.",
        _is_stopped,
    ),
    Measure(
        "account.data_age",
        "account",
        "seconds",
        0.0,
        float("inf"),
        "Seconds since anything was heard of the account; a quiet account is old and fresh.",
        _data_age,
    ),
    Measure(
        "account.model_error",
        "account",
        "fraction",
        -float("inf"),
        float("inf"),
        "(Our maintenance margin − the venue's) ÷ the venue's, when last compared; far from 0 is bad.",
        _error(lambda of: of.maintenance_margin),
    ),
    Measure(
        "account.model_error_equity",
        "account",
        "fraction",
        -float("inf"),
        float("inf"),
        "(Our adjusted equity − the venue's) ÷ the venue's, when last compared; far from 0 is bad.",
        _error(lambda of: of.adjusted_equity),
    ),
    Measure(
        "account.model_error_to_equity",
        "account",
        "fraction",
        -float("inf"),
        float("inf"),
        "(Our maintenance margin − the venue's) ÷ the venue's equity, when last compared; far from 0 is bad.",
        _error(lambda of: of.maintenance_to_equity),
    ),
)

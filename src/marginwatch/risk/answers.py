"""The four kinds of answer that a measure may give; never mixed, and none of them is 0."""

from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marginwatch.book.table import BoolArray, FloatArray

AnswerArray: TypeAlias = NDArray[np.uint8]


class Answer(IntEnum):
    """What stands beside every number. Only ``MISSING`` can make a rule unknown."""

    NUMBER = 0  # the value is finite
    NOT_APPLICABLE = 1  # the question makes no sense here: an empty account has no usage
    NONE_IN_RANGE = 2  # looked for and not there: nothing liquidates it
    MISSING = 3  # there is an answer, but we lack what it takes to know it


def number_or_missing(values: FloatArray) -> AnswerArray:
    """Return ``NUMBER`` where a value is finite and ``MISSING`` elsewhere; same shape, uint8."""
    return np.where(np.isfinite(values), np.uint8(Answer.NUMBER), np.uint8(Answer.MISSING))


def marked(answers: AnswerArray, where: BoolArray, answer: Answer) -> AnswerArray:
    """Return the answers with ``answer`` put in ``where``; the input is not changed."""
    return np.where(where, np.uint8(answer), answers)

"""The four kinds of answer that a measure may give; never mixed, and none of them is 0."""

from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

AnswerArray: TypeAlias = NDArray[np.uint8]


class Answer(IntEnum):
    """What stands beside every number. Only ``MISSING`` can make a rule unknown."""

    NUMBER = 0  # the value is finite; that this is 0 makes an array of it cheap
    NOT_APPLICABLE = 1  # the question makes no sense here: an empty account has no usage
    NONE_IN_RANGE = 2  # looked for and not there: nothing liquidates it
    MISSING = 3  # there is an answer, but we lack what it takes to know it

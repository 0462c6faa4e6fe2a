"""The nearest liquidation in both directions of whatever may be liquidated."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray


@dataclass(slots=True, frozen=True, eq=False)
class Ways:
    """The nearest liquidation of each subject in both directions, shape (p,).

    Parameters
    ----------
    down, up : ndarray of float64
        Shock, fraction, ``down`` ≤ 0 ≤ ``up``; 0 where the limit is reached already; NaN without a number.
    down_answer, up_answer : ndarray of uint8
        What kind of answer each is.
    down_leg, up_leg : ndarray of int64
        Leg of the sheet that takes most of the headroom on that way; −1 for none.
    """

    down: FloatArray
    up: FloatArray
    down_answer: AnswerArray
    up_answer: AnswerArray
    down_leg: CodeArray
    up_leg: CodeArray

    @property
    def is_down_nearer(self) -> BoolArray:
        """Whether the nearest way is that down."""
        return ~(np.nan_to_num(np.abs(self.down), nan=np.inf) > np.nan_to_num(self.up, nan=np.inf))

    @property
    def shock(self) -> FloatArray:
        """The nearer shock of the two, signed; NaN if there is none or one of them is not known."""
        nearer = np.where(self.is_down_nearer, self.down, self.up)
        return np.where(self.answer == Answer.NUMBER, nearer, np.nan)

    @property
    def leg(self) -> CodeArray:
        """The leg that takes most on the nearer way."""
        return np.where(self.is_down_nearer, self.down_leg, self.up_leg)

    @property
    def answer(self) -> AnswerArray:
        """Of both ways together: missing if either is, a number if either is, else what both are."""
        return nearest_answer(self.down_answer, self.up_answer)


def nearest_answer(down: AnswerArray, up: AnswerArray) -> AnswerArray:
    """Return the answer of the nearer of two ways."""
    either = np.where((down == Answer.NUMBER) | (up == Answer.NUMBER), np.uint8(Answer.NUMBER), down)
    return np.where((down == Answer.MISSING) | (up == Answer.MISSING), np.uint8(Answer.MISSING), either)

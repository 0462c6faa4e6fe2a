"""What rules judge and no frame holds: the state of the service, of keys, budgets and channels, histories, events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer, AnswerArray


class Reading(NamedTuple):
    """One figure of one subject: a number, with what it leaves out as its reason, or why there is none."""

    value: float
    answer: Answer = Answer.NUMBER
    reason: str | None = None


class Performed(NamedTuple):
    """How all accounts together performed, deposits and withdrawals removed.

    Parameters
    ----------
    at_ns : int
        The moment, UTC nanoseconds.
    readings : mapping of str to Reading
        ``daily_pnl_usd``, ``daily_loss_share`` and ``drawdown``; empty before the first frame.
    """

    at_ns: int
    readings: Mapping[str, Reading]


class FactColumn(NamedTuple):
    """One figure of many accounts, by their rows in the book.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        NaN where there is none; rows beyond it are missing.
    answers : ndarray of shape (n,), uint8
        Of each.
    reason : str
        Why the missing ones are missing.
    """

    values: FloatArray
    answers: AnswerArray
    reason: str


@dataclass(slots=True)
class Facts:
    """The latest figures from outside of frames; replaced one by one by whoever knows them.

    Parameters
    ----------
    by_name : dict
        Measure → name of the subject → its reading.
    by_row : dict
        Measure of accounts → column.
    """

    by_name: dict[str, Mapping[str, Reading]] = field(default_factory=dict[str, Mapping[str, Reading]])
    by_row: dict[str, FactColumn] = field(default_factory=dict[str, FactColumn])

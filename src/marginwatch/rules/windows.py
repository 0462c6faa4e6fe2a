"""What a measure was some time ago: a bounded number of samples of whole columns."""

from collections import deque
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.rules.sight import Sight
from marginwatch.rules.watch import SECOND_NS

SAMPLES = 60
"""Samples in a window, never more than one a second: a change over 5 minutes is over 5 minutes to 5 minutes and 5 seconds."""
SLACK = 0.25
"""A sample older than the window by more than this share of it is not what the measure was then."""


class Sample(NamedTuple):
    """A column at a moment; NaN where it was no number."""

    at_ns: int
    values: FloatArray
    is_doubtful: BoolArray | None


class Window:
    """Samples of one measure for one span.

    Parameters
    ----------
    over_s : float
        The span, seconds, > 0.
    """

    def __init__(self, over_s: float) -> None:
        self.over_ns = round(over_s * SECOND_NS)
        self.every_ns = max(SECOND_NS, self.over_ns // SAMPLES)
        self._samples: deque[Sample] = deque(maxlen=int(SAMPLES * (1 + SLACK)) + 3)
        self._why = f"watched for less than {over_s:g} s"

    def keep(self, sight: Sight, is_judged: BoolArray, now_ns: int) -> None:
        """Take a sample of all rows if one is due; what may not be judged yet, a total of half of the accounts, is none."""
        if self._samples and now_ns - self._samples[-1].at_ns < self.every_ns:
            return
        is_number = (sight.answers == Answer.NUMBER) & is_judged[: len(sight.values)]
        values = np.where(is_number, sight.values, np.nan)
        doubtful = None if sight.is_doubtful is None else sight.is_doubtful.copy()
        self._samples.append(Sample(now_ns, values, doubtful))

    def reference(self, now_ns: int) -> Sample | None:
        """Return the youngest sample that is as old as the window, or the oldest while all are younger.

        None without any, or if it is much older: after a gap in watching nothing is known of the time between.
        """
        then_ns = now_ns - self.over_ns
        while len(self._samples) > 1 and self._samples[1].at_ns <= then_ns:
            self._samples.popleft()
        if not self._samples or then_ns - self._samples[0].at_ns > self.over_ns * SLACK:
            return None
        return self._samples[0]

    def change(self, sight: Sight, now_ns: int, since_ns: CodeArray, *, is_relative: bool) -> Sight:
        """Return the change of what is seen.

        Parameters
        ----------
        sight : Sight
            The measure now.
        now_ns : int
            Now.
        since_ns : ndarray of shape (n_rows,), int64
            Since when each row of the scope has been whose it is.
        is_relative : bool
            By |old value|, and not absolute. From 0 there is no such change.

        Returns
        -------
        Sight
            Quietly missing where nothing is known of the row so long ago. While the window is not full, the change since
            watching began, quietly doubtful: if it is out of bounds already, it is so within the window.
        """
        count = len(sight.values)
        old, was_doubtful, is_full = np.full(count, np.nan), None, True
        if (sample := self.reference(now_ns)) is not None:
            old, was_doubtful = self._old(sample, sight, since_ns)
            is_full = sample.at_ns <= now_ns - self.over_ns
        with np.errstate(invalid="ignore", divide="ignore"):
            change = sight.values - old
            if is_relative:
                change = np.where(old == 0.0, np.nan, change / np.abs(old))
        doubtful = sight.is_doubtful
        if was_doubtful is not None:
            doubtful = was_doubtful if doubtful is None else doubtful | was_doubtful
        made = replace(sight, values=change, is_doubtful=doubtful)
        if not is_full:
            made.doubt_more(self._why)
        made.without(np.isnan(change), self._why)
        return made

    @staticmethod
    def _old(sample: Sample, sight: Sight, since_ns: CodeArray) -> tuple[FloatArray, BoolArray | None]:
        """Return what the rows seen were in a sample, NaN for those that were somebody else's."""
        rows = np.arange(len(sight.values)) if sight.rows is None else sight.rows
        is_there = (rows < len(sample.values)) & (since_ns[rows] <= sample.at_ns)
        source = np.where(is_there, rows, 0)
        if not len(sample.values):
            return np.full(len(rows), np.nan), None
        old = np.where(is_there, sample.values[source], np.nan)
        return old, None if sample.is_doubtful is None else sample.is_doubtful[source] & is_there

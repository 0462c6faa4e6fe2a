"""One frame of a book file, heavy measures included: the same book, frame and measures as of live accounts."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.bookfile.building import build_book
from marginwatch.bookfile.rows import BookFile
from marginwatch.clock import ManualClock, SystemClock
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.history.closes import DAY_S, HOUR_S
from marginwatch.risk.history.returns import ReturnTable


class FiledFrame(NamedTuple):
    """A frame, and sentences on what its file lacks and what became of it."""

    frame: Frame
    assumptions: tuple[str, ...]


async def filed_frame(file: BookFile, *, asked: Asked | None = None) -> FiledFrame:
    """Return a frame of the book in a file, at the moment of the book.

    Parameters
    ----------
    file : BookFile
        The file, as :func:`marginwatch.bookfile.text.read_book_file` has it.
    asked : Asked, optional
        What is wanted of what is too heavy for a frame; None: nothing.

    Raises
    ------
    ConfigError
        If a row of the file contradicts others.
    """
    filed = build_book(file, SystemClock().now_ns())
    clock = ManualClock(filed.at_ns)
    engine = Engine(filed.book, clock)
    # The first frame compares our margins with the venue's, so that estimates are calibrated in the second.
    frame = engine.run_frame()
    if asked is not None:
        await HeavyWork(engine, clock, past=lambda: past_of(file)).answer(asked)
    if asked is not None or frame.accounts.estimate.any():
        frame = engine.run_frame()
    return FiledFrame(frame, filed.assumptions)


def past_of(file: BookFile) -> PastReturns:
    """Return the returns of the past that a file holds."""
    return PastReturns(_table(file, DAY_S), _table(file, HOUR_S))


def _table(file: BookFile, interval_s: int) -> ReturnTable | None:
    rows = [row for row in file.returns if row.interval_s == interval_s and row.values]
    if not rows:
        return None
    last_s = max(row.last_s for row in rows)
    first_s = min(row.last_s - (len(row.values) - 1) * interval_s for row in rows)
    times: CodeArray = np.arange(first_s, last_s + 1, interval_s)
    values = np.full((times.shape[0], len(rows)), np.nan)
    for column, row in enumerate(rows):
        end = (row.last_s - first_s) // interval_s + 1
        values[end - len(row.values) : end, column] = [np.nan if one is None else one for one in row.values]
    return ReturnTable(tuple(row.coin for row in rows), interval_s, times, values)

"""One frame of a book file, heavy measures included: the same book, frame and measures as of live accounts."""

from pathlib import Path
from typing import NamedTuple

from marginwatch.bookfile.building import build_book
from marginwatch.bookfile.text import read_book_file
from marginwatch.clock import ManualClock, SystemClock
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.risk.frame import Frame


class FiledFrame(NamedTuple):
    """A frame, and sentences on what its file lacks and what became of it."""

    frame: Frame
    assumptions: tuple[str, ...]


async def filed_frame(path: Path | str, *, is_heavy: bool = False) -> FiledFrame:
    """Return a frame of the book in a file, at the moment of the book.

    Parameters
    ----------
    path : Path or str
        The file.
    is_heavy : bool, default=False
        Whether the frame also has what is too heavy for a frame.

    Raises
    ------
    ConfigError
        If the file cannot be read or a row of it is wrong.
    """
    filed = build_book(read_book_file(path), SystemClock().now_ns())
    clock = ManualClock(filed.at_ns)
    engine = Engine(filed.book, clock)
    # The first frame compares our margins with the venue's, so that estimates are calibrated in the second.
    frame = engine.run_frame()
    if is_heavy:
        await HeavyWork(engine, clock).reckon_all()
    if is_heavy or frame.accounts.estimate.any():
        frame = engine.run_frame()
    return FiledFrame(frame, filed.assumptions)

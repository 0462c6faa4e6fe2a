"""Copies of frames for whoever reads one longer than two further frames take: one copy for all who ask for the same frame."""

import asyncio

from litestar.datastructures import State

from marginwatch.risk.frame import Frame
from marginwatch.risk.kept_frame import kept_frame
from marginwatch.web.reading import frame_of

SMALL_ROWS = 20_000
"""So many rows are copied in about five milliseconds, which is not worth a thread."""

TRIES = 3

FORGET_S = 1.0
"""After which nothing is held here of a copy: whoever uses one holds it."""


class KeptFrames:
    """The copy of the latest frame that somebody asked for."""

    def __init__(self) -> None:
        self._sequence = -1
        self._copy: asyncio.Future[Frame | None] | None = None
        self._forgetting: asyncio.TimerHandle | None = None

    async def kept(self, frame: Frame) -> Frame | None:
        """Return a copy of a frame that nobody writes to; None if the frame was overwritten before it was copied."""
        if self._copy is None or self._sequence != frame.sequence:
            self._sequence = frame.sequence
            self._copy = asyncio.ensure_future(_copied(frame))
            self._forget_later()
        return await asyncio.shield(self._copy)

    def _forget_later(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = asyncio.get_running_loop().call_later(FORGET_S, self._forget)

    def _forget(self) -> None:
        self._copy = self._forgetting = None


async def _copied(frame: Frame) -> Frame | None:
    if frame.book.quantity.shape[0] <= SMALL_ROWS:
        return kept_frame(frame)
    try:
        kept = await asyncio.to_thread(kept_frame, frame)
    except (ValueError, IndexError):
        # Columns of two moments need not fit together.
        if frame.is_intact():
            raise
        return None
    # Frames are written on the loop, where this is asked: whatever was copied before was whole.
    return kept if frame.is_intact() else None


def kept_frames_of(state: State) -> KeptFrames:
    """Return the copies of an application."""
    found: KeptFrames | None = state.get("kept_frames")
    if found is None:
        found = state["kept_frames"] = KeptFrames()
    return found


async def latest_kept(state: State) -> Frame:
    """Return a copy of the latest frame that nobody writes to.

    Raises
    ------
    HTTPException
        503 while there is no picture, or one that stands still.
    """
    frames = kept_frames_of(state)
    for _ in range(TRIES):
        if (kept := await frames.kept(frame_of(state))) is not None:
            return kept
    # A thread that gets no time: then the loop's own.
    return kept_frame(frame_of(state))

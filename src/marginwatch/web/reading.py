"""The frame that a route answers from."""

from litestar.datastructures import State
from litestar.exceptions import HTTPException

from marginwatch.risk.frame import Frame
from marginwatch.web.ports import ReadModel

NO_PICTURE = "no picture yet: the service has just started; ask again in a second"
STUCK = "the picture stands still: the service makes no new frames; see its log and restart it"


def frame_of(state: State) -> Frame:
    """Return the latest frame, refusing to answer from one that stands still."""
    frame = last_frame(state)
    model: ReadModel = state["model"]
    if not model.is_alive():
        # What was fresh in the last frame is not fresh now; nobody may take it for the present.
        raise HTTPException(status_code=503, detail=STUCK)
    return frame


def last_frame(state: State) -> Frame:
    """Return the latest frame, however old it is: for what is history anyway."""
    model: ReadModel = state["model"]
    if (frame := model.latest_frame()) is None:
        raise HTTPException(status_code=503, detail=NO_PICTURE)
    return frame

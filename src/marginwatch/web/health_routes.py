"""The route of health."""

from litestar import get
from litestar.datastructures import State

from marginwatch.web.health_ports import HealthModel, StreamModel
from marginwatch.web.health_replies import HealthReply, health_reply
from marginwatch.web.ports import ReadModel
from marginwatch.web.reading import last_frame


@get("/api/v1/health")
async def health(state: State) -> HealthReply:
    """Return how accounts are heard, the worst first, and how the service itself does."""
    model: HealthModel | None = state["health"]
    if model is not None:
        await model.refresh()
    return health_of(state)


def health_of(state: State) -> HealthReply:
    """Return the health of everything; also of a picture that stands still, which is what it then says."""
    model: HealthModel | None = state["health"]
    stream: StreamModel | None = state.get("stream")
    picture: ReadModel = state["model"]
    return health_reply(last_frame(state), model, stream, is_alive=picture.is_alive())


HEALTH_ROUTES = (health,)

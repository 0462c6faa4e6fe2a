"""The route that Prometheus scrapes."""

from collections.abc import Sequence

from litestar import Response, get
from litestar.datastructures import State

from marginwatch.model.alert import Alert
from marginwatch.web.alert_ports import AlertModel
from marginwatch.web.health_ports import StreamModel
from marginwatch.web.health_rows import StreamRow
from marginwatch.web.metrics.moment import Moment, moment_of
from marginwatch.web.metrics.ports import MetricsModel
from marginwatch.web.metrics.scrape import Scrape
from marginwatch.web.ports import ReadModel
from marginwatch.web.reading import last_frame

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@get("/metrics", media_type="text/plain")
async def metrics(state: State) -> Response[bytes]:
    """Return figures of accounts, alerts and the service itself for Prometheus."""
    model: MetricsModel | None = state["health"]
    # Before the frame is looked at: it is good for two intervals only.
    last_frame(state)
    if model is not None:
        await model.refresh()
    scrape: Scrape = state["scrape"]
    return Response(await scrape.text(lambda: _moment(state)), media_type=MEDIA_TYPE)


def _moment(state: State) -> Moment:
    model: MetricsModel | None = state["health"]
    alerting: AlertModel | None = state["alerting"]
    stream: StreamModel | None = state.get("stream")
    alerts: Sequence[Alert] | None = None if alerting is None else alerting.open_alerts()
    row = None if stream is None else StreamRow(n_clients=stream.n_clients, n_dropped=stream.n_dropped)
    picture: ReadModel = state["model"]
    return moment_of(last_frame(state), model, alerts, row, is_alive=picture.is_alive())


METRIC_ROUTES = (metrics,)

"""The route of the first page."""

from litestar import get
from litestar.datastructures import State

from marginwatch.web.account_ports import AccountModel
from marginwatch.web.alert_ports import AlertModel
from marginwatch.web.overview_ports import Performance
from marginwatch.web.overview_replies import OverviewReply, overview_reply
from marginwatch.web.reading import frame_of


@get("/api/v1/overview", sync_to_thread=False)
def overview(state: State) -> OverviewReply:
    """Return everything that the first page shows, of one frame."""
    performance: Performance | None = state["equity"]
    alerting: AlertModel | None = state["alerting"]
    accounts: AccountModel | None = state["accounts"]
    return overview_reply(frame_of(state), performance, alerting, accounts)


OVERVIEW_ROUTES = (overview,)

"""The routes of the API, as an application that a test can call."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import structlog
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import ClientException, HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler, Scope

from marginwatch import __version__
from marginwatch.errors import ConfigError, MarginwatchError, UnknownNameError
from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.web.access.access import Access
from marginwatch.web.access.routes import SESSION_ROUTES
from marginwatch.web.account_ports import AccountModel
from marginwatch.web.account_routes import ACCOUNT_ROUTES
from marginwatch.web.alert_ports import AlertModel
from marginwatch.web.alert_routes import ALERT_ROUTES
from marginwatch.web.bodies import complaint
from marginwatch.web.equity_ports import EquityHistory
from marginwatch.web.equity_routes import EQUITY_ROUTES, READS_AT_ONCE
from marginwatch.web.exports.routes import EXPORT_ROUTES, Transfers
from marginwatch.web.gate import Gate
from marginwatch.web.health_routes import HEALTH_ROUTES
from marginwatch.web.history_replies import (
    BreaksReply,
    NoticesReply,
    QuarantineReply,
    breaks_reply,
    notices_reply,
    quarantine_reply,
)
from marginwatch.web.large_replies import large_reply, small_reply
from marginwatch.web.matrix_routes import MATRIX_ROUTES
from marginwatch.web.metrics.ports import MetricsModel
from marginwatch.web.metrics.routes import METRIC_ROUTES
from marginwatch.web.metrics.scrape import Scrape
from marginwatch.web.names import as_written, require_heard_of
from marginwatch.web.openapi import DocumentPlugin
from marginwatch.web.overview_routes import OVERVIEW_ROUTES
from marginwatch.web.pages import Pages
from marginwatch.web.paging import ALL, Limit, Offset, Page
from marginwatch.web.ports import History, ReadModel
from marginwatch.web.reading import frame_of, last_frame
from marginwatch.web.replies import (
    FEW_GROUPS,
    AccountsReply,
    ExposureReply,
    PositionsReply,
    Readiness,
    SummaryReply,
    accounts_reply,
    exposure_reply,
    narrowed,
    positions_reply,
    readiness,
    summary_reply,
)
from marginwatch.web.risk_routes import RISK_ROUTES
from marginwatch.web.stream.documents import documents
from marginwatch.web.stream.hub import StreamHub
from marginwatch.web.stream.route import stream
from marginwatch.web.whatif_ports import WhatIfSource
from marginwatch.web.whatif_routes import WHATIF_ROUTES
from marginwatch.web.whatif_turns import Turns
from marginwatch.web.words_routes import WORDS_ROUTES

Name = Annotated[str | None, Parameter(max_length=128)]
Id = Annotated[int | None, Parameter(ge=1, le=2**63 - 1)]
PageSize = Annotated[int, Parameter(ge=1, le=1_000)]

NO_HISTORY = "this service keeps no history"

log = structlog.get_logger(__name__)


def create_app(
    state: ReadModel,
    access: Secret | Access,
    *,
    history: History | None = None,
    alerting: AlertModel | None = None,
    equity: EquityHistory | None = None,
    of_accounts: AccountModel | None = None,
    health: MetricsModel | None = None,
    whatif: WhatIfSource | None = None,
) -> Gate:
    """Return the API as an ASGI application.

    Parameters
    ----------
    state : ReadModel
        The live picture.
    access : Access or Secret
        Who may come in; a token alone lets in whoever shows it, and keeps sessions in memory.
    history : History or None
        Stored breaks, notices and quarantined payloads; without it their routes answer 404.
    alerting : AlertModel or None
        Alerts, silences and channels; without it their routes answer 404.
    equity : EquityHistory or None
        Histories of equity; without them the figures that need one are missing.
    of_accounts : AccountModel or None
        Sessions of single accounts; without them nothing is said of connections and keys.
    health : HealthModel or None
        How the parts of the service do; without it only what frames say is told.
    whatif : WhatIfSource or None
        What questions "what if" are reckoned from; without it they are answered 404.
    """
    routes: list[ControllerRouterHandler] = [
        healthz,
        readyz,
        accounts,
        positions,
        exposure,
        summary,
        *MATRIX_ROUTES,
        *OVERVIEW_ROUTES,
        *ACCOUNT_ROUTES,
        *HEALTH_ROUTES,
        *METRIC_ROUTES,
        *WHATIF_ROUTES,
        *WORDS_ROUTES,
        *EQUITY_ROUTES,
        *EXPORT_ROUTES,
        *RISK_ROUTES,
        notices,
        breaks,
        quarantine,
        *ALERT_ROUTES,
        *SESSION_ROUTES,
        stream,
    ]
    guard = access if isinstance(access, Access) else Access(access)
    shared = State(
        {"model": state, "access": guard, "history": history, "alerting": alerting, "equity": equity}
        | {"accounts": of_accounts, "health": health, "whatif": whatif, "whatif_turns": Turns()}
        | {"scrape": Scrape(), "history_reads": asyncio.Semaphore(READS_AT_ONCE)}
        | {"exports": Transfers()}
    )
    shared["stream"] = StreamHub(state, documents(routes), shared)
    app = Litestar(
        route_handlers=routes,
        state=shared,
        openapi_config=OpenAPIConfig(
            title="marginwatch",
            version=__version__,
            # A folder of its own, for what is not found in it is answered with a page.
            path="/api/v1/openapi.json",
            # The document only: the usual pages would load scripts from other sites.
            render_plugins=[DocumentPlugin(path="/")],
            components=Components(
                security_schemes={"token": SecurityScheme(type="http", scheme="bearer")},
            ),
            security=[{"token": []}],
        ),
        exception_handlers={HTTPException: _refused, RecursionError: _too_deep, MarginwatchError: _failed},
        after_exception=[_log_defect],
        logging_config=None,
        request_max_body_size=1_024,
        debug=False,
    )
    return Gate(app, guard, Pages())


def _history(state: State) -> History:
    history: History | None = state["history"]
    if history is None:
        raise HTTPException(status_code=404, detail=NO_HISTORY)
    return history


@get("/healthz", sync_to_thread=False, security=[])
def healthz(state: State) -> Response[str]:
    """Tell whether frames still come: 200 or 503. Needs no token and tells nothing else."""
    model: ReadModel = state["model"]
    is_alive = model.is_alive()
    return Response(
        "alive\n" if is_alive else "stuck\n", status_code=200 if is_alive else 503, media_type="text/plain"
    )


@get("/readyz", sync_to_thread=False)
def readyz(state: State) -> Response[Readiness]:
    """Tell whether the picture is complete: 200, or 503 with what is missing."""
    model: ReadModel = state["model"]
    answer = readiness(model.latest_frame())
    is_ready = answer.is_complete and model.is_alive()
    return Response(answer, status_code=200 if is_ready else 503)


@get("/api/v1/accounts")
async def accounts(
    state: State,
    account: Name = None,
    desk: Name = None,
    venue: Name = None,
    sort: Name = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[AccountsReply]:
    """Return one row for each account, the most endangered first."""

    def make(frame: Frame) -> AccountsReply:
        reply = accounts_reply(frame, account=account, desk=desk, venue=venue)
        return narrowed(reply, sort, page=Page(limit, offset))

    return await large_reply(state, make)


@get("/api/v1/positions")
async def positions(
    state: State,
    account: Name = None,
    desk: Name = None,
    asset: Name = None,
    venue: Name = None,
    sort: Name = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[PositionsReply]:
    """Return one row for each open position, the largest first."""
    page = Page(limit, offset)

    def make(frame: Frame) -> PositionsReply:
        wanted = page if sort is None else ALL
        reply = positions_reply(frame, account=account, desk=desk, venue=venue, asset=asset, page=wanted)
        return reply if sort is None else narrowed(reply, sort, page=page)

    return await large_reply(state, make)


@get("/api/v1/exposure")
async def exposure(
    state: State,
    by: Name = None,
    name: Name = None,
    sort: Name = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[ExposureReply]:
    """Return exposure; ``by`` is ``asset``, ``account``, ``desk``, ``tag``, ``venue`` or ``portfolio``.

    If it is left out, all of them but ``account``. ``name`` chooses one of the groups.
    """

    def make(frame: Frame) -> ExposureReply:
        return narrowed(exposure_reply(frame, by, name), sort, page=Page(limit, offset))

    return small_reply(make(frame_of(state))) if by in FEW_GROUPS else await large_reply(state, make)


@get("/api/v1/summary", sync_to_thread=False)
def summary(state: State) -> SummaryReply:
    """Return the totals of everything and what they do not include."""
    return summary_reply(frame_of(state))


@get("/api/v1/notices")
async def notices(
    state: State, account: Name = None, before: Id = None, limit: PageSize = 100
) -> NoticesReply:
    """Return what owners of accounts should read, newest first; ``before`` continues after an id."""
    found = await _history(state).notices(
        account_id=as_written(state, account), before_id=before, limit=limit
    )
    require_heard_of(state, account, has_rows=bool(found) or before is not None)
    return notices_reply(last_frame(state), found)


@get("/api/v1/breaks")
async def breaks(state: State, account: Name = None, before: Id = None, limit: PageSize = 100) -> BreaksReply:
    """Return differences found by reconciliation, newest first; ``before`` continues after an id."""
    found = await _history(state).breaks(account_id=as_written(state, account), before_id=before, limit=limit)
    require_heard_of(state, account, has_rows=bool(found) or before is not None)
    return breaks_reply(last_frame(state), found)


@get("/api/v1/quarantine")
async def quarantine(
    state: State, account: Name = None, before: Id = None, limit: PageSize = 100
) -> QuarantineReply:
    """Return payloads that did not decode, newest first, without the payloads; ``before`` continues after an id."""
    found = await _history(state).quarantined(
        account_id=as_written(state, account), before_id=before, limit=limit
    )
    require_heard_of(state, account, has_rows=bool(found) or before is not None)
    return quarantine_reply(last_frame(state), found)


def _plain(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response[str]:
    text = f"{status}: {' '.join(message.split())}\n"
    return Response(text, status_code=status, media_type="text/plain", headers=headers)


def _refused(request: Request[None, None, State], error: HTTPException) -> Response[str]:
    detail = error.detail
    if isinstance(error, ValidationException):
        field = request.route_handler.parsed_data_field
        detail = complaint(error.extra, None if field is None else field.annotation) or detail
    elif isinstance(error, ClientException) and error.status_code == 400:
        detail = f"the body is no JSON object: {detail}"
    return _plain(error.status_code, detail, error.headers)


def _failed(request: Request[None, None, State], error: MarginwatchError) -> Response[str]:
    del request
    if isinstance(error, UnknownNameError):
        return _plain(404, str(error))
    return _plain(400 if isinstance(error, ConfigError) else 503, str(error))


def _too_deep(request: Request[None, None, State], error: RecursionError) -> Response[str]:
    # What decodes bodies raises it, and nothing else here calls itself.
    del request, error
    return _plain(400, "the body is no JSON object: it is nested too deep")


async def _log_defect(error: Exception, scope: Scope) -> None:
    if not isinstance(error, HTTPException | MarginwatchError | RecursionError):
        log.error("request failed", path=scope["path"], error=f"{type(error).__name__}: {error}")

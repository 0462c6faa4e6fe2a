"""The routes of heavy measures: they read what was reckoned and reckon nothing."""

import asyncio
from typing import Annotated

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import Parameter

from marginwatch.bookfile.writing import encode
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy_rows import StressRow, VarRow
from marginwatch.risk.table_rows import AccountRow
from marginwatch.web.large_replies import large_reply
from marginwatch.web.paging import Limit, Offset, Page
from marginwatch.web.ports import ReadModel
from marginwatch.web.reading import frame_of
from marginwatch.web.replies import narrowed
from marginwatch.web.risk_replies import (
    CALENDAR_ROWS,
    AdviceReply,
    CalendarsReply,
    LevelsReply,
    MarginReply,
    StressReply,
    VarReply,
    advice_reply,
    calendars_reply,
    levels_reply,
    margin_reply,
    of_shown,
    stress_reply,
    var_reply,
)

Name = Annotated[str | None, Parameter(max_length=128)]
Rows = Annotated[int, Parameter(ge=0, le=1_000_000)]
Confidence = Annotated[float | None, Parameter(gt=0.5, lt=1.0)]


@get("/api/v1/margin")
async def margin(
    state: State,
    account: Name = None,
    desk: Name = None,
    venue: Name = None,
    sort: Name = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[MarginReply]:
    """Return margins and distances to liquidation of each account, and the ladders of the desk: of the accounts shown."""

    def make(frame: Frame) -> MarginReply:
        reply = margin_reply(frame, account=account, desk=desk, venue=venue)
        return of_shown(narrowed(reply, sort, AccountRow, Page(limit, offset)))

    return await large_reply(state, make)


@get("/api/v1/stress")
async def stress(
    state: State,
    by: Name = None,
    scenario: Name = None,
    account: Name = None,
    sort: Name = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[StressReply]:
    """Return scenarios by ``portfolio``, ``desk``, ``account`` or ``asset``, worst cases, and cascades."""

    def make(frame: Frame) -> StressReply:
        reply = stress_reply(frame, by=by, scenario=scenario, account=account)
        return narrowed(reply, sort, StressRow, Page(limit, offset))

    return await large_reply(state, make)


@get("/api/v1/var")
async def value_at_risk(
    state: State,
    by: Name = None,
    method: Name = None,
    confidence: Confidence = None,
    horizon: Name = None,
    name: Name = None,
    sort: Name = None,
    limit: Limit = None,
    offset: Offset = 0,
) -> Response[VarReply]:
    """Return value at risk of everything, and one of them taken apart by ``asset``, ``account``, ``desk`` or ``portfolio``."""

    def make(frame: Frame) -> VarReply:
        reply = var_reply(frame, by=by, method=method, confidence=confidence, horizon=horizon, name=name)
        return narrowed(reply, sort, VarRow, Page(limit, offset))

    return await large_reply(state, make)


@get("/api/v1/levels")
async def levels(state: State, limit: Limit = None, offset: Offset = 0) -> Response[LevelsReply]:
    """Return levels of risk of accounts, desks and everything, their riskiest positions, and margin sums.

    ``limit`` and ``offset`` choose accounts, the riskiest first.
    """
    return await large_reply(state, lambda frame: levels_reply(frame, Page(limit, offset)))


@get("/api/v1/calendars")
async def calendars(state: State, rows: Rows = CALENDAR_ROWS) -> Response[CalendarsReply]:
    """Return funding due within 24 h and paid so far, the deleveraging queue, and expiries, at most ``rows`` of each."""
    return await large_reply(state, lambda frame: calendars_reply(frame, rows))


@get("/api/v1/advice")
async def advice(state: State, limit: Limit = None) -> Response[AdviceReply]:
    """Return transfers and hedges that would help, at the usual targets. Nothing executes them.

    ``limit``: of each list at most so many rows, those that weigh most; ``not_shown`` counts the others.
    """
    return await large_reply(state, lambda frame: advice_reply(frame, limit))


@get("/api/v1/book")
async def book(state: State) -> Response[bytes]:
    """Return the whole book as a file that commands read with ``--book``. It holds no secret."""
    frame_of(state)
    model: ReadModel = state["model"]
    # Gathered between two events, written while others go on.
    body = await asyncio.to_thread(encode, model.gather_book())
    return Response(body, media_type="application/json")


RISK_ROUTES = (margin, stress, value_at_risk, levels, calendars, advice, book)

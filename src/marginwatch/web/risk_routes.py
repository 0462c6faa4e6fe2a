"""The routes of heavy measures: they read what was reckoned and reckon nothing."""

import asyncio
from typing import Annotated

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import Parameter

from marginwatch.bookfile.writing import encode
from marginwatch.risk.heavy_rows import StressRow, VarRow
from marginwatch.risk.table_rows import AccountRow
from marginwatch.web.ports import ReadModel
from marginwatch.web.reading import frame_of
from marginwatch.web.replies import narrowed
from marginwatch.web.risk_replies import (
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
    stress_reply,
    var_reply,
)

Name = Annotated[str | None, Parameter(max_length=128)]
Confidence = Annotated[float | None, Parameter(gt=0.5, lt=1.0)]


@get("/api/v1/margin", sync_to_thread=False)
def margin(
    state: State, account: Name = None, desk: Name = None, venue: Name = None, sort: Name = None
) -> MarginReply:
    """Return margins and distances to liquidation of each account, and the ladders of the desk."""
    reply = margin_reply(frame_of(state), account=account, desk=desk, venue=venue)
    return narrowed(reply, sort, AccountRow)


@get("/api/v1/stress", sync_to_thread=False)
def stress(
    state: State, by: Name = None, scenario: Name = None, account: Name = None, sort: Name = None
) -> StressReply:
    """Return scenarios by ``portfolio``, ``desk``, ``account`` or ``asset``, worst cases, and cascades."""
    reply = stress_reply(frame_of(state), by=by, scenario=scenario, account=account)
    return narrowed(reply, sort, StressRow)


@get("/api/v1/var", sync_to_thread=False)
def value_at_risk(
    state: State,
    by: Name = None,
    method: Name = None,
    confidence: Confidence = None,
    horizon: Name = None,
    name: Name = None,
    sort: Name = None,
) -> VarReply:
    """Return value at risk of everything, and one of them taken apart by ``asset``, ``account``, ``desk`` or ``portfolio``."""
    reply = var_reply(
        frame_of(state), by=by, method=method, confidence=confidence, horizon=horizon, name=name
    )
    return narrowed(reply, sort, VarRow)


@get("/api/v1/levels", sync_to_thread=False)
def levels(state: State) -> LevelsReply:
    """Return levels of risk of accounts, desks and everything, their riskiest positions, and margin sums."""
    return levels_reply(frame_of(state))


@get("/api/v1/calendars", sync_to_thread=False)
def calendars(state: State) -> CalendarsReply:
    """Return funding due within 24 h and paid so far, the deleveraging queue, and expiries."""
    return calendars_reply(frame_of(state))


@get("/api/v1/advice", sync_to_thread=False)
def advice(state: State) -> AdviceReply:
    """Return transfers and hedges that would help, at the usual targets. Nothing executes them."""
    return advice_reply(frame_of(state))


@get("/api/v1/book")
async def book(state: State) -> Response[bytes]:
    """Return the whole book as a file that commands read with ``--book``. It holds no secret."""
    frame_of(state)
    model: ReadModel = state["model"]
    # Gathered between two events, written while others go on.
    body = await asyncio.to_thread(encode, model.gather_book())
    return Response(body, media_type="application/json")


RISK_ROUTES = (margin, stress, value_at_risk, levels, calendars, advice, book)

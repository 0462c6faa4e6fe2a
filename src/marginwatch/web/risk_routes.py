"""The routes of heavy measures: they read what was reckoned and reckon nothing."""

import asyncio
from typing import Annotated

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import Parameter

from marginwatch.bookfile.writing import encode
from marginwatch.risk.table_rows import AccountRow
from marginwatch.web.ports import ReadModel
from marginwatch.web.reading import frame_of
from marginwatch.web.replies import narrowed
from marginwatch.web.risk_replies import MarginReply, margin_reply

Name = Annotated[str | None, Parameter(max_length=128)]


@get("/api/v1/margin", sync_to_thread=False)
def margin(
    state: State, account: Name = None, desk: Name = None, venue: Name = None, sort: Name = None
) -> MarginReply:
    """Return margins and distances to liquidation of each account, and the ladders of the desk."""
    reply = margin_reply(frame_of(state), account=account, desk=desk, venue=venue)
    return narrowed(reply, sort, AccountRow)


@get("/api/v1/book")
async def book(state: State) -> Response[bytes]:
    """Return the whole book as a file that commands read with ``--book``. It holds no secret."""
    frame_of(state)
    model: ReadModel = state["model"]
    # Gathered between two events, written while others go on.
    body = await asyncio.to_thread(encode, model.gather_book())
    return Response(body, media_type="application/json")


RISK_ROUTES = (margin, book)

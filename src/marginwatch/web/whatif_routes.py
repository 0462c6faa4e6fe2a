"""The route of questions "what if the market moved so": it reads, and reckons off the loop."""

import asyncio
import time
from typing import Annotated

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import JSONBody

from marginwatch.model.scenario import Scenario
from marginwatch.risk.heavy.what_if import solve_what_if
from marginwatch.risk.what_if_rows import WhatIfAnswer
from marginwatch.web.access.visitor import visitor_of
from marginwatch.web.names import require_known
from marginwatch.web.reading import frame_of
from marginwatch.web.replies import Reply
from marginwatch.web.whatif_ports import WhatIfSource
from marginwatch.web.whatif_turns import BusyError, SupersededError, Turns

NO_SOURCE = "this service reckons no margins of its own"
SUPERSEDED = "superseded: the same caller has asked something newer"
BUSY = "too many callers ask at once; ask again in a second"


class WhatIfBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A move of the market.

    Parameters
    ----------
    btc_move : float
        Of Bitcoin's USD price, fraction; all other coins follow by their betas.
    alt_beta : float, default=1
        Factor on the betas of all coins but Bitcoin.
    volatility : float, default=0
        Added to every implied volatility, annual fraction: 0.5 is 50 points, as in the stress grid.
    account : str or None
        Only this one.
    page : str, default=""
        Tells windows of one caller apart: a newer question takes the place of one of the same window alone.
    """

    btc_move: Annotated[float, msgspec.Meta(ge=-0.99, le=5.0)]
    alt_beta: Annotated[float, msgspec.Meta(ge=0.0, le=3.0)] = 1.0
    volatility: Annotated[float, msgspec.Meta(ge=-1.0, le=3.0)] = 0.0
    account: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    page: Annotated[str, msgspec.Meta(max_length=64)] = ""


class WhatIfReply(Reply, frozen=True, kw_only=True):
    """What a move would make of everything, of the moment ``taken_at_ns``; ``took_ms`` is what reckoning took."""

    btc_move: float
    alt_beta: float
    volatility: float
    account: str | None
    answer: WhatIfAnswer
    took_ms: float


@post("/api/v1/whatif", status_code=200)
async def whatif(
    request: Request[None, None, State], state: State, data: JSONBody[WhatIfBody]
) -> WhatIfReply:
    """Return what a move of the market would make of all accounts, by a full margin solve of the present book.

    It changes nothing. One question of a caller is answered at a time: a newer one takes the place of the one before,
    which is answered with 409.
    """
    source: WhatIfSource | None = state["whatif"]
    if source is None:
        raise HTTPException(status_code=404, detail=NO_SOURCE)
    require_known(frame_of(state), account=data.account)
    turns: Turns = state["whatif_turns"]

    async def solve() -> WhatIfReply:
        return await _solved(source, data)

    try:
        return await turns.take(_caller(request, data), solve)
    except SupersededError:
        raise HTTPException(status_code=409, detail=SUPERSEDED) from None
    except BusyError:
        raise HTTPException(status_code=429, detail=BUSY, headers={"Retry-After": "1"}) from None


def _caller(request: Request[None, None, State], data: WhatIfBody) -> str:
    """Return who asks, so that nobody takes the place of another: session, address and window."""
    visitor, client = visitor_of(request.scope), request.client
    who = "" if visitor is None else f"{visitor.entry} {visitor.csrf}"
    return f"{who} {'' if client is None else client.host} {data.page}"


async def _solved(source: WhatIfSource, body: WhatIfBody) -> WhatIfReply:
    started = time.perf_counter()
    # Gathered between two events, reckoned while others go on.
    inputs = source.what_if_inputs()
    move = Scenario(
        name="what if",
        btc_move=body.btc_move,
        beta_factor=body.alt_beta,
        volatility_shift=body.volatility,
    )
    answer = await asyncio.to_thread(solve_what_if, inputs, move, body.account)
    return WhatIfReply(
        sequence=inputs.sequence,
        taken_at_ns=inputs.sheet.at_ns,
        btc_move=body.btc_move,
        alt_beta=body.alt_beta,
        volatility=body.volatility,
        account=body.account,
        answer=answer,
        took_ms=(time.perf_counter() - started) * 1e3,
    )


WHATIF_ROUTES = (whatif,)

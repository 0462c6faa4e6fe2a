"""REST replies that break on their way: cut, never sent, empty, not JSON, damaged, too large."""

import asyncio
import random

from aiohttp import web

from marginwatch.clock import Clock
from marginwatch.sim.bybit.damage import mistyped, padded
from marginwatch.sim.faults import RestFault

HANG_S = 120.0
"""A call that is never answered is given up by the exchange after this long, of its clock."""

ERROR_PAGE = "<html><head><title>error</title></head><body>error</body></html>"


async def instead_of_reply(
    request: web.Request, fault: RestFault, status: int, clock: Clock
) -> web.Response | None:
    """Return what is sent before anything is worked out, or None if the fault concerns the reply itself.

    Parameters
    ----------
    request : aiohttp.web.Request
        Its connection is aborted for the faults that end it.
    fault : str
        What goes wrong.
    status : int
        HTTP status of an ``error``.
    clock : Clock
        For a call that hangs.
    """
    match fault:
        case "error":
            return web.Response(status=status, text=ERROR_PAGE, content_type="text/html")
        case "busy":
            return web.Response(status=429, text="Too many requests")
        case "empty":
            return web.Response()
        case "page":
            return web.Response(text=ERROR_PAGE, content_type="text/html")
        case "cut":
            return _cut(request)
        case "hang":
            await clock.sleep(HANG_S)
            return _cut(request)
        case _:
            return None


async def broken(
    request: web.Request, response: web.Response, fault: RestFault, dice: random.Random
) -> web.StreamResponse:
    """Return a finished reply with its damage; unharmed for a fault that does not concern replies."""
    body = bytes(response.body) if isinstance(response.body, bytes | bytearray) else b""
    match fault:
        case "malformed":
            response.body = body[: len(body) // 2]
        case "wrong_types":
            response.body = mistyped(body, dice)
        case "huge":
            response.body = padded(body)
        case "truncate":
            return await _truncated(request, response, body)
        case _:
            pass
    return response


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _truncated(request: web.Request, response: web.Response, body: bytes) -> web.StreamResponse:
    short = web.StreamResponse(status=response.status, headers=response.headers)
    short.content_length = len(body)
    await short.prepare(request)
    await short.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
        await asyncio.sleep(
            0
        )  # the connection is lost before the library looks whether the reply is complete
    return short

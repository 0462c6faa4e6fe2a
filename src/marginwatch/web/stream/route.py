"""The route of the stream: reads what a client says, writes what it is owed."""

import asyncio
import contextlib
from typing import Any, cast

from litestar import WebSocket, websocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect

from marginwatch.web.access.places import who_of
from marginwatch.web.access.visitor import require_visitor
from marginwatch.web.stream.client import Client
from marginwatch.web.stream.hub import StreamHub
from marginwatch.web.stream.protocol import WRITABLE

PATH = "/api/v1/stream"

CLOSE_FULL = 1013

LISTEN_EVERY_S = 0.02
"""Between two messages of a client: what it says may cost more than saying it."""

NOT_TEXT = "send text, not bytes"

GONE = (OSError, WebSocketDisconnect)
"""What tells of a client that went: the server's word, and the framework's."""

Socket = WebSocket[Any, Any, State]


@websocket(PATH)
async def stream(socket: Socket, state: State) -> None:
    """Send what a client subscribes to; see ``docs/stream.md``."""
    hub: StreamHub = state["stream"]
    visitor = require_visitor(socket.scope)
    try:
        await socket.accept()
    except GONE:
        return  # It went before it was let in: a page that is loaded again does.
    client = hub.join(visitor.is_valid, who_of(socket.scope))
    if isinstance(client, str):
        await _close(socket, CLOSE_FULL, f"too many streams: {client}")
        return
    talking = asyncio.create_task(_talk(socket, client), name="stream client")
    listening = asyncio.create_task(_listen(socket, hub, client), name="stream client")
    try:
        done, _ = await asyncio.wait((talking, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(client)
        for task in (talking, listening):
            task.cancel()
        await asyncio.gather(talking, listening, return_exceptions=True)
    for task in done:
        task.result()  # A defect is no end like others.
    if client.over is not None:
        await _close(socket, *client.over)


async def _close(socket: Socket, code: int, reason: str) -> None:
    with contextlib.suppress(*GONE):
        await socket.send({"type": "websocket.close", "code": code, "reason": reason})


async def _listen(socket: Socket, hub: StreamHub, client: Client) -> None:
    """Hear what a client says until it goes."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                client.tell_error(NOT_TEXT, None)
            else:
                hub.hear(client, text)
            await asyncio.sleep(LISTEN_EVERY_S)


async def _talk(socket: Socket, client: Client) -> None:
    """Send what a client is owed, one message after the other, each chosen when it can be written at once."""
    writable = _writable(socket)
    try:
        while True:
            await client.has_news.wait()
            await writable.wait()
            if client.over is not None:
                return
            message = client.next()
            if isinstance(message, str):
                await socket.send({"type": "websocket.send", "text": message, "bytes": None})
            elif message is not None:
                await socket.send({"type": "websocket.send", "bytes": message, "text": None})
    except GONE:
        return  # It went while it was written to.


def _writable(socket: Socket) -> asyncio.Event:
    """Return the event that is set while nothing waits to be written; another server's has none, and waits by itself."""
    found = cast("dict[str, Any]", socket.scope).get("extensions", {}).get(WRITABLE)
    if isinstance(found, asyncio.Event):
        return found
    always = asyncio.Event()
    always.set()
    return always

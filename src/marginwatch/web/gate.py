"""What every request passes first: who asks, and from which page; and what every reply carries: headers that load nothing."""

import asyncio
import hmac
from collections.abc import Sequence
from typing import cast

from litestar.types import (
    ASGIApp,
    HTTPRequestEvent,
    HTTPResponseStartEvent,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketScope,
)

from marginwatch.web.access.access import Access
from marginwatch.web.access.headers import RequestHeaders
from marginwatch.web.access.routes import SESSION_BODY_BYTES_MAX, SESSION_PATH
from marginwatch.web.access.visitor import Visitor
from marginwatch.web.bodies import BODY_BYTES_MAX
from marginwatch.web.pages import Pages

OPEN_PATHS = frozenset({"/healthz"})
"""Answered to everybody; they say nothing but whether we live."""

SAFE_METHODS = frozenset({"GET", "HEAD"})

READING_POSTS = frozenset({"/api/v1/whatif"})
"""Change nothing, whatever their method: viewers may."""

STRANGERS_MAX = 32
"""Requests of nobody's at once: they cannot take the places of those who have signed in."""

BODY_TIMEOUT_S = 5.0
"""In which a body must have come: whoever may only look could otherwise hold all connections with halves of one."""

STRANGERS_BODY_TIMEOUT_S = 2.0
STRANGERS_BODIES_MAX = 32
"""Bodies of nobody's that are waited for, and how long. A further one takes the place of the one that is waited for longest: a
password comes with the head of its request, or milliseconds later."""

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)

UNAUTHORIZED = "sign in at / or send the header  Authorization: Bearer TOKEN"
OTHER_PAGE = "this comes from a page of another site"
NO_CSRF = "the header X-CSRF-Token is missing or old; /api/v1/session has it"
NO_ORIGIN = "the header Origin is missing, which browsers send; programs use the token"
TOO_LONG = "the body is longer than {} bytes, or comes too slowly"
NO_TEXT = "the body is no JSON object: it is not UTF-8"
VIEWER = "viewers may look but change nothing; sign in as operator"


class Gate:
    """An ASGI application around another one.

    Parameters
    ----------
    app : ASGIApp
        The routes.
    access : Access
        Who may come in.
    pages : Pages or None
        What is shown to everybody, for signing in; None shows nothing.
    """

    def __init__(self, app: ASGIApp, access: Access, pages: Pages | None = None) -> None:
        self._app = app
        self._access = access
        self._pages = pages
        self._n_strangers = 0
        self._awaited: dict[asyncio.Timeout, None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or 403 itself, or hand over to the routes with the visitor in the scope's state."""
        if scope["type"] == "websocket":
            await self._open_stream(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send))
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        if scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        headers = RequestHeaders(scope["headers"])
        visitor = self._access.visitor(scope, headers)
        if visitor is not None:
            await self._answer_visitor(scope, receive, send, visitor, headers)
            return
        if _is_sign_in(scope) and not headers.is_of_another_page():
            # Halves of bodies take no place among those who are answered.
            read = await self._read_of_stranger(receive, send, headers)
            if read is None:
                return
            receive = read
        if self._n_strangers >= STRANGERS_MAX:
            await refuse(send, 503, "too many callers who have not signed in; try again")
            return
        self._n_strangers += 1
        try:
            await self._answer_stranger(scope, receive, send, headers)
        finally:
            self._n_strangers -= 1

    async def _answer_visitor(
        self, scope: HTTPScope, receive: Receive, send: Send, visitor: Visitor, headers: RequestHeaders
    ) -> None:
        if self._pages is not None and self._pages.has(scope["path"]):
            await self._pages.answer(scope, send)
        elif (reason := _why_not(scope, visitor, headers)) is not None:
            await refuse(send, 403, reason)
        elif scope["method"] in SAFE_METHODS:
            _introduce(scope, visitor)
            await self._app(scope, receive, send)
        else:
            _introduce(scope, visitor)
            body = None
            if _is_short(headers, BODY_BYTES_MAX):
                body = await _body(receive, BODY_BYTES_MAX, asyncio.timeout(BODY_TIMEOUT_S))
            read = await _judged(body, receive, send, BODY_BYTES_MAX)
            if read is not None:
                await self._app(scope, read, send)

    async def _answer_stranger(
        self, scope: HTTPScope, receive: Receive, send: Send, headers: RequestHeaders
    ) -> None:
        if self._pages is not None and self._pages.has(scope["path"]):
            await self._pages.answer(scope, send)
        elif scope["path"] != SESSION_PATH:
            await refuse(send, 401, UNAUTHORIZED)
        elif headers.is_of_another_page():
            await refuse(send, 403, OTHER_PAGE)
        else:
            await self._app(scope, receive, send)

    async def _read_of_stranger(
        self, receive: Receive, send: Send, headers: RequestHeaders
    ) -> Receive | None:
        """Return what gives the body of nobody's request once it is there; None where it was refused."""
        if not _is_short(headers, SESSION_BODY_BYTES_MAX):
            return await _judged(None, receive, send, SESSION_BODY_BYTES_MAX)
        if len(self._awaited) >= STRANGERS_BODIES_MAX:
            longest = next(iter(self._awaited))
            del self._awaited[longest]
            if not longest.expired():
                longest.reschedule(asyncio.get_running_loop().time())
        limit = asyncio.timeout(STRANGERS_BODY_TIMEOUT_S)
        self._awaited[limit] = None
        try:
            body = await _body(receive, SESSION_BODY_BYTES_MAX, limit)
        finally:
            # Before it is answered: whoever reads no answer is waited for there, not here.
            self._awaited.pop(limit, None)
        return await _judged(body, receive, send, SESSION_BODY_BYTES_MAX)

    async def _open_stream(self, scope: WebSocketScope, receive: Receive, send: Send) -> None:
        headers = RequestHeaders(scope["headers"])
        visitor = None if headers.is_of_another_page() else self._access.visitor(scope, headers)
        if visitor is None:
            await _refuse_stream(scope, send)
        else:
            _introduce(scope, visitor)
            await self._app(scope, receive, send)


def _introduce(scope: HTTPScope | WebSocketScope, visitor: Visitor) -> None:
    scope["state"]["visitor"] = visitor


def _why_not(scope: HTTPScope, visitor: Visitor, headers: RequestHeaders) -> str | None:
    """Return why a visitor may not do this; None if they may.

    Whoever shows the token needs nothing else: no page of another site can make a browser send it.
    """
    if visitor.entry == "token":
        return None
    if headers.is_of_another_page():
        return OTHER_PAGE
    path, method = scope["path"], scope["method"]
    if method in SAFE_METHODS or (path == SESSION_PATH and method == "POST"):
        return None
    if (
        visitor.role != "operator"
        and path != SESSION_PATH
        and not (method == "POST" and path in READING_POSTS)
    ):
        return VIEWER
    if not headers.is_of_our_page():
        return NO_ORIGIN
    shown = (headers.one(b"x-csrf-token") or "").encode("latin-1")
    return None if hmac.compare_digest(shown, visitor.csrf.encode()) else NO_CSRF


def _is_sign_in(scope: HTTPScope) -> bool:
    return scope["path"] == SESSION_PATH and scope["method"] not in SAFE_METHODS


def _is_short(headers: RequestHeaders, bytes_max: int) -> bool:
    """Return whether a body may be short enough, by what its request says of it."""
    announced = headers.one(b"content-length") or ""
    return not (announced.isascii() and announced.isdigit()) or int(announced) <= bytes_max


async def _judged(body: bytes | None, receive: Receive, send: Send, bytes_max: int) -> Receive | None:
    """Return what gives the body of a request if it may be one; None, its sender being told, if there is none or it may not."""
    if body is None:
        await refuse(send, 413, TOO_LONG.format(bytes_max))
    elif not _is_text(body):
        # What decodes JSON takes this for a defect of ours.
        await refuse(send, 400, NO_TEXT)
    else:
        return _reader(body, receive)
    return None


async def _body(receive: Receive, bytes_max: int, limit: asyncio.Timeout) -> bytes | None:
    """Return the body of a request; None if it is too long, or does not come in time."""
    body = b""
    try:
        async with limit:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                body += message["body"]
                if len(body) > bytes_max:
                    return None
                if not message.get("more_body"):
                    return body
    except TimeoutError:
        return None


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _reader(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read once more, and then what comes after it."""
    event: HTTPRequestEvent = {"type": "http.request", "body": body, "more_body": False}
    events = [event]

    async def read() -> HTTPRequestEvent:
        return events.pop() if events else cast("HTTPRequestEvent", await receive())

    return cast("Receive", read)


def _with_headers(send: Send) -> Send:
    """Return ``send`` with our headers in each reply, where it has none of that name."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            given = {name.lower() for name, _ in headers}
            message["headers"] = [*headers, *(one for one in SECURITY_HEADERS if one[0] not in given)]
        await send(message)

    return send_with_headers


async def refuse(send: Send, status: int, reason: str, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answer with one line of text, and more headers if there are any."""
    body = f"{status}: {reason}\n".encode()
    headers = [
        *more,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="marginwatch"'))
    if status == 503:
        headers.append((b"retry-after", b"1"))
    start: HTTPResponseStartEvent = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _refuse_stream(scope: WebSocketScope, send: Send) -> None:
    """Answer a handshake with 403, before anything is accepted."""
    if "websocket.http.response" not in (scope["extensions"] or {}):
        await send({"type": "websocket.close", "code": 1008, "reason": "sign in first"})
        return
    body = b"403: sign in first, and open streams from our own page\n"
    headers = [*SECURITY_HEADERS, (b"content-type", b"text/plain; charset=utf-8")]
    start = {"type": "websocket.http.response.start", "status": 403, "headers": headers}
    await send(cast("Message", start))
    await send(cast("Message", {"type": "websocket.http.response.body", "body": body, "more_body": False}))

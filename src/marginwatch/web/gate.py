"""What every request passes first: the token; and what every reply carries: headers that load nothing."""

import hmac
from collections.abc import Iterable

from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from marginwatch.model.secret import Secret

OPEN_PATHS = frozenset({"/healthz"})
"""Answered without a token; they say nothing but whether we live."""

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

UNAUTHORIZED = b"401: send the header  Authorization: Bearer TOKEN\n"


class Gate:
    """An ASGI application around another one.

    Parameters
    ----------
    app : ASGIApp
        The routes.
    token : Secret
        What a caller must show.
    """

    def __init__(self, app: ASGIApp, token: Secret) -> None:
        if not token.reveal():
            raise ValueError("token must not be empty: an empty one would let everybody in")
        self._app = app
        self._expected = f"Bearer {token.reveal()}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 itself, or hand over to the routes."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "no streams here"})
        elif scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._is_allowed(scope["headers"]):
            await self._app(scope, receive, send_with_headers)
        else:
            await _refuse(send_with_headers)

    def _is_allowed(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        # Every header is compared, and in constant time: a reply's delay tells nothing about the token.
        shown = [value for name, value in headers if name == b"authorization"]
        return len(shown) == 1 and hmac.compare_digest(shown[0], self._expected)


async def _refuse(send: Send) -> None:
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": 401,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(UNAUTHORIZED)).encode()),
            (b"www-authenticate", b'Bearer realm="marginwatch"'),
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": UNAUTHORIZED, "more_body": False})

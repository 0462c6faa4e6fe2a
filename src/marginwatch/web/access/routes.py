"""Signing in and out, and who a page speaks for: ``/api/v1/session``."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie, State
from litestar.exceptions import NotAuthorizedException, TooManyRequestsException
from litestar.params import JSONBody

from marginwatch import __version__
from marginwatch.model.secret import Secret
from marginwatch.web.access.access import Access, CrowdedError
from marginwatch.web.access.headers import RequestHeaders
from marginwatch.web.access.passwords import Role
from marginwatch.web.access.visitor import Visitor, visitor_of

SESSION_PATH = "/api/v1/session"

SESSION_BODY_BYTES_MAX = 4_096
"""A password of 512 bytes in the longest way in which JSON can write it."""

CROWDED_S = 2
"""After which whoever was sent away for others may try again."""

AnyRequest = Request[Any, Any, State]


class PasswordBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody signs in with: the password of a role, or the token of the API."""

    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]

    def __repr__(self) -> str:
        """Return nothing of it."""
        return "PasswordBody(***)"


class SessionReply(msgspec.Struct, frozen=True, kw_only=True):
    """Who the caller is.

    Parameters
    ----------
    is_signed_in : bool
        Whether a session or the token was shown. False also for whoever need not sign in.
    role : {'viewer', 'operator'} or None
        What the caller may do; None is nobody, who sees the sign-in page.
    needs_login : bool
        Whether callers like this one must sign in.
    csrf : str or None
        To be sent as ``X-CSRF-Token`` with each request that is no GET; None where there is no role, or no need.
    has_password : bool
        Whether people sign in with a password; else with the token of the API.
    version : str
        Of the service.
    """

    is_signed_in: bool
    role: Role | None
    needs_login: bool
    csrf: str | None
    has_password: bool
    version: str


@get(SESSION_PATH, sync_to_thread=False, security=[])
def session(request: AnyRequest, state: State) -> SessionReply:
    """Tell who the caller is and whether they must sign in. Open to everybody."""
    return _reply(state["access"], request, visitor_of(request.scope))


@post(
    SESSION_PATH,
    status_code=200,
    security=[],
    request_max_body_size=SESSION_BODY_BYTES_MAX,
    raises=[NotAuthorizedException, TooManyRequestsException],
)
async def sign_in(request: AnyRequest, state: State, data: JSONBody[PasswordBody]) -> Response[SessionReply]:
    """Sign in with a password or with the token of the API: sets the cookie of a session.

    401 for a wrong one; 429 with ``Retry-After`` after too many of those, or where too many others try.
    """
    access: Access = state["access"]
    address = request.client.host if request.client is not None else "unknown"
    if wait_s := access.tries_wait_s(address):
        raise TooManyRequestsException(
            detail=f"too many wrong passwords; try again in {wait_s} s", headers={"Retry-After": str(wait_s)}
        )
    headers = RequestHeaders(request.scope["headers"])
    try:
        signed_in = await access.sign_in(Secret(data.password), address, headers)
    except CrowdedError:
        raise TooManyRequestsException(
            detail=f"too many try to sign in; try again in {CROWDED_S} s",
            headers={"Retry-After": str(CROWDED_S)},
        ) from None
    if signed_in is None:
        raise NotAuthorizedException(detail="this is no password of this service")
    cookie = _cookie(access, request, signed_in.cookie.reveal(), access.session_s)
    return Response(_reply(access, request, signed_in.visitor), cookies=[cookie])


@delete(SESSION_PATH, status_code=204, security=[])
async def sign_out(request: AnyRequest, state: State) -> Response[None]:
    """Sign out: the session ends here, and its cookie is taken back."""
    access: Access = state["access"]
    await access.sign_out(RequestHeaders(request.scope["headers"]))
    return Response(None, status_code=204, cookies=[_cookie(access, request, "", 0)])


def _reply(access: Access, request: AnyRequest, visitor: Visitor | None) -> SessionReply:
    headers = RequestHeaders(request.scope["headers"])
    return SessionReply(
        is_signed_in=visitor is not None and visitor.entry != "open",
        role=None if visitor is None else visitor.role,
        needs_login=not access.is_open_to(request.scope, headers),
        csrf=None if visitor is None else visitor.csrf or None,
        has_password=access.has_password(),
        version=__version__,
    )


def _cookie(access: Access, request: AnyRequest, value: str, seconds: int) -> Cookie:
    # Behind a proxy that ends TLS the browser keeps it to https; a false header only makes the cookie useless on http.
    is_secure = request.scope["scheme"] == "https" or RequestHeaders(request.scope["headers"]).is_secure()
    return Cookie(
        key=access.cookie_name,
        value=value,
        path="/",
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=is_secure,
    )


SESSION_ROUTES = (session, sign_in, sign_out)

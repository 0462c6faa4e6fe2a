"""Access as a whole: who asks, signing in and out, and when nobody need sign in."""

import hmac
from typing import Literal

import msgspec
import structlog
from litestar.types import Scope

from marginwatch.clock import Clock, SystemClock
from marginwatch.model.secret import Secret
from marginwatch.web.access.headers import RequestHeaders, is_loopback_name
from marginwatch.web.access.login_limit import LoginLimit
from marginwatch.web.access.login_queue import LoginQueue
from marginwatch.web.access.passwords import ROLES, Passwords, Role
from marginwatch.web.access.sessions import Means, Sessions, is_sealed_with
from marginwatch.web.access.verifying import Verifier
from marginwatch.web.access.visitor import Visitor

Login = Literal["auto", "always"]

COOKIES_MAX = 4
"""So many cookies of our name are looked at: a page on another port of this host can plant some beside ours."""

log = structlog.get_logger(__name__)


class CrowdedError(Exception):
    """So many try passwords at once that one of them was sent away."""


class SignedIn(msgspec.Struct, frozen=True):
    """A session that has just begun: who it is, and the value of the cookie that shows it."""

    visitor: Visitor
    cookie: Secret


class Access:
    """Decides who may come in.

    Parameters
    ----------
    token : Secret
        Of programs; with it everything may be done, and a session be opened.
    passwords : Passwords or None
        Of people; None has none.
    sessions : Sessions or None
        Who is signed in; None keeps them in memory.
    is_local : bool
        Whether the service listens on an address of this machine alone.
    login : {'auto', 'always'}
        ``auto`` asks nobody to sign in on this machine as long as there is no password.
    clock : Clock or None
        None takes the machine's.
    verifier : Verifier or None
        None compares passwords at full cost.

    Raises
    ------
    ValueError
        If the token is empty.
    """

    def __init__(
        self,
        token: Secret,
        *,
        passwords: Passwords | None = None,
        sessions: Sessions | None = None,
        is_local: bool = False,
        login: Login = "always",
        clock: Clock | None = None,
        verifier: Verifier | None = None,
    ) -> None:
        if not token.reveal():
            raise ValueError("token must not be empty: an empty one would let everybody in")
        clock = clock or SystemClock()
        self._token = token
        self._passwords = passwords or Passwords(None)
        self._sessions = sessions or Sessions(None, clock)
        self._may_be_open = is_local and login == "auto"
        self._limit = LoginLimit(clock.monotonic_s)
        self._queue = LoginQueue(clock)
        self._verifier = verifier or Verifier()
        self._is_limit_told = False
        self._open = Visitor("operator", "open", self._sessions.derived("open"), self.is_open)
        self._program = Visitor("operator", "token", "", lambda: True)

    @property
    def cookie_name(self) -> str:
        """Name of the cookie of a session."""
        return self._sessions.cookie_name

    @property
    def session_s(self) -> int:
        """How long a session holds, seconds."""
        return self._sessions.duration_ns // 10**9

    def has_password(self) -> bool:
        """Return whether any role has a password."""
        return self._passwords.is_any()

    def is_open(self) -> bool:
        """Return whether nobody on this machine need sign in."""
        return self._may_be_open and not self._passwords.is_any()

    def is_open_to(self, scope: Scope, headers: RequestHeaders) -> bool:
        """Return whether whoever sends this is on this machine, asks for it by its own name, and need not sign in."""
        client = scope["client"]
        return (
            self.is_open()
            and client is not None
            and is_loopback_name(client[0])
            # No browser speaks it any more, but proxies do that were told nothing else, and then they add no header.
            and scope["http_version"] != "1.0"
            and headers.is_for_this_machine()
            and not headers.is_forwarded()
        )

    def visitor(self, scope: Scope, headers: RequestHeaders) -> Visitor | None:
        """Return who sends this, by token, by session, or by being here; None for nobody.

        Whoever shows an ``Authorization`` is judged by it alone: a wrong token is not made good by a cookie.
        """
        if headers.has(b"authorization"):
            return self._program if self._is_token(headers.one(b"authorization")) else None
        for value in headers.cookies(self.cookie_name)[:COOKIES_MAX]:
            if (found := self._of_session(value)) is not None:
                return found
        return self._open if self.is_open_to(scope, headers) else None

    def _is_token(self, shown: str | None) -> bool:
        # In constant time: a reply's delay tells nothing about the token.
        expected = f"Bearer {self._token.reveal()}".encode()
        return shown is not None and hmac.compare_digest(shown.encode("latin-1"), expected)

    def _of_session(self, value: str) -> Visitor | None:
        role = self._role_of(value)
        if role is None:
            return None
        return Visitor(role, "session", csrf_of(value), lambda: self._role_of(value) is not None)

    def _role_of(self, value: str) -> Role | None:
        session = self._sessions.find(value)
        if session is None:
            return None
        credential = self._token if session.means == "token" else self._passwords.hash_of(session.role)
        return session.role if is_sealed_with(session, value, credential) else None

    def tries_wait_s(self, address: str) -> int:
        """Take one try of an address; return 0, or the seconds after which it may try again."""
        wait_s = self._limit.take(address)
        if wait_s and not self._is_limit_told:
            log.warning("too many wrong passwords", address=address, wait_s=wait_s)
        # Once, until somebody may try again: who goes on trying fills no log.
        self._is_limit_told = bool(wait_s)
        return wait_s

    async def sign_in(self, typed: Secret, address: str, headers: RequestHeaders) -> SignedIn | None:
        """Begin a session for whoever typed a password or the token; None if it is neither.

        It takes the place of the one whose cookie is shown. Takes as long for a wrong password, whichever roles have one.

        Raises
        ------
        CrowdedError
            If so many try at once that this one was not looked at.
        """
        found = await self._credential(typed, address)
        if found is None:
            log.warning("sign-in refused: wrong password", address=address)
            return None
        role, means, credential = found
        self._limit.give_back(address)
        self._queue.welcome(address)
        if means == "password":
            self._queue.give_back()
        for before in headers.cookies(self.cookie_name)[:COOKIES_MAX]:
            self._sessions.end(before)
        value = self._sessions.open(role, means, credential)
        await self._keep()
        log.info("signed in", role=role, by=means, address=address)
        visitor = self._of_session(value)
        return None if visitor is None else SignedIn(visitor, Secret(value))

    async def _credential(self, typed: Secret, address: str) -> tuple[Role, Means, Secret] | None:
        token = self._token.reveal().encode()
        if hmac.compare_digest(typed.reveal().encode(errors="replace"), token):
            return "operator", "token", self._token
        hashes = tuple(self._passwords.hash_of(role) for role in ROLES)
        async with self._queue.turn(address, self._limit.n_tried(address)) as is_mine:
            if not is_mine:
                # It tried nothing: its try comes back.
                self._limit.give_back(address)
                raise CrowdedError
            matches = await self._verifier.matches(typed, hashes)
        # Who gives both roles the same password means the one that may do more.
        for role, hashed, is_same in reversed(tuple(zip(ROLES, hashes, matches, strict=True))):
            if is_same and hashed is not None:
                return role, "password", hashed
        return None

    async def sign_out(self, headers: RequestHeaders) -> None:
        """End the sessions whose cookies are shown."""
        ended = [
            value for value in headers.cookies(self.cookie_name)[:COOKIES_MAX] if self._sessions.end(value)
        ]
        if ended:
            await self._keep()
            log.info("signed out")

    async def _keep(self) -> None:
        await self._verifier.beside(self._sessions.save, self._sessions.content())


def csrf_of(value: str) -> str:
    """Return what a page shows with each change of a session: it follows from the cookie, which no other page can read."""
    return hmac.new(value.encode(), b"csrf", "sha256").hexdigest()

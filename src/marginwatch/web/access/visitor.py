"""Who asks: what a route and a stream may know of the caller."""

from collections.abc import Callable
from typing import Literal

from litestar.exceptions import HTTPException
from litestar.types import Scope

from marginwatch.web.access.passwords import Role

Entry = Literal["token", "session", "open"]
"""How somebody came in: with the token, signed in, or on this machine where nobody need sign in."""


class Visitor:
    """Somebody who was let in.

    Parameters
    ----------
    role : {'viewer', 'operator'}
        A viewer reads; an operator may also acknowledge, silence and test channels.
    entry : {'token', 'session', 'open'}
        How they came in.
    csrf : str
        What their page must show with each change; ``""`` where nothing is to be shown.
    holds : callable
        Whether they would be let in now.
    """

    __slots__ = ("_holds", "csrf", "entry", "role")

    def __init__(self, role: Role, entry: Entry, csrf: str, holds: Callable[[], bool]) -> None:
        self.role: Role = role
        self.entry: Entry = entry
        self.csrf = csrf
        self._holds = holds

    def __repr__(self) -> str:
        return f"Visitor({self.role}, {self.entry})"

    def is_valid(self) -> bool:
        """Return whether it still holds: not signed out, the password unchanged, the time not over.

        What stays open, such as a stream, asks at each beat; a request was asked about when it came.
        """
        return self._holds()


def visitor_of(scope: Scope) -> Visitor | None:
    """Return who sent a request that has passed the gate; None on routes that are open to everybody."""
    found = scope["state"].get("visitor")
    return found if isinstance(found, Visitor) else None


def require_visitor(scope: Scope) -> Visitor:
    """Return who sent a request.

    Raises
    ------
    HTTPException
        401 where nobody was let in, which the gate answers before any route is asked.
    """
    if (found := visitor_of(scope)) is None:
        raise HTTPException(status_code=401, detail="sign in first")
    return found

"""How many of something that is scarce one visitor may have, so that the others find some."""

from collections.abc import Sequence
from typing import NamedTuple

from litestar.types import Scope

from marginwatch.web.access.login_limit import network_of
from marginwatch.web.access.passwords import Role
from marginwatch.web.access.visitor import require_visitor


class Who(NamedTuple):
    """Who has a place.

    Parameters
    ----------
    key : str
        The same for one session, and for all programs of one address that show the token.
    is_session : bool
        Somebody who signed in.
    role : {'viewer', 'operator'}
        As :class:`marginwatch.web.access.visitor.Visitor`.
    """

    key: str
    is_session: bool
    role: Role


def who_of(scope: Scope) -> Who:
    """Return who sends a request that has passed the gate."""
    visitor, client = require_visitor(scope), scope["client"]
    if visitor.entry == "session":
        return Who(f"session {visitor.csrf}", is_session=True, role=visitor.role)
    address = "unknown" if client is None else network_of(client[0])
    return Who(f"{visitor.entry} {address}", is_session=False, role=visitor.role)


class Places(NamedTuple):
    """So many places there are.

    Parameters
    ----------
    in_all : int
        For everybody together.
    each_session, each_address : int
        For one session; for all programs of one address, and whoever need not sign in there.
    viewers : int
        For all viewers together, however often they sign in.
    """

    in_all: int
    each_session: int
    each_address: int
    viewers: int

    def refusal(self, taken: Sequence[Who | None], who: Who | None) -> str | None:
        """Return why somebody gets no place beside those who have one; None if they do.

        Parameters
        ----------
        taken : sequence of Who or None
            Who has the places that are taken; None for somebody of whom nothing is known.
        who : Who or None
            Who wants one.
        """
        if who is not None:
            most = self.each_session if who.is_session else self.each_address
            if sum(one is not None and one.key == who.key for one in taken) >= most:
                whose = "you have" if who.is_session else "programs of this address have"
                return f"{whose} {most} already; close one"
            if who.role == "viewer" and (
                sum(one is not None and one.role == "viewer" for one in taken) >= self.viewers
            ):
                return f"viewers have {self.viewers} already; close one"
        return None if len(taken) < self.in_all else f"there are {self.in_all} already; close one"

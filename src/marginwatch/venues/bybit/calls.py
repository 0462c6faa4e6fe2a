"""Typed calls: one endpoint, its parser, and the venue's time of the reply; signed or public."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from marginwatch.errors import MarginwatchError, ProtocolError
from marginwatch.model.failure import Failure
from marginwatch.venues.bybit.capabilities import Capabilities
from marginwatch.venues.bybit.paging import Listing, collect_pages
from marginwatch.venues.bybit.parse.page import Page
from marginwatch.venues.bybit.rest import BybitRest, Caller, Params

KEPT_MAX = 200
"""Unreadable rows told apart for one caller; whoever sends more of them is known to be broken by then."""

Value = TypeVar("Value")
Noun = TypeVar("Noun")


class Calls:
    """Calls of one caller.

    Parameters
    ----------
    rest : BybitRest
        The host.
    caller : Caller or None
        Who signs; None for public calls.
    capabilities : Capabilities
        Endpoints that this caller need not ask again.
    """

    def __init__(self, rest: BybitRest, caller: Caller | None, capabilities: Capabilities) -> None:
        self.rest = rest
        self.capabilities = capabilities
        self._caller = caller
        self._kept: set[tuple[str, str]] = set()

    async def read(
        self,
        endpoint: str,
        params: Params,
        parse: Callable[[msgspec.Raw], Value],
        *,
        where: str | None = None,
        optional_as: str | None = None,
    ) -> tuple[Value, int]:
        """Return what one reply says, and the venue's time of it, UTC nanoseconds.

        Parameters
        ----------
        endpoint, params, where
            The call; ``where`` is the page, see :meth:`BybitRest.get`.
        parse : callable
            Reads ``result``.
        optional_as : str or None
            Name under which a refusal of this call alone is remembered; None where nothing can go on without it.

        Raises
        ------
        MarginwatchError
            One of the taxonomy. A reply that does not parse is quarantined; so is one with single rows that do not,
            which is no error.
        """
        if optional_as is not None:
            self.capabilities.check(optional_as)
        try:
            reply = await self.rest.get(endpoint, params, caller=self._caller, where=where)
        except MarginwatchError as error:
            if optional_as is not None:
                self.capabilities.learn(optional_as, error)
            raise
        try:
            value = parse(reply.result)
        except ProtocolError as error:
            self.rest.quarantine(endpoint, error.message, reply.result, self._caller)
            error.venue = self.rest.venue
            error.account_id = self._caller.account_id if self._caller else None
            error.endpoint = endpoint
            raise
        failures: tuple[Failure, ...] = getattr(value, "failures", ())
        if failures:
            self._keep_unreadable(endpoint, failures, reply.result)
        # Without a stamp, the moment we sent is the latest that is certainly not after the venue looked.
        at_ns = reply.envelope.time_ns or self.rest.server_clock.to_server_ns(reply.sent_ns)
        return value, at_ns

    def _keep_unreadable(self, endpoint: str, failures: tuple[Failure, ...], result: msgspec.Raw) -> None:
        """Quarantine a reply with unreadable rows the first time each of them is met, not at every sweep."""
        new = [failure.message for failure in failures if (endpoint, failure.message) not in self._kept]
        if not new or len(self._kept) >= KEPT_MAX:
            return
        self._kept.update((endpoint, message) for message in new)
        what = new[0] if len(new) == 1 else f"{new[0]}, and {len(new) - 1} more rows"
        self.rest.quarantine(endpoint, what, result, self._caller)

    async def read_list(
        self,
        endpoint: str,
        params: Params,
        parse: Callable[[msgspec.Raw], Page[Noun]],
        *,
        optional_as: str | None = None,
        cursor_name: str = "cursor",
    ) -> Listing[Noun]:
        """Return a list endpoint to its last page; see :meth:`read` and :func:`collect_pages`."""

        async def fetch(cursor: str | None) -> tuple[Page[Noun], int]:
            where = f"{cursor_name}={cursor}" if cursor else None
            return await self.read(endpoint, params, parse, where=where, optional_as=optional_as)

        return await collect_pages(fetch, what=endpoint)

"""What every part of the wire front shares, and one REST call as its handlers see it."""

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from marginwatch.clock import Clock
from marginwatch.sim.bybit.auth import Gatekeeper
from marginwatch.sim.bybit.book_numbers import BookNumbers
from marginwatch.sim.bybit.envelope import Result, bad_parameter
from marginwatch.sim.bybit.lag import PrivateLag
from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.paging import page
from marginwatch.sim.bybit.wire_numbers import whole
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults
from marginwatch.sim.rows import KeyInfo

Row = TypeVar("Row")

CATEGORIES = ("linear", "inverse", "option", "spot")


class Front:
    """The exchange behind the wire, with everything that stands between it and a client.

    Parameters
    ----------
    exchange : Exchange
        The truth.
    gatekeeper, limits, faults
        Who may call, how often, and what goes wrong.
    clock : Clock
        For windows and idle times.
    is_demo : bool
        Whether this is the demo host, which has no asset endpoints.
    """

    def __init__(
        self,
        exchange: Exchange,
        gatekeeper: Gatekeeper,
        limits: RateLimits,
        faults: Faults,
        clock: Clock,
        *,
        is_demo: bool = False,
    ) -> None:
        self.exchange = exchange
        self.gatekeeper = gatekeeper
        self.limits = limits
        self.faults = faults
        self.clock = clock
        self.is_demo = is_demo
        self.lag = PrivateLag(faults, clock)
        self.announcements: list[dict[str, object]] = []
        """Rows of ``/v5/system/status``; empty unless somebody announces maintenance."""
        self.book_numbers = BookNumbers()
        self.counts: collections.Counter[str] = collections.Counter()
        """Calls by path, frames by topic family, refusals by code; for tests and for the curious."""

    def now_ms(self) -> int:
        """Return the server's clock as clients see it, milliseconds.

        It is the clock's time, not the exchange's: an exchange that is stepped ahead by hand must not make every
        signature look old.
        """
        return self.clock.now_ns() // 1_000_000 + round(self.faults.clock_skew_s * 1000)


class Call(NamedTuple):
    """One REST call that passed the gate: its parameters, and the key for private ones."""

    front: Front
    query: Mapping[str, str]
    key: KeyInfo | None

    @property
    def exchange(self) -> Exchange:
        """The truth."""
        return self.front.exchange

    @property
    def caller(self) -> KeyInfo:
        """The key that signed; only private endpoints ask, and the gate gives them one."""
        if self.key is None:
            raise AssertionError("a private endpoint was reached without a key")
        return self.key

    @property
    def uid(self) -> str:
        """The caller's account."""
        return self.caller.uid

    def get(self, name: str) -> str:
        """Return a parameter, ``""`` if it is not given."""
        return self.query.get(name, "")

    def category(self, *allowed: str) -> str:
        """Return the ``category`` parameter.

        Raises
        ------
        RefusalError
            10001 if it is missing or not one of ``allowed``.
        """
        category = self.get("category")
        if category not in (allowed or CATEGORIES):
            raise bad_parameter("params error: Category is invalid" if category else "Illegal category")
        return category

    def page(
        self,
        rows: Sequence[Row],
        cursor: str,
        limit: int,
        name: Callable[[Row], str],
        *,
        cursor_on_last: bool = False,
    ) -> tuple[Sequence[Row], str]:
        """Return one page and the cursor of the next, as :func:`paging.page`; at times a short one."""
        is_short = self.front.faults.is_short_page()
        return page(rows, cursor, limit, name, cursor_on_last=cursor_on_last, is_short=is_short)

    def milliseconds(self, name: str) -> int | None:
        """Return a time parameter, or None.

        Raises
        ------
        RefusalError
            10001 if it is not a number.
        """
        text = self.get(name)
        if not text:
            return None
        moment = whole(text)
        if moment is None:
            raise bad_parameter(f"params error: {name} invalid")
        return moment


Handler = Callable[[Call], Result]


class Route(NamedTuple):
    """One endpoint: its handler, and whether it wants a signature."""

    handler: Handler
    is_private: bool

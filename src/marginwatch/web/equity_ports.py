"""Where histories of equity are read from."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from marginwatch.model.equity import EquitySample, EquityScope
from marginwatch.web.overview_ports import Performance


class MinutesKept(Protocol):
    """Of which minutes there may be samples."""

    @property
    def minutes(self) -> Sequence[int]:
        """UTC seconds, ascending."""
        ...

    @property
    def full_from_s(self) -> int:
        """From here on every minute is kept, before it full hours alone; UTC seconds."""
        ...


class EquityHistory(Performance, Protocol):
    """Samples of equity by the minute; the service's keeper of equity is one.

    What must read the store raises ``ConnectivityError`` where it cannot be used now.
    """

    async def equity(
        self, name: str | None, from_ns: int, to_ns: int, scope: EquityScope = "account"
    ) -> Sequence[EquitySample]:
        """Return the samples of an account (or desk), or of all together (None), oldest first."""
        ...

    async def kept_between(self, from_ns: int, to_ns: int) -> MinutesKept:
        """Return of which minutes there may be samples, both ends included."""
        ...

    async def equity_at(
        self, accounts: Sequence[str], minutes: Sequence[int]
    ) -> Mapping[str, Mapping[int, float | None]]:
        """Return the equities of some accounts at some minutes (UTC seconds), where there is a sample."""
        ...

"""What the health of a service is read from; the service fits its parts to this."""

from collections.abc import Sequence
from typing import Protocol

from marginwatch.model.ids import AccountId
from marginwatch.web.account_ports import SessionStatus
from marginwatch.web.health_rows import (
    AlertingRow,
    BudgetRow,
    ChannelHealthRow,
    FramesRow,
    ProcessRow,
    StoreRow,
    VenueRow,
)


class HealthModel(Protocol):
    """Figures of the parts of a service. Cheap enough for once a second at ten thousand accounts: none reads the store."""

    def status_of(self, account_id: AccountId) -> SessionStatus | None:
        """Return how one session does; None if the account has none."""
        ...

    def budgets(self) -> Sequence[BudgetRow]:
        """Return every rate budget."""
        ...

    def venues(self) -> Sequence[VenueRow]:
        """Return the counts of each venue's sessions, at most some seconds old."""
        ...

    def frames(self) -> FramesRow | None:
        """Return how frames come; None before the first."""
        ...

    def alerting(self) -> AlertingRow | None:
        """Return how alerts do; None where no rules are judged."""
        ...

    def channels(self) -> Sequence[ChannelHealthRow]:
        """Return every channel with what waits for it."""
        ...

    def store(self) -> StoreRow | None:
        """Return how the database does; None where nothing is recorded."""
        ...

    async def refresh(self) -> None:
        """Read what waits in the outbox, unless that was done lately; for who looks once."""
        ...

    def process(self) -> ProcessRow:
        """Return how this process does."""
        ...


class StreamModel(Protocol):
    """The live stream."""

    @property
    def n_clients(self) -> int:
        """Clients now."""
        ...

    @property
    def n_dropped(self) -> int:
        """Frames that slow clients did not get, since the start."""
        ...

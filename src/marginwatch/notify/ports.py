"""What notification asks of the store and of whoever finds words; every call of the store is one transaction."""

from collections.abc import Sequence
from typing import Protocol

from marginwatch.model.alert import Acknowledgement, Alert
from marginwatch.model.delivery import Delivery, OutboxRow, RowOutcome, Told
from marginwatch.model.silence import Silence
from marginwatch.notify.messages.message import Message


class Compose(Protocol):
    """Finds the words of a message."""

    def __call__(
        self,
        rows: Sequence[OutboxRow],
        *,
        message_id: str,
        language: str,
        timezone: str,
        public_url: str | None,
        now_ns: int,
    ) -> Message:
        """Return one message of all rows; those of one alert are one item that names all of their transitions."""
        ...


class Outbox(Protocol):
    """Rows to be sent, and what came of them."""

    async def add(self, rows: Sequence[OutboxRow]) -> None:
        """Add rows that no transition caused: repeats, escalations, ends of silences."""
        ...

    async def claim(
        self, owner: str, channel: str, now_ns: int, lease_ns: int, limit: int
    ) -> tuple[OutboxRow, ...]:
        """Lease to ``owner`` the waiting rows of a channel that are due and not leased to others.

        Most severe first, then oldest; at most ``limit``. A row whose lease has run out counts as not leased. With them
        come the other waiting rows of their alerts (same ``key`` and channel, not leased to others), due or not and beyond
        ``limit``: what is known of an alert is told together, and in order. Rows that ``owner`` itself holds are leased anew,
        so that a service that was killed and started again goes on at once.
        """
        ...

    async def finish(
        self,
        owner: str,
        outcomes: Sequence[RowOutcome],
        *,
        deliveries: Sequence[Delivery] = (),
        told: Sequence[Told] = (),
        rows: Sequence[OutboxRow] = (),
    ) -> None:
        """Record what became of claimed rows and give up their leases, with the log, the memory and new rows at once.

        An outcome of a row that is no longer leased to ``owner`` changes nothing about that row; the rest is recorded.
        """
        ...

    async def next_due_ns(self, channel: str) -> int | None:
        """Return when the next waiting row of a channel is due or its lease runs out; None if there is none."""
        ...

    async def waiting(self, *, is_loud: bool = False) -> frozenset[tuple[str, str]]:
        """Return channel and ``alert_id`` of every row that waits, leased or not; ``is_loud``: mere changes in place left out."""
        ...

    async def planned(self, channel: str, transition_ids: Sequence[str]) -> frozenset[str]:
        """Return which of these transitions have a row of a channel, finished or not."""
        ...

    async def told(self) -> tuple[Told, ...]:
        """Return the memory of all channels for alerts that may still fire."""
        ...


class Desk(Protocol):
    """What people did about alerts."""

    async def open_alerts(self) -> tuple[Alert, ...]:
        """Return alerts that are pending or firing, as last stored."""
        ...

    async def silences(self, now_ns: int) -> tuple[Silence, ...]:
        """Return silences that hold now or will."""
        ...

    async def add_silence(self, silence: Silence) -> None:
        """Add or replace a silence."""
        ...

    async def end_silence(self, silence_id: str, at_ns: int) -> bool:
        """End a silence early; False if there is none that could be."""
        ...

    async def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Return the acknowledgements of open alerts, the last of each."""
        ...

    async def add_acknowledgement(self, given: Acknowledgement) -> None:
        """Add an acknowledgement."""
        ...

"""All sessions: start, change at run time, stop."""

from collections.abc import Callable, Sequence

from marginwatch.clock import Clock
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.settings import CollectSettings
from marginwatch.collect.socket import Connector
from marginwatch.collect.statuses import AccountStatus, Progress
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import EventSink
from marginwatch.model.ids import AccountId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined


class Fleet:
    """Every configured account's session, and the price feeds of their venues.

    Parameters
    ----------
    open_venue : callable
        Makes the port of an account's venue; called once for each venue.
    sink : EventSink
        Hears every event, synchronously.
    clock : Clock
        Time.
    settings : CollectSettings
        Intervals and bounds.
    on_quarantine, on_notice : callable
        Hear payloads that did not decode, and sentences for owners.
    danger : callable
        How endangered an account is, any float, larger first; orders the connection queue.
    needs_second_look : callable
        Whether the book doubts the account's last snapshot, which is then fetched again soon.
    connect : Connector or None
        How sockets are opened; by default with the library that the settings name.
    """

    def __init__(
        self,
        open_venue: Callable[[AccountSpec], VenuePort],
        sink: EventSink,
        clock: Clock,
        settings: CollectSettings,
        *,
        on_quarantine: Callable[[Quarantined], None] = lambda _: None,
        on_notice: Callable[[Notice], None] = lambda _: None,
        danger: Callable[[AccountId], float] = lambda _: 0.0,
        needs_second_look: Callable[[AccountId], bool] = lambda _: False,
        connect: Connector | None = None,
    ) -> None:
        raise NotImplementedError

    async def start(self, specs: Sequence[AccountSpec]) -> None:
        """Start a session for every enabled account; returns at once, :meth:`progress` tells how far they are."""
        raise NotImplementedError

    async def apply(self, specs: Sequence[AccountSpec]) -> None:
        """Make the sessions those of ``specs``; accounts that did not change keep their sockets."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Close everything within the settings' bound."""
        raise NotImplementedError

    def progress(self) -> Progress:
        """Return how far the start has come."""
        raise NotImplementedError

    def statuses(self) -> tuple[AccountStatus, ...]:
        """Return every account's status, in the order of the configuration."""
        raise NotImplementedError

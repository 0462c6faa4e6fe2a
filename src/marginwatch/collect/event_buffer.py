"""What the socket said while a snapshot was being fetched, in its order, up to a bound."""

from marginwatch.model.events import Event


class EventBuffer:
    """Events held back until the snapshot behind which they belong is in the book.

    Parameters
    ----------
    events_max : int
        Bound; an event beyond it empties the buffer and marks it, for then only another snapshot can help.
    """

    __slots__ = ("_events", "_max", "has_overflown")

    def __init__(self, events_max: int) -> None:
        self._max = events_max
        self._events: list[Event] = []
        self.has_overflown = False

    def __len__(self) -> int:
        return len(self._events)

    def hold(self, event: Event) -> None:
        """Keep one event."""
        if len(self._events) >= self._max:
            self._events.clear()
            self.has_overflown = True
        self._events.append(event)

    def restart(self) -> None:
        """Forget everything, as before a snapshot that will contain it."""
        self._events = []
        self.has_overflown = False

    def drain(self) -> list[Event]:
        """Return the events in their order and forget them."""
        events, self._events = self._events, []
        return events

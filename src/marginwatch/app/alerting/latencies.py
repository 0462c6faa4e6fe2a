"""How long alerts take: from the message behind them to the outbox, and until a channel has taken them."""

from collections.abc import Sequence

from marginwatch.app.histogram import ALERT_BOUNDS_S, Histogram
from marginwatch.model.alert import Transition
from marginwatch.model.delivery import OutboxRow, SendReason

REMEMBERED_MAX = 20_000
"""Transitions whose message is remembered until a channel has taken them; older ones are not measured."""

AT_ONCE = (SendReason.FIRED, SendReason.RAISED)
"""What is told because of a message, and not because time passed or something ended."""

NS = 1e9


class AlertLatencies:
    """Measures alerts from the wire.

    Attributes
    ----------
    to_outbox : Histogram
        From the message behind a transition, as received, to its commit.
    to_sent : dict of str to Histogram
        From the same message until a channel had taken it, by channel. After a restart nothing is known of the message,
        so what was left over from before is not in it.
    """

    def __init__(self) -> None:
        self.to_outbox = Histogram(ALERT_BOUNDS_S)
        self.to_sent: dict[str, Histogram] = {}
        self._heard_ns: dict[str, int] = {}

    def note_written(
        self, transitions: Sequence[Transition], heard_ns: Sequence[int | None], now_ns: int
    ) -> None:
        """Learn that transitions were committed; ``heard_ns`` as in :meth:`TransitionWriter.take`."""
        for one, at_ns in zip(transitions, heard_ns, strict=True):
            if at_ns is not None:
                self.to_outbox.observe((now_ns - at_ns) / NS)
                self._heard_ns[one.transition_id] = at_ns
        while len(self._heard_ns) > REMEMBERED_MAX:
            del self._heard_ns[next(iter(self._heard_ns))]

    def note_sent(self, channel: str, rows: Sequence[OutboxRow], now_ns: int) -> None:
        """Learn that a channel took a message with these rows."""
        for row in rows:
            at_ns = self._heard_ns.get(row.transition_id or "")
            if at_ns is not None and row.reason in AT_ONCE:
                if channel not in self.to_sent:
                    self.to_sent[channel] = Histogram(ALERT_BOUNDS_S)
                self.to_sent[channel].observe((now_ns - at_ns) / NS)

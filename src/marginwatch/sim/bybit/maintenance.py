"""Announcements of maintenance, whose state goes on with time, and the stream that tells of it.

Documents: v5/system-status, v5/websocket/system/system-status (2026-07).
"""

from collections.abc import Iterator, Sequence

from marginwatch.sim.bybit.feed import Feed, Message
from marginwatch.sim.bybit.wire_numbers import whole

TOPIC = "system.status"
STATES = ("scheduled", "ongoing", "completed")


def announced(rows: Sequence[Message], now_ms: int) -> list[Message]:
    """Return the rows with their states at a moment: begun ones are ongoing, ended ones completed.

    A row without readable times, or in a state that time does not change (``canceled``), stays as it was given.
    """
    return [{**row, "state": _state(row, now_ms)} if "state" in row else dict(row) for row in rows]


def _state(row: Message, now_ms: int) -> object:
    state, begin, end = row["state"], whole(str(row.get("begin", ""))), whole(str(row.get("end", "")))
    if state not in STATES or begin is None or end is None:
        return state
    by_time = (now_ms >= begin) + (now_ms >= end)
    return STATES[max(STATES.index(str(state)), by_time)]


class StatusFeed(Feed):
    """The topic ``system.status``: announcements that are new or have changed; nothing when one subscribes."""

    _told: Sequence[Message] = ()

    def knows(self, topic: str) -> bool:
        """Return whether it is the one topic there is."""
        return topic == TOPIC

    def open(self, topic: str) -> None:
        """Tell changes from now on."""
        super().open(topic)
        self._told = self._now()

    def news(self, now_s: float) -> Iterator[tuple[str, Message]]:
        """Yield what changed."""
        del now_s
        if self.topics and (rows := self._now()) != self._told:
            changed = [row for row in rows if row not in self._told]
            self._told = rows
            if changed:
                yield TOPIC, {"topic": TOPIC, "ts": self.front.now_ms(), "data": changed}

    def _now(self) -> list[Message]:
        return announced(self.front.announcements, self.front.now_ms())

"""What a public stream carries, one family of topics at a time: made only for topics that somebody listens to."""

from collections.abc import Iterator
from typing import Literal, get_args

from marginwatch.sim.bybit.front import Front
from marginwatch.sim.rows import Change

Channel = Literal["linear", "inverse", "option", "spot"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
StatusChannel = Literal["misc/status"]

Message = dict[str, object]

WAITING_MAX = 1000
"""Rows of a topic that wait while its stream stands still; the oldest are lost."""


class Feed:
    """One family of topics on one channel; a family overrides what it needs.

    Parameters
    ----------
    front : Front
        The exchange and its door-keepers.
    channel : str
        Whose topics they are.
    """

    def __init__(self, front: Front, channel: Channel | StatusChannel) -> None:
        self.front = front
        self.channel = channel
        self.topics: dict[str, None] = {}
        """Topics that somebody listens to."""

    def knows(self, topic: str) -> bool:
        """Return whether a topic of this family exists; names are case-sensitive."""
        raise NotImplementedError

    def open(self, topic: str) -> None:
        """Take a topic's first listener."""
        self.topics[topic] = None

    def close(self, topic: str) -> None:
        """See a topic's last listener go."""
        self.topics.pop(topic, None)

    def first(self, topic: str) -> Message | None:
        """Return what a new listener gets, it alone; None if it has to wait for news."""
        del topic
        return None

    def hear(self, change: Change) -> None:
        """Take note of what happened; it leaves with the next :meth:`news`."""

    def news(self, now_s: float) -> Iterator[tuple[str, Message]]:
        """Yield topic and message of what is to be sent at ``now_s`` of the clock."""
        del now_s
        yield from ()


class Beat:
    """Says when a family's time has come: at most once in ``every_s`` seconds of the clock."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._due_s = 0.0

    def is_due(self, now_s: float) -> bool:
        """Return whether it is time, and count it as taken."""
        if now_s < self._due_s - 1e-6:
            return False
        self._due_s = now_s + self._every_s
        return True

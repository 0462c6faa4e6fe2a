"""One connected client: what it has, what it is owed, and nothing that could pile up."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec

from marginwatch.web.access.places import Who

ERRORS_MAX = 32
"""So many words of error wait to be sent; older ones are forgotten."""


class Feed(Protocol):
    """What a topic is sent from."""

    @property
    def topic(self) -> str:
        """As it was subscribed to."""
        ...

    @property
    def sequence(self) -> int:
        """Of the last message."""
        ...

    @property
    def told(self) -> int:
        """Of the message that was last asked for: what whoever gets it has then."""
        ...

    def is_ready(self, has: int | None) -> bool:
        """Return whether that may be asked for now; if not, it stays owed until there is other news, a beat at the latest."""
        ...

    def message(self, has: int | None) -> bytes | str | None:
        """Return what brings a client up to date that has sequence ``has``, or to :attr:`told`; None if it is."""
        ...


class Client:
    """One connected client.

    Parameters
    ----------
    is_allowed : callable
        Whether it may still listen.
    who : Who or None
        Whose it is.

    Attributes
    ----------
    feeds : dict of str to Feed
        What it subscribed to.
    n_sent, n_dropped : int
        Messages; frames of a topic that it did not get because it was too slow.
    has_news : asyncio.Event
        There may be something to send.
    over : tuple of int and str, or None
        It is to be sent away, with this code and reason.

    Notes
    -----
    It has no queue: of each topic it is remembered that something is owed, and what that is is decided when it can be
    sent. A client that falls behind gets the newest whole table or document, however much it missed.
    """

    def __init__(self, is_allowed: Callable[[], bool], who: Who | None = None) -> None:
        self.who = who
        self.feeds: dict[str, Feed] = {}
        self.n_sent = 0
        self.n_dropped = 0
        self.has_news = asyncio.Event()
        self.over: tuple[int, str] | None = None
        self.is_allowed = is_allowed
        self._has: dict[str, int] = {}
        self._owed: dict[str, None] = {}
        self._errors: deque[str] = deque(maxlen=ERRORS_MAX)
        self._beat: str | None = None

    def subscribe(self, feeds: dict[str, Feed]) -> None:
        """Take these topics instead of all others; what it has of those that stay is kept."""
        self._has = {
            topic: has for topic, has in self._has.items() if feeds.get(topic) is self.feeds.get(topic)
        }
        self._owed = {topic: None for topic in self._owed if topic in self._has}
        self.feeds = feeds
        for topic in feeds:
            if topic not in self._has:
                self._owed[topic] = None
        self.has_news.set()

    def resync(self, topic: str) -> None:
        """Owe all of a topic again."""
        self._has.pop(topic, None)
        self._owed[topic] = None
        self.has_news.set()

    def leave_out(self, topic: str, why: str) -> None:
        """Take a topic away and say why."""
        self.feeds = {name: feed for name, feed in self.feeds.items() if name != topic}
        self._has.pop(topic, None)
        self._owed.pop(topic, None)
        self.tell_error(why, topic)

    def owe(self, topic: str) -> None:
        """Remember that a topic has news."""
        if topic in self._owed:
            self.n_dropped += 1
        self._owed[topic] = None
        self.has_news.set()

    def tell_error(self, why: str, topic: str | None) -> None:
        """Say what is wrong."""
        self._errors.append(msgspec.json.encode({"error": why, "topic": topic}).decode())
        self.has_news.set()

    def tell_beat(self, beat: str) -> None:
        """Say that we live; of several beats only the last is sent."""
        self._beat = beat
        self.has_news.set()

    def end(self, code: int, reason: str) -> None:
        """Send it away."""
        self.over = (code, reason)
        self.has_news.set()

    def next(self) -> bytes | str | None:
        """Return the next message and count it as sent; None if there is nothing to send now."""
        if self._errors:
            return self._errors.popleft()
        if self._beat is not None:
            beat, self._beat = self._beat, None
            return beat
        for topic in list(self._owed):
            feed, has = self.feeds[topic], self._has.get(topic)
            if not feed.is_ready(has):
                continue
            del self._owed[topic]
            message = feed.message(has)
            if message is not None:
                self._has[topic] = feed.told
                if feed.told != feed.sequence:
                    self._owed[topic] = None
                self.n_sent += 1
                return message
        self.has_news.clear()
        return None

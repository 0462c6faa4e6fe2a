"""The update numbers of order books: one more for each change that somebody saw, over streams and REST."""

import zlib

FIRST = 1_000_000


class BookNumbers:
    """Numbers by topic; those of a depth's REST replies are those of its stream."""

    def __init__(self) -> None:
        self._numbers: dict[str, tuple[int, int]] = {}
        self.streamed: set[str] = set()
        """Topics whose stream somebody listens to: it alone counts them."""

    def take(self, topic: str, version: int) -> int:
        """Return the number of a topic's book at a version of the market: the last one's if that is the same, else one more."""
        number, seen = self._numbers.get(topic, (FIRST + zlib.crc32(topic.encode()) % FIRST, -1))
        if seen != version:
            number += 1
            self._numbers[topic] = (number, version)
        return number

    def read(self, topic: str, version: int) -> int:
        """Return the number for a REST reply: where a change is still to be streamed, the one that it will have."""
        kept = self._numbers.get(topic)
        if kept is None or topic not in self.streamed:
            return self.take(topic, version)
        return kept[0] + (kept[1] != version)

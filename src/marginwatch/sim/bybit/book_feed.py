"""Order books: a snapshot, then what changed; the best level alone as snapshots, repeated after three quiet seconds.

The real exchange looks every 10 to 200 ms, by depth; here nothing changes between two moves of the market.
Document: v5/websocket/public/orderbook (2026-07).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from marginwatch.sim.bybit.feed import Channel, Feed, Message
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.wire_numbers import money, price
from marginwatch.sim.market_rows import BookRow, Level

DEPTHS: dict[str, tuple[int, ...]] = {"option": (25, 100)}
OTHER_DEPTHS = (1, 50, 200, 1000)
REPEAT_BEST_S = 3.0
BEST_ONLY = "orderbook.1."

Side = dict[str, str]


@dataclass(slots=True)
class _Sent:
    bids: Side
    asks: Side
    version: int
    number: int
    at_s: float


class BookFeed(Feed):
    """Topics ``orderbook.{depth}.{symbol}``."""

    def __init__(self, front: Front, channel: Channel) -> None:
        super().__init__(front, channel)
        self._sent: dict[str, _Sent] = {}

    def knows(self, topic: str) -> bool:
        """Return whether the channel has this depth and the symbol is listed."""
        parts = topic.split(".")
        depths = {str(depth) for depth in DEPTHS.get(self.channel, OTHER_DEPTHS)}
        return len(parts) == 3 and parts[1] in depths and bool(self._book(topic))

    def open(self, topic: str) -> None:
        """Begin with the book as it is."""
        super().open(topic)
        self.front.book_numbers.streamed.add(topic)
        row = self._book(topic)
        if row is not None:
            number = self.front.book_numbers.take(topic, row.version)
            now_s = self.front.clock.monotonic_s()
            self._sent[topic] = _Sent(_side(row.bids), _side(row.asks), row.version, number, now_s)

    def close(self, topic: str) -> None:
        """Forget the book; its number goes on."""
        super().close(topic)
        self.front.book_numbers.streamed.discard(topic)
        self._sent.pop(topic, None)

    def first(self, topic: str) -> Message | None:
        """Return the snapshot that everybody's deltas go on from."""
        sent, row = self._sent.get(topic), self._book(topic)
        return self._message(topic, row, sent, sent.bids, sent.asks, "snapshot") if sent and row else None

    def news(self, now_s: float) -> Iterator[tuple[str, Message]]:
        """Yield what changed since the last time."""
        for topic in tuple(self.topics):
            sent, row = self._sent.get(topic), None
            if sent is None or (row := self._book_if_moved(topic, sent, now_s)) is None:
                continue
            bids, asks = _side(row.bids), _side(row.asks)
            is_best_only = topic.startswith(BEST_ONLY)
            changes = (bids, asks) if is_best_only else (_changes(sent.bids, bids), _changes(sent.asks, asks))
            is_repeat = (bids, asks) == (sent.bids, sent.asks)
            if not is_repeat:
                sent.number = self.front.book_numbers.take(topic, row.version)
            elif not is_best_only:
                sent.version = row.version
                continue
            sent.bids, sent.asks, sent.version, sent.at_s = bids, asks, row.version, now_s
            yield topic, self._message(topic, row, sent, *changes, "snapshot" if is_best_only else "delta")

    def _book_if_moved(self, topic: str, sent: _Sent, now_s: float) -> BookRow | None:
        """Return the book if the market has moved since it was sent, or its best level is to be repeated."""
        is_quiet = now_s - sent.at_s >= REPEAT_BEST_S - 1e-6
        is_repeated = self.channel in ("linear", "inverse") and topic.startswith(BEST_ONLY) and is_quiet
        if self.front.exchange.market_version == sent.version and not is_repeated:
            return None
        return self._book(topic)

    def _book(self, topic: str) -> BookRow | None:
        _, depth, symbol = topic.split(".", 2)
        return self.front.exchange.order_book(self.channel, symbol, int(depth))

    def _message(self, topic: str, row: BookRow, sent: _Sent, bids: Side, asks: Side, kind: str) -> Message:
        data: Message = {
            "s": row.symbol,
            "b": [[level, size] for level, size in bids.items()],
            "a": [[level, size] for level, size in asks.items()],
            "u": sent.number,
        }
        if self.channel != "option":
            data["seq"] = row.cross_seq
        return {"topic": topic, "type": kind, "ts": self.front.now_ms(), "data": data, "cts": row.ts_ms}


def _side(levels: Sequence[Level]) -> Side:
    return {price(at): money(size) for at, size in levels}


def _changes(before: Side, now: Side) -> Side:
    """Return new and changed levels with their sizes, and those that are gone with size 0."""
    changed = {level: size for level, size in now.items() if before.get(level) != size}
    return changed | {level: "0" for level in before if level not in now}

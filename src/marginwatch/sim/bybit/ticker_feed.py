"""Tickers: linear and inverse send a snapshot and then what changed; option and spot send snapshots only.

Document: v5/websocket/public/ticker (2026-07).
"""

import itertools
from collections.abc import Iterator

from marginwatch.sim.bybit.feed import Channel, Feed, Message
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.render_market import streamed_ticker
from marginwatch.sim.rows import Change, TickerRow


class TickerFeed(Feed):
    """Topics ``tickers.{symbol}``, every 100 ms."""

    def __init__(self, front: Front, channel: Channel) -> None:
        super().__init__(front, channel)
        self._symbols: frozenset[str] = frozenset()
        self._sent: dict[str, Message] = {}
        self._moved: dict[str, TickerRow] = {}
        self._numbers = itertools.count(1)

    def knows(self, topic: str) -> bool:
        """Return whether the symbol is listed."""
        symbol = _symbol(topic)
        if symbol not in self._symbols:
            self._symbols = frozenset(row.symbol for row in self.front.exchange.instruments(self.channel))
        return symbol in self._symbols

    def open(self, topic: str) -> None:
        """Remember what is sent first: all listeners must get the same change as a delta."""
        super().open(topic)
        for row in self.front.exchange.tickers(self.channel, _symbol(topic)):
            self._sent[row.symbol] = streamed_ticker(row)

    def first(self, topic: str) -> Message | None:
        """Return the snapshot that everybody's deltas go on from."""
        rows = self.front.exchange.tickers(self.channel, _symbol(topic))
        return self._message(rows[0], self._sent[rows[0].symbol], "snapshot") if rows else None

    def hear(self, change: Change) -> None:
        """Remember the prices that moved."""
        if change.kind != "ticker":
            return
        if self.channel == "option":
            # Options are priced when somebody looks: only those that are listened to.
            for topic in self.topics:
                rows = self.front.exchange.tickers("option", _symbol(topic))
                self._moved |= {row.symbol: row for row in rows}
            return
        for row in change.tickers:
            if row.category == self.channel and f"tickers.{row.symbol}" in self.topics:
                self._moved[row.symbol] = row

    def news(self, now_s: float) -> Iterator[tuple[str, Message]]:
        """Yield what moved since the last time."""
        del now_s
        moved, self._moved = self._moved, {}
        for symbol, row in moved.items():
            topic = f"tickers.{symbol}"
            if topic in self.topics and (message := self._news(row)) is not None:
                yield topic, message

    def _news(self, row: TickerRow) -> Message | None:
        now, before = streamed_ticker(row), self._sent.get(row.symbol, {})
        self._sent[row.symbol] = now
        if self.channel in ("option", "spot"):
            return self._message(row, now, "snapshot") if now != before else None
        changed = {name: value for name, value in now.items() if before.get(name) != value}
        if not changed:
            return None
        return self._message(row, {"symbol": row.symbol, **changed}, "delta")

    def _message(self, row: TickerRow, data: Message, kind: str) -> Message:
        topic = f"tickers.{row.symbol}"
        now_ms = self.front.now_ms()
        message: Message = {"topic": topic, "ts": now_ms, "type": kind, "data": data}
        if self.channel == "option":
            return {"id": f"{topic}-{next(self._numbers)}-{now_ms}", **message}
        return {**message, "cs": row.cross_seq}


def _symbol(topic: str) -> str:
    return topic.removeprefix("tickers.")

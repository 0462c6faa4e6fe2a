"""Liquidations in public: those of simulated accounts, and those of the many that are not simulated.

Document: v5/websocket/public/all-liquidation (2026-07): S is the side of the position, p the bankruptcy price.
"""

from collections import deque
from collections.abc import Iterator

from marginwatch.sim.bybit.feed import WAITING_MAX, Beat, Channel, Feed, Message
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.wire_numbers import money, price
from marginwatch.sim.liquidation_tape import LiquidationTape
from marginwatch.sim.rows import Change, LiquidationRow

EVERY_S = 0.5
PREFIX = "allLiquidation."


class LiquidationFeed(Feed):
    """Topics ``allLiquidation.{symbol}``, every 500 ms if there were any."""

    def __init__(self, front: Front, channel: Channel) -> None:
        super().__init__(front, channel)
        self._beat = Beat(EVERY_S)
        self._waiting: dict[str, deque[LiquidationRow]] = {}
        self._tapes: dict[str, LiquidationTape] = {}

    def knows(self, topic: str) -> bool:
        """Return whether the contract is listed; options and spot pairs have no such topic."""
        symbol = topic.removeprefix(PREFIX)
        exchange = self.front.exchange
        return self.channel in ("linear", "inverse") and bool(exchange.instruments(self.channel, symbol))

    def open(self, topic: str) -> None:
        """Begin to look at the contract's price."""
        super().open(topic)
        exchange, symbol = self.front.exchange, topic.removeprefix(PREFIX)
        tape = LiquidationTape(exchange.seed, exchange.instruments(self.channel, symbol)[0])
        for row in exchange.tickers(self.channel, symbol):
            tape.look(row)
        self._tapes[topic] = tape

    def close(self, topic: str) -> None:
        """Look away."""
        super().close(topic)
        self._tapes.pop(topic, None)
        self._waiting.pop(topic, None)

    def hear(self, change: Change) -> None:
        """Collect liquidations, and make those that a move must have caused."""
        for row in change.liquidations:
            self._keep(row)
        if not self.topics:
            return
        for ticker in change.tickers:
            tape = self._tapes.get(PREFIX + ticker.symbol) if ticker.category == self.channel else None
            for row in tape.look(ticker) if tape else ():
                self._keep(row)

    def news(self, now_s: float) -> Iterator[tuple[str, Message]]:
        """Yield what was liquidated since the last time."""
        if not self._waiting or not self._beat.is_due(now_s):
            return
        waiting, self._waiting = self._waiting, {}
        for topic, rows in waiting.items():
            data = [_liquidation(row) for row in rows]
            yield topic, {"topic": topic, "type": "snapshot", "ts": self.front.now_ms(), "data": data}

    def _keep(self, row: LiquidationRow) -> None:
        topic = PREFIX + row.symbol
        if row.category == self.channel and topic in self.topics:
            self._waiting.setdefault(topic, deque(maxlen=WAITING_MAX)).append(row)


def _liquidation(row: LiquidationRow) -> Message:
    return {
        "T": row.ts_ms,
        "s": row.symbol,
        "S": row.side,
        "v": money(row.qty),
        "p": price(row.bankruptcy_price),
    }

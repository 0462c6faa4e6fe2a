"""Public trades: those of the simulated accounts, whose counterparty is everybody else.

Document: v5/websocket/public/trade (2026-07): S is the taker's side.
"""

from collections import deque
from collections.abc import Iterator

from marginwatch.sim.bybit.feed import WAITING_MAX, Channel, Feed, Message
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.wire_numbers import money, price
from marginwatch.sim.rows import Change, ExecutionRow

PREFIX = "publicTrade."
TRADES = ("Trade", "BustTrade", "AdlTrade")
_OTHER_SIDE = {"Buy": "Sell", "Sell": "Buy"}


class TradeFeed(Feed):
    """Topics ``publicTrade.{symbol}``, of options ``publicTrade.{coin}``; a message for all trades of 100 ms."""

    def __init__(self, front: Front, channel: Channel) -> None:
        super().__init__(front, channel)
        self._waiting: dict[str, deque[Message]] = {}
        self._last: dict[str, ExecutionRow] = {}
        self._directions: dict[str, str] = {}

    def knows(self, topic: str) -> bool:
        """Return whether it names anything: unknown symbols are taken and stay silent."""
        return len(topic) > len(PREFIX)

    def close(self, topic: str) -> None:
        """Forget what waits."""
        super().close(topic)
        self._waiting.pop(topic, None)

    def hear(self, change: Change) -> None:
        """Collect trades."""
        for row in change.executions:
            if row.category != self.channel or row.kind not in TRADES:
                continue
            topic = PREFIX + (row.symbol.partition("-")[0] if self.channel == "option" else row.symbol)
            if topic in self.topics:
                self._waiting.setdefault(topic, deque(maxlen=WAITING_MAX)).append(self._trade(row))

    def news(self, now_s: float) -> Iterator[tuple[str, Message]]:
        """Yield the trades since the last time."""
        del now_s
        waiting, self._waiting = self._waiting, {}
        for topic, data in waiting.items():
            message: Message = {
                "topic": topic,
                "type": "snapshot",
                "ts": self.front.now_ms(),
                "data": [*data],
            }
            yield topic, message

    def _trade(self, row: ExecutionRow) -> Message:
        trade: Message = {
            "T": row.ts_ms,
            "s": row.symbol,
            "S": _OTHER_SIDE[row.side] if row.is_maker else row.side,
            "v": money(row.qty),
            "p": price(row.price),
            "i": row.exec_id,
            "BT": False,
        }
        if self.channel in ("linear", "inverse"):
            trade["L"] = self._direction(row)
        return trade

    def _direction(self, row: ExecutionRow) -> str:
        before, self._last[row.symbol] = self._last.get(row.symbol), row
        if before is None or before.price == row.price:
            return f"Zero{self._directions.get(row.symbol, 'PlusTick')}"
        direction = "PlusTick" if row.price > before.price else "MinusTick"
        self._directions[row.symbol] = direction
        return direction

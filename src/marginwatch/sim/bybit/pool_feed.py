"""Insurance pools and deleveraging alerts, by settle coin; inverse contracts together.

Documents: v5/websocket/public/insurance-pool, v5/websocket/public/adl-alert, v5/market/insurance, v5/market/adl-alert (2026-07).
"""

from collections.abc import Iterator, Sequence

from marginwatch.sim.bybit.feed import Beat, Channel, Feed, Message
from marginwatch.sim.bybit.front import Front
from marginwatch.sim.bybit.wire_numbers import money
from marginwatch.sim.market_rows import AdlAlertRow, PoolRow

EVERY_S = 1.0
GROUPS: dict[str, tuple[str, ...]] = {"linear": ("USDT", "USDC"), "inverse": ("inverse",)}
"""Channel → the groups of contracts that have pools of their own there."""

PNL_RATIO_TO_START, PNL_RATIO_TO_STOP, BALANCE_TO_START = -0.3, -0.25, 10_000
"""Typical values of the documents; the simulated exchange itself deleverages once a pool is spent, and only then."""


def pool(row: PoolRow) -> Message:
    """Return a row of ``/v5/market/insurance``."""
    return {
        "coin": row.coin,
        "symbols": ",".join(row.symbols),
        "balance": money(row.balance),
        "value": money(row.usd_value),
    }


def alert(row: AdlAlertRow) -> Message:
    """Return a row of ``/v5/market/adlAlert``."""
    return {
        "coin": row.coin,
        "symbol": row.symbol,
        "balance": money(row.balance),
        "maxBalance": "",
        "insurancePnlRatio": str(PNL_RATIO_TO_START),
        "pnlRatio": money(row.pnl_ratio),
        "adlTriggerThreshold": str(BALANCE_TO_START),
        "adlStopRatio": str(PNL_RATIO_TO_STOP),
    }


class _GroupFeed(Feed):
    def __init__(self, front: Front, channel: Channel) -> None:
        super().__init__(front, channel)
        self._beat = Beat(EVERY_S)

    def knows(self, topic: str) -> bool:
        """Return whether the group belongs to this channel."""
        return _group(topic) in GROUPS.get(self.channel, ())


class PoolFeed(_GroupFeed):
    """Topics ``insurance.{USDT|USDC|inverse}``: a snapshot, then the pools whose balance changed, every second."""

    def __init__(self, front: Front, channel: Channel) -> None:
        super().__init__(front, channel)
        self._sent: dict[str, dict[str, PoolRow]] = {}

    def open(self, topic: str) -> None:
        """Begin with the pools as they are."""
        super().open(topic)
        self._sent[topic] = {row.coin: row for row in self._pools(topic)}

    def first(self, topic: str) -> Message | None:
        """Return all pools of the group."""
        return self._message(topic, tuple(self._sent[topic].values()), "snapshot")

    def news(self, now_s: float) -> Iterator[tuple[str, Message]]:
        """Yield the pools that changed."""
        if not self.topics or not self._beat.is_due(now_s):
            return
        for topic in tuple(self.topics):
            sent = self._sent[topic]
            rows = [
                row
                for row in self._pools(topic)
                if row.coin not in sent or row.balance != sent[row.coin].balance
            ]
            sent |= {row.coin: row for row in rows}
            if rows:
                yield topic, self._message(topic, rows, "delta")

    def _pools(self, topic: str) -> tuple[PoolRow, ...]:
        stable, group = ("USDT", "USDC"), _group(topic)
        pools = self.front.exchange.insurance_pools()
        return tuple(
            row for row in pools if (row.coin == group or (group not in stable and row.coin not in stable))
        )

    def _message(self, topic: str, rows: Sequence[PoolRow], kind: str) -> Message:
        now_ms = self.front.now_ms()
        data = [
            {
                "coin": row.coin,
                "symbols": ",".join(row.symbols),
                "balance": money(row.balance),
                "updateTime": str(now_ms),
            }
            for row in rows
        ]
        return {"topic": topic, "type": kind, "ts": now_ms, "data": data}


class AlertFeed(_GroupFeed):
    """Topics ``adlAlert.{USDT|USDC|inverse}``: a snapshot every second, its figures as JSON numbers."""

    def first(self, topic: str) -> Message | None:
        """Return the alerts as they are."""
        return self._message(topic)

    def news(self, now_s: float) -> Iterator[tuple[str, Message]]:
        """Yield every topic's alerts."""
        if self.topics and self._beat.is_due(now_s):
            for topic in tuple(self.topics):
                yield topic, self._message(topic)

    def _message(self, topic: str) -> Message:
        group = _group(topic)
        rows = [
            row
            for row in self.front.exchange.adl_alerts()
            if (row.category == "inverse" if group == "inverse" else row.coin == group)
        ]
        data = [
            {
                "c": row.coin,
                "s": row.symbol,
                "b": float(row.balance),
                "mb": "",
                "i_pr": PNL_RATIO_TO_START,
                "pr": float(row.pnl_ratio),
                "adl_tt": BALANCE_TO_START,
                "adl_sr": PNL_RATIO_TO_STOP,
            }
            for row in rows
        ]
        return {"topic": topic, "type": "snapshot", "ts": self.front.now_ms(), "data": data}


def _group(topic: str) -> str:
    return topic.partition(".")[2]

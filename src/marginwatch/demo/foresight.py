"""How long before its liquidation each account's distance first fell below each threshold."""

from datetime import UTC, datetime

import numpy as np

from marginwatch.model.events import Event, FillsUpdate
from marginwatch.model.ids import AccountId
from marginwatch.risk.frame import Frame

THRESHOLDS = (0.20, 0.10, 0.05)
"""Distances to liquidation, fractions of Bitcoin's price."""


class Foresight:
    """Watches distances as they are reckoned, and liquidations as they are heard.

    Attributes
    ----------
    first_below : dict
        (account, threshold) → when its distance was first below, UTC nanoseconds.
    liquidated_at : dict of AccountId to int
        When an account's liquidation was first heard, UTC nanoseconds.
    """

    def __init__(self) -> None:
        self.first_below: dict[tuple[AccountId, float], int] = {}
        self.liquidated_at: dict[AccountId, int] = {}
        self._seen_ns = 0

    def look(self, frame: Frame) -> None:
        """Take the distances of a frame, if they are new."""
        part = frame.heavy.distance
        if part.value is None or part.at_ns == self._seen_ns:
            return
        self._seen_ns = part.at_ns
        sheet, away = part.value.distances.sheet, np.abs(part.value.common.shock)
        rows: list[int] = np.flatnonzero(away < THRESHOLDS[0]).tolist()
        for row in rows:
            account_id = sheet.account_ids[row]
            for threshold in THRESHOLDS:
                if away[row] < threshold and account_id not in self.liquidated_at:
                    # Known when the frame is there, not at the moment that it is of.
                    self.first_below.setdefault((account_id, threshold), frame.at_ns)

    def hear(self, event: Event) -> None:
        """Take liquidations."""
        if isinstance(event, FillsUpdate) and any(fill.kind == "liquidation" for fill in event.fills):
            self.liquidated_at.setdefault(event.account_id, event.ts_received_ns)

    def lines(self) -> list[str]:
        """Return a line for each liquidated account, the first to die first."""
        return [
            self._line(name, at_ns)
            for name, at_ns in sorted(self.liquidated_at.items(), key=lambda one: one[1])
        ]

    def _line(self, account_id: AccountId, at_ns: int) -> str:
        moment = datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%H:%M:%S")
        parts = [self._before(account_id, threshold, at_ns) for threshold in THRESHOLDS]
        return f"{account_id} liquidated at {moment}; distance first below {', '.join(parts)}"

    def _before(self, account_id: AccountId, threshold: float, at_ns: int) -> str:
        first_ns = self.first_below.get((account_id, threshold))
        if first_ns is None or first_ns > at_ns:
            return f"{threshold:.0%}: not before"
        return f"{threshold:.0%}: {(at_ns - first_ns) / 1e9:.1f} s before"

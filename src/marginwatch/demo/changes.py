"""What changed from frame to frame, as lines for people."""

from collections import deque
from datetime import UTC, datetime

import msgspec

from marginwatch.model.activity import Fill
from marginwatch.model.events import Event, FillsUpdate, OrdersUpdate
from marginwatch.model.ids import AccountId
from marginwatch.risk.table_rows import AccountRow, PositionRow

KEPT = 200
USAGE_STEPS = (0.50, 0.70, 0.85)


class Line(msgspec.Struct, frozen=True):
    """One line: when (UTC nanoseconds), how loud (0 quiet, 1 noticeable, 2 danger), whose, what."""

    at_ns: int
    loudness: int
    account_id: str
    text: str

    @property
    def time(self) -> str:
        """The moment as hours, minutes and seconds, UTC."""
        return datetime.fromtimestamp(self.at_ns / 1e9, UTC).strftime("%H:%M:%S")


class ChangeLog:
    """Compares each frame's rows with those before and listens to fills; keeps the newest lines.

    Attributes
    ----------
    lines : deque of Line
        Newest last, at most 200.
    n_changes : int
        Position changes seen.
    """

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=KEPT)
        self.n_changes = 0
        self._quantities: dict[tuple[str, str, str], str] = {}
        self._links: dict[str, tuple[str, bool]] = {}
        self._steps: dict[str, int] = {}
        self._is_first = True

    def say(self, at_ns: int, account_id: str, text: str, loudness: int = 1) -> None:
        """Add a line."""
        self.lines.append(Line(at_ns, loudness, account_id, text))

    def hear(self, event: Event) -> None:
        """Take liquidations and deleveraging from the stream of events."""
        if isinstance(event, FillsUpdate):
            for fill in event.fills:
                if fill.kind in ("liquidation", "adl"):
                    self.say(event.ts_received_ns, event.account_id, _forced(fill), 2)
        elif isinstance(event, OrdersUpdate):
            forced = [order for order in event.orders if order.cancel_kind == "liquidation"]
            if forced:
                text = f"{len(forced)} orders cancelled by the exchange before liquidation"
                self.say(event.ts_received_ns, event.account_id, text, 2)

    def compare(self, at_ns: int, accounts: list[AccountRow], positions: list[PositionRow]) -> None:
        """Compare the rows of a frame with those of the one before."""
        quantities: dict[tuple[str, str, str], str] = {
            (row.account_id, row.venue_symbol, row.position_side): row.quantity for row in positions
        }
        if not self._is_first:
            self._compare_positions(at_ns, quantities)
        for row in accounts:
            self._compare_account(at_ns, row)
        self._quantities = quantities
        self._is_first = self._is_first and not quantities

    def _compare_positions(self, at_ns: int, now: dict[tuple[str, str, str], str]) -> None:
        before = self._quantities
        for key in sorted({*now, *before}):
            old, new = before.get(key), now.get(key)
            if old == new:
                continue
            self.n_changes += 1
            account_id, symbol, side = key
            name = symbol if side == "net" else f"{symbol} {side}"
            if old is None:
                self.say(at_ns, account_id, f"{name} opened {_signed(new)}", 0)
            elif new is None:
                self.say(at_ns, account_id, f"{name} closed, was {_signed(old)}", 0)
            else:
                self.say(at_ns, account_id, f"{name} {_signed(old)} → {_signed(new)}", 0)

    def _compare_account(self, at_ns: int, row: AccountRow) -> None:
        link = (row.link_state, row.is_fresh)
        before = self._links.get(row.account_id)
        if before is not None and before != link:
            self._say_link(at_ns, row.account_id, before, link, row.reason)
        self._links[row.account_id] = link
        if row.maintenance_margin_usage is None:
            return
        step = sum(row.maintenance_margin_usage >= limit for limit in USAGE_STEPS)
        old_step = self._steps.get(row.account_id, step)
        if step > old_step:
            text = f"maintenance margin usage above {USAGE_STEPS[step - 1]:.0%}: {row.maintenance_margin_usage:.1%}"
            self.say(at_ns, row.account_id, text, 2 if step > 1 else 1)
        elif step < old_step:
            self.say(
                at_ns, row.account_id, f"maintenance margin usage back at {row.maintenance_margin_usage:.1%}"
            )
        self._steps[row.account_id] = step

    def _say_link(
        self,
        at_ns: int,
        account_id: AccountId,
        before: tuple[str, bool],
        now: tuple[str, bool],
        reason: str | None,
    ) -> None:
        if now[0] != before[0]:
            detail = f": {reason}" if reason else ""
            self.say(at_ns, account_id, f"{before[0]} → {now[0]}{detail}", 0 if now[0] == "streaming" else 1)
        elif not now[1]:
            self.say(at_ns, account_id, "stale: its numbers are not in the totals", 1)
        else:
            self.say(at_ns, account_id, "fresh again", 0)


def _signed(quantity: str | None) -> str:
    if quantity is None:
        return "—"
    return quantity.replace("-", "−") if quantity.startswith("-") else f"+{quantity}"


def _forced(fill: Fill) -> str:
    word = "liquidated" if fill.kind == "liquidation" else "deleveraged (ADL)"
    return f"{word}: {fill.side or ''} {fill.quantity or '—'} {fill.instrument.venue_symbol} at {fill.price or '—'}"

"""Alerts in a few words: value and bound, state, who was told, who takes care."""

from datetime import UTC, datetime

from marginwatch.model.alert import AlertState, Unit
from marginwatch.model.delivery import RowState
from marginwatch.terminal.figures import MISSING, age, grouped, percent
from marginwatch.web.alert_replies import AlertRow

STATE_MARKS = {AlertState.FIRING: "●", AlertState.PENDING: "◌", AlertState.RESOLVED: "✓"}
TOLD_MARKS = {RowState.SENT: "✓", RowState.WAITING: "…", RowState.SKIPPED: "·", RowState.FAILED: "✗"}
SECONDS_EXACT_BELOW = 100.0


def figure(value: float | None, unit: Unit) -> str:
    """Return a figure with its unit; ``—`` if None."""
    if value is None:
        return MISSING
    if unit == "fraction":
        return percent(value)
    if unit == "usd":
        return f"{grouped(value)} USD"
    if unit == "times":
        return f"{grouped(value, 1)} ×"
    if unit == "seconds":
        return f"{value:.3g} s".replace("-", "−") if value < SECONDS_EXACT_BELOW else age(value)
    if unit == "bytes":
        return f"{grouped(value / 1e6, 1)} MB"
    return grouped(value, 0 if value == int(value) else 1)


def bound_words(row: AlertRow) -> str:
    """Return which bound was crossed: ``> 70.0 %``, with the time over which a change was judged."""
    if row.bound is None:
        return MISSING
    over = "" if row.window_s is None else f" in {age(row.window_s)}"
    return f"{'>' if row.side == 'above' else '<'} {figure(row.bound, row.unit)}{over}"


def state_words(row: AlertRow) -> str:
    """Return a mark and the state; a ``?`` says that it cannot be judged now."""
    return f"{STATE_MARKS[row.state]} {row.state}{' ?' if row.is_unknown else ''}"


def told_words(row: AlertRow) -> str:
    """Return each channel with what became of it there: ``✓`` told, ``…`` under way, ``·`` kept back, ``✗`` failed."""
    return ", ".join(f"{one.channel} {TOLD_MARKS[one.state]}" for one in row.channels) or MISSING


def care_words(row: AlertRow) -> str:
    """Return who takes care of an alert, or that it is silenced."""
    words: list[str] = []
    if row.acknowledgement is not None and row.acknowledgement.is_active:
        words.append(f"{row.acknowledgement.author} until {clock(row.acknowledgement.until_ns)}")
    if row.silenced_by:
        words.append("silenced")
    return ", ".join(words) or MISSING


def clock(at_ns: int) -> str:
    """Return a moment of these days, UTC."""
    return f"{datetime.fromtimestamp(at_ns / 1e9, UTC):%m-%d %H:%M}"

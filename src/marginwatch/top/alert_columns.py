"""The columns of alerts, what is chosen of them, and what one says in full."""

from collections.abc import Callable, Sequence

import msgspec
from rich.text import Text

from marginwatch.model.alert import AlertState
from marginwatch.terminal.alert_words import bound_words, care_words, clock, figure, state_words, told_words
from marginwatch.terminal.bars import QUIET
from marginwatch.terminal.cells import SEVERITY_STYLES
from marginwatch.terminal.figures import age
from marginwatch.top.columns import LiveColumn, shown_text
from marginwatch.web.alert_replies import AlertRow, ChannelRow

MEDIUM, WIDE = 100, 140
CHOICES = ("open", "firing", "unknown", "pending", "over")
"""What can be chosen: everything that is not over, one kind of it, or what has resolved lately."""


def _style(row: AlertRow) -> str:
    return QUIET if row.state is AlertState.RESOLVED else SEVERITY_STYLES.get(row.severity, "")


def _handled(row: AlertRow) -> Text:
    """Return ``✓`` where somebody takes care, ``·`` where it is silenced."""
    is_cared_for = row.acknowledgement is not None and row.acknowledgement.is_active
    return Text("✓" if is_cared_for else "·" if row.silenced_by else "", style="green")


ALERT_COLUMNS = (
    LiveColumn("severity", 8, lambda row: shown_text(row.severity, _style(row)), "left"),
    LiveColumn("", 1, _handled, "left"),
    LiveColumn("state", 11, lambda row: Text(state_words(row)), "left"),
    LiveColumn("subject", 16, lambda row: shown_text(row.subject, "bold"), "left"),
    LiveColumn("value", 9, lambda row: Text(figure(row.value, row.unit)), "right", MEDIUM),
    LiveColumn("bound", 18, lambda row: Text(bound_words(row), style=QUIET), "left", WIDE),
    LiveColumn("since", 6, lambda row: Text(age(row.age_s), style=QUIET)),
    LiveColumn("data", 6, lambda row: Text(age(row.data_age_s), style=QUIET), "right", MEDIUM),
    LiveColumn("told", 16, lambda row: shown_text(told_words(row), QUIET), "left", WIDE),
    LiveColumn("care", 12, lambda row: shown_text(care_words(row), QUIET), "left", MEDIUM),
    LiveColumn("what", 0, lambda row: shown_text(row.headline), "left"),
)
"""From left to right: how urgent, whose, how much, since when, who knows, and the sentence that people were told."""


def chosen(rows: Sequence[AlertRow], choice: str) -> list[AlertRow]:
    """Return the alerts of one of :data:`CHOICES`: in the service's order, what fires first."""
    kinds: dict[str, Callable[[AlertRow], bool]] = {
        "firing": lambda row: row.state is AlertState.FIRING,
        "unknown": lambda row: row.is_unknown and row.state is not AlertState.RESOLVED,
        "pending": lambda row: row.state is AlertState.PENDING,
        "over": lambda row: row.state is AlertState.RESOLVED,
        "open": lambda row: row.state is not AlertState.RESOLVED,
    }
    return [row for row in rows if kinds[choice](row)]


def alert_words(row: AlertRow) -> str:
    """Return an alert in one line."""
    unknown = f"cannot be judged: {row.unknown_reason or 'no reason known'}" if row.is_unknown else None
    value = "—: nothing is known" if row.value is None else figure(row.value, row.unit)
    parts = (
        f"{row.subject}, {row.rule}: {value} against {bound_words(row)}",
        unknown,
        f"data {age(row.data_age_s)} old when it changed",
        row.action,
    )
    return " · ".join(one for one in parts if one)


def alert_lines(row: AlertRow) -> list[tuple[str, str]]:
    """Return everything about an alert as pairs of a name and a text."""
    lines = [
        ("what", row.headline),
        ("do", row.action),
        ("state", f"{state_words(row)}, {row.severity}, for {age(row.age_s)}"),
        ("rule", f"{row.rule}: {row.measure} {bound_words(row)}"),
        ("subject", f"{row.scope} {row.subject}"),
        (
            "value",
            f"{figure(row.value, row.unit)} at {clock(row.value_at_ns)} UTC, data {age(row.data_age_s)} old",
        ),
        ("unknown", row.unknown_reason or "" if row.is_unknown else ""),
        ("fired", "" if row.fired_at_ns is None else f"{clock(row.fired_at_ns)} UTC"),
        ("resolved", "" if row.resolved_at_ns is None else f"{clock(row.resolved_at_ns)} UTC"),
        *((name, text) for name, text in row.context.items()),
        ("labels", ", ".join(f"{name}={text}" for name, text in row.labels.items())),
        *(("told", _channel(one)) for one in row.channels),
        ("care", _care(row)),
        ("silences", ", ".join(row.silenced_by)),
        ("id", row.alert_id),
    ]
    return [(name, text) for name, text in lines if text]


def _channel(one: ChannelRow) -> str:
    detail = f": {one.detail}" if one.detail else ""
    return f"{one.channel} {one.state}, {one.reason}, {one.attempts} attempts, {clock(one.at_ns)} UTC{detail}"


def _care(row: AlertRow) -> str:
    given = row.acknowledgement
    if given is None:
        return ""
    comment = f": {given.comment}" if given.comment else ""
    over = "" if given.is_active else " (over)"
    return f"{given.author} until {clock(given.until_ns)} UTC{over}{comment}"


def aged_alert(row: AlertRow, by_s: float) -> AlertRow:
    """Return the row so much later."""
    return msgspec.structs.replace(row, age_s=row.age_s + by_s)

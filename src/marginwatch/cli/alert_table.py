"""The columns of the tables of alerts and silences, and the lines under them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from marginwatch.cli.output import Column
from marginwatch.model.alert import AlertState
from marginwatch.model.delivery import RowState
from marginwatch.terminal.alert_words import bound_words, care_words, clock, figure, state_words, told_words
from marginwatch.terminal.figures import MISSING, age, grouped, or_missing
from marginwatch.web.alert_replies import AlertRow, AlertsReply, ChannelRow, SilenceRow

NOTES_MAX = 20
NAMED_MAX = 6


ALERT_COLUMNS = (
    Column("severity", lambda row: row.severity, is_number=False),
    Column("state", state_words, is_number=False, rank=2),
    Column("rule", lambda row: row.rule, is_number=False),
    Column("subject", lambda row: row.subject, is_number=False),
    Column("value", lambda row: figure(row.value, row.unit)),
    Column("bound", bound_words, rank=4),
    Column("since", lambda row: age(row.age_s)),
    Column("data", lambda row: age(row.data_age_s), rank=6),
    Column("told", told_words, is_number=False, rank=1),
    Column("taken care of", care_words, is_number=False, rank=5),
    Column("id", lambda row: row.alert_id, is_number=False, rank=9),
)
"""From left to right: how urgent, what, whose, how much, since when, who knows. ``data`` is the age of the data behind it."""

SILENCE_COLUMNS = (
    Column("id", lambda row: row.silence_id, is_number=False),
    Column("holds", lambda row: "now" if row.is_active else f"from {clock(row.from_ns)}", is_number=False),
    Column("until", lambda row: clock(row.until_ns), is_number=False),
    Column("matchers", lambda row: " ".join(row.matchers), is_number=False),
    Column("alerts", lambda row: grouped(row.n_alerts)),
    Column("author", lambda row: row.author, is_number=False),
    Column("comment", lambda row: or_missing(row.comment), is_number=False, rank=1),
)


def alerts_title(reply: AlertsReply) -> str:
    """Return how many alerts there are of which kind, and when that was."""
    moment = datetime.fromtimestamp(reply.taken_at_ns / 1e9, UTC)
    counts = f"{reply.n_firing} firing, {reply.n_pending} pending, {reply.n_unknown} unknown"
    return f"Alerts · {counts} · {moment:%Y-%m-%d %H:%M:%S} UTC"


def alert_notes(reply: AlertsReply) -> list[str]:
    """Return the lines under the table: what to do, what cannot be judged, what did not reach anybody."""
    lines = _actions(reply.rows)
    lines += [
        f"? {row.subject}, {row.rule}: cannot be judged: {row.unknown_reason or 'no reason known'}"
        for row in reply.rows
        if row.is_unknown and not row.is_unknown_notice
    ]
    lines += [
        _undelivered(row, one)
        for row in reply.rows
        for one in row.channels
        if one.state is RowState.FAILED or (one.state is RowState.WAITING and one.attempts)
    ]
    if not reply.rows:
        lines.append("Nothing fires, nothing is pending, and nothing has resolved lately.")
    if reply.n_unjudged:
        lines.append(
            f"{reply.n_unjudged} pairs of rule and subject cannot be judged: marginwatch rules list --url … shows which"
        )
    return _few(lines)


def _actions(rows: Sequence[AlertRow]) -> list[str]:
    """Return what to do about alerts that nobody takes care of, alerts of the same advice in one line."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.state is AlertState.FIRING and row.action and care_words(row) == MISSING:
            subjects.setdefault((row.rule, row.action), []).append(row.subject)
    return [f"→ {_named(names)}, {rule}: {action}" for (rule, action), names in subjects.items()]


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


def _undelivered(row: AlertRow, one: ChannelRow) -> str:
    tries = f"{one.attempts} attempt{'' if one.attempts == 1 else 's'}"
    word = "gave up" if one.state is RowState.FAILED else "tries on"
    return (
        f"✗ {row.subject}, {row.rule}: {one.channel} {word} after {tries}: {one.detail or 'no reason known'}"
    )


def _few(lines: Sequence[str]) -> list[str]:
    more = len(lines) - NOTES_MAX
    return [*lines[:NOTES_MAX], *([f"and {more} more; --json has all"] if more > 0 else [])]


def silence_words(row: SilenceRow) -> str:
    """Return a silence in one line."""
    begin = "now" if row.is_active else clock(row.from_ns)
    n = f"{row.n_alerts} open alert{'' if row.n_alerts == 1 else 's'}"
    return (
        f"{row.silence_id}: {' '.join(row.matchers)} from {begin} to {clock(row.until_ns)} UTC; it covers {n}"
    )

"""Outbox rows that go out together → one message in the words of their channel."""

from collections.abc import Sequence

from marginwatch.model.alert import Alert, AlertState
from marginwatch.model.delivery import OutboxRow, SendReason
from marginwatch.model.severity import Severity
from marginwatch.notify.messages.catalog import catalog
from marginwatch.notify.messages.clean import cut, one_line
from marginwatch.notify.messages.figures import Figures
from marginwatch.notify.messages.links import dashboard_link
from marginwatch.notify.messages.message import Item, Line, Message
from marginwatch.notify.messages.sentences import Teller
from marginwatch.notify.messages.shortening import short_text
from marginwatch.notify.messages.template import fill

TITLE_MAX = 140


def compose(
    rows: Sequence[OutboxRow],
    *,
    message_id: str,
    language: str,
    timezone: str,
    public_url: str | None,
    now_ns: int,
) -> Message:
    """Return the message of rows that go out together through one channel.

    Several rows of one alert become one item with the latest row's alert and the transitions of all; the most severe
    firing item comes first, what is over last.

    Parameters
    ----------
    rows : sequence of OutboxRow
        At least one.
    message_id : str
        The same for each attempt.
    language, timezone : str
        Of the channel.
    public_url : str or None
        Where the dashboard is reached.
    now_ns : int
        When it is sent, UTC nanoseconds: ages are counted to here.

    Raises
    ------
    ValueError
        If there are no rows.
    """
    if not rows:
        raise ValueError("rows must hold at least one row: a message tells of something")
    words = catalog(language)
    teller = Teller(words, Figures(language, timezone), now_ns)
    latest = _latest(rows)
    items = tuple(_item(teller, row.alert, rows, public_url) for row in latest)
    severity, is_firing = _worst(items)
    title = _title(teller, [row.alert for row in latest], items)
    return Message(
        message_id=message_id,
        severity=severity,
        is_firing=is_firing,
        title=title,
        items=items,
        reason=_reason(teller, latest),
        short=short_text(words, title, items),
        made_at_ns=now_ns,
        made_at=teller.figures.moment(now_ns),
        language=words.language,
        is_test=all(row.reason is SendReason.TEST for row in rows),
    )


def compose_test(
    channel: str, *, message_id: str, language: str, timezone: str, public_url: str | None, now_ns: int
) -> Message:
    """Return a message that tests a channel and says so: nothing in it can be taken for an alert."""
    words = catalog(language)
    figures = Figures(language, timezone)
    headline = fill(words.words("test", "headline"), {"channel": one_line(channel, 80)})
    item = Item(
        key="",
        alert_id="",
        severity=Severity.INFO,
        severity_word=words.words("severities", "info"),
        is_firing=False,
        headline=headline,
        lines=(Line(words.words("test", "sent"), figures.moment(now_ns)),),
        action=words.words("actions", "test"),
        link=dashboard_link(public_url),
    )
    return Message(
        message_id=message_id,
        severity=Severity.INFO,
        is_firing=False,
        title=headline,
        items=(item,),
        reason=words.words("reasons", "test"),
        short=short_text(words, headline, (item,)),
        made_at_ns=now_ns,
        made_at=figures.moment(now_ns),
        language=words.language,
        is_test=True,
    )


def _latest(rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """Return the last row of each alert, in the order of items."""
    by_alert: dict[str, OutboxRow] = {}
    for row in sorted(rows, key=lambda one: one.row_id):
        by_alert[row.alert.alert_id] = row
    return sorted(
        by_alert.values(),
        key=lambda one: (
            one.alert.state is AlertState.RESOLVED,
            -one.alert.severity,
            one.alert.fired_at_ns or one.alert.pending_since_ns,
            one.alert.key,
        ),
    )


def _item(teller: Teller, alert: Alert, rows: Sequence[OutboxRow], public_url: str | None) -> Item:
    return Item(
        key=alert.key,
        alert_id=alert.alert_id,
        severity=alert.severity,
        severity_word=teller.catalog.words("severities", alert.severity.word),
        is_firing=alert.state is not AlertState.RESOLVED,
        headline=teller.headline(alert),
        lines=teller.lines(alert),
        action=teller.action(alert),
        link=dashboard_link(public_url, alert),
        transition_ids=tuple(
            row.transition_id
            for row in sorted(rows, key=lambda one: one.row_id)
            if row.alert.alert_id == alert.alert_id and row.transition_id is not None
        ),
    )


def _worst(items: Sequence[Item]) -> tuple[Severity, bool]:
    firing = [item.severity for item in items if item.is_firing]
    return max(firing or [item.severity for item in items]), bool(firing)


def _title(teller: Teller, alerts: Sequence[Alert], items: Sequence[Item]) -> str:
    first, item = alerts[0], items[0]
    values = {
        "severity": item.severity_word,
        "headline": item.headline,
        "n": str(sum(one.is_firing for one in items) or len(items)),
    }
    if len(items) > 1 and values["n"] != "1":
        key = "many" if item.is_firing else "many_over"
    elif not item.is_firing:
        key = "over"
    else:
        key = "unknown" if first.is_unknown_notice else "one"
    return cut(fill(teller.catalog.words("titles", key), values), TITLE_MAX)


def _reason(teller: Teller, rows: Sequence[OutboxRow]) -> str:
    """Return why the message is sent: each reason of its rows once, and since when its first alert fires."""
    first = rows[0].alert
    values = {
        "duration": teller.figures.duration((teller.now_ns - (first.fired_at_ns or teller.now_ns)) / 1e9),
        "moment": teller.figures.moment(first.fired_at_ns or teller.now_ns),
    }
    reasons = list(dict.fromkeys(row.reason for row in rows))
    parts = [fill(teller.catalog.words("reasons", reason.value), values) for reason in reasons]
    is_news = reasons[0] in (SendReason.FIRED, SendReason.RESOLVED, SendReason.TEST)
    if len(rows) == 1 and first.state is AlertState.FIRING and first.fired_at_ns is not None and not is_news:
        parts.append(fill(teller.catalog.words("reasons", "still_firing"), values))
    return ("" if teller.catalog.language == "zh" else " ").join(parts)

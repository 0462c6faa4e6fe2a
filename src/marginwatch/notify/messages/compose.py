"""Alerts that are told together → one message in the words of their channel."""

from collections.abc import Sequence

from marginwatch.model.alert import Alert, AlertState
from marginwatch.model.delivery import SendReason
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import ChannelTable
from marginwatch.notify.messages.catalog import catalog
from marginwatch.notify.messages.clean import cut, one_line
from marginwatch.notify.messages.figures import Figures
from marginwatch.notify.messages.links import dashboard_link
from marginwatch.notify.messages.message import Item, Line, Message
from marginwatch.notify.messages.sentences import Teller
from marginwatch.notify.messages.shortening import short_text
from marginwatch.notify.messages.template import fill
from marginwatch.notify.ports import Topic

TITLE_MAX = 140


def _test_message(teller: Teller, channel: str, message_id: str, public_url: str | None) -> Message:
    """Return a message that tests a channel and says so: nothing in it can be taken for an alert."""
    words = teller.catalog
    made_at = teller.figures.moment(teller.now_ns)
    headline = fill(words.words("test", "headline"), {"channel": one_line(channel, 80)})
    item = Item(
        key="",
        alert_id="",
        severity=Severity.INFO,
        severity_word=words.words("severities", "info"),
        is_firing=False,
        headline=headline,
        lines=(Line(words.words("test", "sent"), made_at),),
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
        made_at_ns=teller.now_ns,
        made_at=made_at,
        language=words.language,
        is_test=True,
    )


def _item(teller: Teller, topic: Topic, public_url: str | None) -> Item:
    alert = topic.alert
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
        transition_ids=topic.transition_ids,
    )


def _worst(items: Sequence[Item]) -> tuple[Severity, bool]:
    firing = [item.severity for item in items if item.is_firing]
    return max(firing or [item.severity for item in items]), bool(firing)


def _title(teller: Teller, first: Alert, items: Sequence[Item]) -> str:
    item = items[0]
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


def _reason(teller: Teller, reason: SendReason, topics: Sequence[Topic]) -> str:
    """Return why it is sent, each further reason of its topics once, and since when a single alert fires."""
    first = topics[0].alert
    since_ns = first.fired_at_ns or teller.now_ns
    values = {
        "duration": teller.figures.duration((teller.now_ns - since_ns) / 1e9),
        "moment": teller.figures.moment(since_ns),
    }
    reasons = dict.fromkeys([reason, *(one.reason for one in topics)])
    parts = [fill(teller.catalog.words("reasons", one.value), values) for one in reasons]
    is_firing = first.state is AlertState.FIRING and first.fired_at_ns is not None
    if len(topics) == 1 and is_firing and reason not in (SendReason.FIRED, SendReason.TEST):
        parts.append(fill(teller.catalog.words("reasons", "still_firing"), values))
    return ("" if teller.catalog.language == "zh" else " ").join(parts)

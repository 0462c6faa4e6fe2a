"""Alerts in the shape of Alertmanager's API v2."""

import datetime as dt
import re
from typing import TypedDict

from marginwatch.model.alert import Alert, AlertState
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import Outgoing
from marginwatch.notify.messages.message import Item, Message

TEXT_MAX = 2_000
LABELS_MAX = 60
TEST_NAME = "marginwatch-test"
TEST_LASTS_S = 300.0

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


class PostableAlert(TypedDict):
    """``postableAlert`` of Alertmanager's API v2."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str
    endsAt: str
    generatorURL: str


def postable_alerts(outgoing: Outgoing, hold_s: float, now_ns: int) -> list[PostableAlert]:
    """Return what is pushed: each alert at its severity, and ended at the others.

    Alertmanager knows an alert by all of its labels, severity among them. An alert that rose from ``high`` to ``critical``
    is a new one there, and the old one would fire on until its end: so it is ended in the same request, which is nothing
    to Alertmanager where it never knew it.
    """
    message = outgoing.message
    if message.is_test and not outgoing.alerts:
        return [_test_alert(message, now_ns)]
    items = {item.alert_id: item for item in message.items}
    pushed: list[PostableAlert] = []
    for alert in outgoing.alerts:
        pushed += _at_each_severity(alert, items.get(alert.alert_id), message, hold_s, now_ns)
    return pushed


def label_name(name: str) -> str:
    """Return a name that Prometheus takes for a label's: letters, digits and ``_``, not a digit first."""
    clean = _NOT_IN_NAMES.sub("_", name) or "_"
    return f"_{clean}" if clean[0].isdigit() else clean


def moment(at_ns: int) -> str:
    """Return UTC nanoseconds as RFC 3339 text with microseconds."""
    return dt.datetime.fromtimestamp(at_ns // 1_000 / 1e6, dt.UTC).isoformat(timespec="microseconds")


def _at_each_severity(
    alert: Alert, item: Item | None, message: Message, hold_s: float, now_ns: int
) -> list[PostableAlert]:
    starts_ns = alert.fired_at_ns or alert.pending_since_ns
    over_ns = alert.resolved_at_ns or now_ns if alert.state is AlertState.RESOLVED else None
    annotations = _annotations(alert, item, message)
    pushed: list[PostableAlert] = []
    for severity in Severity:
        if severity is alert.severity:
            ends_ns = now_ns + int(hold_s * 1e9) if over_ns is None else over_ns
        else:
            ends_ns = over_ns or now_ns
        pushed.append(
            {
                "labels": _labels(alert, severity),
                "annotations": annotations,
                "startsAt": moment(starts_ns),
                "endsAt": moment(max(ends_ns, starts_ns)),
                "generatorURL": (item.link if item else None) or "",
            }
        )
    return pushed


def _labels(alert: Alert, severity: Severity) -> dict[str, str]:
    further = list(alert.labels.items())[:LABELS_MAX]
    labels = {label_name(name): _text(value) for name, value in further if value}
    return labels | {
        "alertname": _text(alert.rule),
        "severity": severity.word,
        "scope": alert.subject.scope,
        "subject": _text(alert.subject.name),
    }


def _annotations(alert: Alert, item: Item | None, message: Message) -> dict[str, str]:
    annotations = {"message_id": message.message_id, "reason": message.reason, "measure": alert.measure}
    if item is not None:
        annotations["summary"] = item.headline
        annotations["description"] = "\n".join(f"{line.label}: {line.value}" for line in item.lines)
        annotations["action"] = item.action or ""
    return {name: _text(text) for name, text in annotations.items() if text}


def _test_alert(message: Message, now_ns: int) -> PostableAlert:
    return {
        "labels": {"alertname": TEST_NAME, "severity": Severity.INFO.word},
        "annotations": {"summary": _text(message.title), "description": _text(message.reason)},
        "startsAt": moment(now_ns),
        "endsAt": moment(now_ns + int(TEST_LASTS_S * 1e9)),
        "generatorURL": (message.items[0].link if message.items else None) or "",
    }


def _text(text: str) -> str:
    """Return text that UTF-8 can hold, shortened."""
    return text.encode("utf-8", "replace").decode()[:TEXT_MAX]

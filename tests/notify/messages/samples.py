"""Alerts to be put into words."""

import msgspec

from marginwatch.model.alert import Alert, AlertState, Subject
from marginwatch.model.delivery import OutboxRow, SendReason
from marginwatch.model.severity import Severity
from marginwatch.notify.messages.compose import compose
from marginwatch.notify.messages.message import Message

NOW_NS = 1_795_266_307_000_000_000
"""2026-11-21 13:05:07 UTC."""

SECOND_NS = 1_000_000_000
ZONES = {"en": "UTC", "zh": "Asia/Shanghai", "vi": "Asia/Ho_Chi_Minh", "th": "Asia/Bangkok"}


def alert(**changes: object) -> Alert:
    usual = Alert(
        alert_id="a-1",
        key="my-rule|account|mm-1",
        rule="my-rule",
        subject=Subject(scope="account", name="mm-1", account_id="mm-1"),
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        labels={"rule": "my-rule", "scope": "account", "account": "mm-1", "venue": "bybit"},
        measure="account.maintenance_margin_usage",
        unit="fraction",
        side="above",
        value=0.873,
        bound=0.85,
        value_at_ns=NOW_NS - 2 * SECOND_NS,
        data_age_s=3.0,
        pending_since_ns=NOW_NS - 70 * SECOND_NS,
        fired_at_ns=NOW_NS - 65 * SECOND_NS,
        context={"distance": "4.1 %", "direction": "falls", "btc_price": "61,234 USD"},
    )
    return msgspec.structs.replace(usual, **changes)


def over(**changes: object) -> Alert:
    ended = {"state": AlertState.RESOLVED, "resolved_at_ns": NOW_NS - 5 * SECOND_NS, "value": 0.5}
    return alert(**ended | changes)


def notice(**changes: object) -> Alert:
    usual = {
        "key": "?|account|mm-1",
        "rule": "data-missing",
        "measure": "data-missing",
        "unit": "seconds",
        "value": 120.0,
        "bound": 60.0,
        "severity": Severity.WARNING,
        "is_unknown_notice": True,
        "unknown_since_ns": NOW_NS - 120 * SECOND_NS,
        "pending_since_ns": NOW_NS - 120 * SECOND_NS,
        "unknown_reason": "no answer from the venue",
        "context": {"rules": "maintenance-margin, drawdown", "reason": "no answer from the venue"},
    }
    return alert(**usual | changes)


def row(of: Alert, reason: SendReason = SendReason.FIRED, number: int = 1) -> OutboxRow:
    return OutboxRow(
        row_id=number,
        channel="phone",
        group="g",
        reason=reason,
        alert=of,
        made_at_ns=NOW_NS,
        due_ns=NOW_NS,
        transition_id=f"t-{number}",
    )


def told(
    *rows: OutboxRow, language: str = "en", public_url: str | None = "https://desk.example/mw/"
) -> Message:
    return compose(
        rows,
        message_id="m-1",
        language=language,
        timezone=ZONES[language],
        public_url=public_url,
        now_ns=NOW_NS,
    )

"""Alerts, transitions and rows to store."""

from marginwatch.model.alert import Alert, AlertState, Subject, Transition, TransitionKind
from marginwatch.model.delivery import Delivery, OutboxRow, RowOutcome, RowState, SendReason, Told
from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity

T = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def an_alert(number=1, **changed):
    account = AccountId(f"mm-{number}")
    given = {
        "alert_id": f"alert-{number}",
        "key": f"margin|account|mm-{number}",
        "rule": "margin",
        "subject": Subject(scope="account", name=account, account_id=account),
        "state": AlertState.FIRING,
        "severity": Severity.HIGH,
        "labels": {"rule": "margin", "account": account, "tags": ",a,b,"},
        "measure": "account.maintenance_margin_usage",
        "unit": "fraction",
        "side": "above",
        "value": 0.7125,
        "bound": 0.7,
        "value_at_ns": T,
        "pending_since_ns": T + number,
        "fired_at_ns": T + 5,
        "context": {"usage": "71.25 %", "name": "保证金"},
    }
    return Alert(**{**given, **changed})


def a_transition(number=1, kind=TransitionKind.FIRED, name="", **changed):
    if kind is TransitionKind.RESOLVED:
        changed = {"state": AlertState.RESOLVED, "resolved_at_ns": T + 100 + number, **changed}
    elif kind in (TransitionKind.PENDING, TransitionKind.CALMED):
        changed = {"state": AlertState.PENDING, "fired_at_ns": None, **changed}
    return Transition(
        transition_id=name or f"{kind.value}-{number}",
        kind=kind,
        at_ns=T + number,
        alert=an_alert(number, **changed),
    )


def a_row(number=1, channel="phone", transition_id=None, alert=None, **changed):
    given = {"group": "all", "reason": SendReason.FIRED, "made_at_ns": T, "due_ns": T}
    return OutboxRow(
        channel=channel, transition_id=transition_id, alert=alert or an_alert(number), **{**given, **changed}
    )


def sent(row, state=RowState.SENT, **changed):
    return RowOutcome(row_id=row.row_id, state=state, is_attempt=True, **changed)


def a_delivery(rows, number=1, **changed):
    given = {
        "message_id": f"message-{number}",
        "channel": "phone",
        "at_ns": T + number,
        "took_ns": 40_000_000,
    }
    return Delivery(row_ids=tuple(row.row_id for row in rows), is_delivered=True, **{**given, **changed})


def a_told(number=1, channel="phone", **changed):
    given = {"is_firing": True, "severity": Severity.HIGH, "at_ns": T + number, "first_at_ns": T}
    alert = an_alert(number)
    return Told(channel=channel, key=alert.key, alert_id=alert.alert_id, **{**given, **changed})


async def write(store, alerts, transitions, rows=()):
    async with store.transaction() as unit:
        await alerts.write(unit, transitions, rows)

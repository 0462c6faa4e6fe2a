"""An alert on an account's margin usage, at each step of its life."""

from marginwatch.model.alert import Alert, AlertState, Subject, Transition, TransitionKind
from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity

PENDING_SINCE_NS = 1_000_000_000
STATES = {
    TransitionKind.PENDING: AlertState.PENDING,
    TransitionKind.RESOLVED: AlertState.RESOLVED,
    TransitionKind.CALMED: AlertState.RESOLVED,
}
NEVER_FIRED = (TransitionKind.PENDING, TransitionKind.CALMED)


def transition(transition_id: str, kind: TransitionKind, alert_id: str, at_ns: int) -> Transition:
    """Return what happened to an alert; the account that it is of has its name."""
    alert = Alert(
        alert_id=alert_id,
        key=f"usage|account|{alert_id}",
        rule="usage",
        subject=Subject(scope="account", name=alert_id, account_id=AccountId(alert_id)),
        state=STATES.get(kind, AlertState.FIRING),
        severity=Severity.HIGH,
        labels={"account": alert_id},
        measure="account.maintenance_margin_usage",
        unit="fraction",
        side="above",
        value=0.7,
        bound=0.5,
        value_at_ns=at_ns,
        pending_since_ns=PENDING_SINCE_NS,
        fired_at_ns=None if kind in NEVER_FIRED else at_ns,
        resolved_at_ns=at_ns if kind is TransitionKind.RESOLVED else None,
    )
    return Transition(transition_id=transition_id, kind=kind, at_ns=at_ns, alert=alert)

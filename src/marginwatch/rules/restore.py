"""Alerts from before a restart, until what they are about shows up again or is seen to be gone."""

from msgspec.structs import replace

from marginwatch.model.alert import Alert, AlertState, Scope
from marginwatch.rules.held import NEVER_NS, Held
from marginwatch.rules.telling import reworded
from marginwatch.rules.watch import Watch

CONFIGURED: frozenset[Scope] = frozenset(
    {"account", "venue", "desk", "tag", "service", "channel", "portfolio"}
)
"""Scopes whose subjects are there from the first moment, because they are configured and need not be heard of."""


class Waiting:
    """Restored alerts by scope and name of the subject.

    Parameters
    ----------
    judged_until_ns : int or None
        Until when the process before was at work: timers rest since then. None counts no time at all.
    settle_ns : int
        How long an alert stands as it was once its subject is heard again, while its number is not there yet.

    Attributes
    ----------
    by_scope : dict
        Scope → name → rules (None for an unknown notice, or if there is none any more) and their alerts.
    orphans : list of Alert
        Those whose subject is there, but no rule for it.
    """

    def __init__(self, judged_until_ns: int | None, settle_ns: int = 0) -> None:
        self._judged_until_ns = judged_until_ns
        self._settle_ns = settle_ns
        self.by_scope: dict[Scope, dict[str, list[tuple[Watch | None, Alert]]]] = {}
        self.orphans: list[Alert] = []

    def add(self, watch: Watch | None, alert: Alert) -> None:
        """Let an alert wait; without a rule it only waits for its end."""
        names = self.by_scope.setdefault(alert.subject.scope, {})
        names.setdefault(alert.subject.name, []).append((watch, alert))

    def take(self, scope: Scope, name: str) -> list[tuple[Watch | None, Alert]]:
        """Return what waited for a subject that is there now."""
        names = self.by_scope.get(scope)
        found = names.pop(name, []) if names else []
        if names is not None and not names:
            del self.by_scope[scope]
        return found

    def all_of(self, scope: Scope) -> list[tuple[Watch | None, Alert]]:
        """Return what waits in a scope."""
        return [pair for pairs in self.by_scope.get(scope, {}).values() for pair in pairs]

    def remove(self, scope: Scope, alert: Alert) -> None:
        """Let an alert wait no longer."""
        name = alert.subject.name
        for pair in self.take(scope, name):
            if pair[1] is not alert:
                self.add(*pair)

    def alerts(self) -> list[Alert]:
        """Return all that waits, notices left out."""
        return self.orphans + [
            alert for scope in self.by_scope for _, alert in self.all_of(scope) if not alert.is_unknown_notice
        ]

    def held(self, watch: Watch, alert: Alert, row: int, identity: int) -> Held:
        """Return a restored alert at work again: it rests until it is judged, and nothing of it is told anew."""
        level = watch.ladder.rung_of(alert)
        is_firing = alert.state is AlertState.FIRING
        due_ns = NEVER_NS if is_firing else alert.pending_since_ns + watch.for_ns + alert.paused_ns
        stopped_ns = alert.pending_since_ns + alert.paused_ns
        if self._judged_until_ns is not None:
            stopped_ns = max(self._judged_until_ns, stopped_ns)
        made = Held(
            watch,
            row,
            identity,
            alert,
            rung=level,
            level=level,
            is_firing=is_firing,
            due_ns=due_ns,
            paused_from_ns=alert.unknown_since_ns or stopped_ns,
            is_unknown=alert.unknown_since_ns is not None,
            is_resting=True,
            settle_ns=self._settle_ns,
        )
        made.alert = replace(reworded(made), alert_id=alert.alert_id)
        return made

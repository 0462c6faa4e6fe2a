"""Alerts of the demo: what fires, who was told, and whose liquidation an alert came before."""

from collections.abc import Mapping, Sequence

import msgspec

from marginwatch.app.alerting.alerting import Alerting
from marginwatch.model.alert import Alert, AlertState, Transition, TransitionKind
from marginwatch.model.delivery import ChannelStanding, RowState
from marginwatch.model.ids import AccountId
from marginwatch.notify.messages.catalog import catalog
from marginwatch.notify.messages.figures import Figures
from marginwatch.notify.messages.sentences import Teller

DISTANCE = "account.liquidation_distance"
"""Measure of the alerts that warn of a liquidation."""

KEPT_RESOLVED = 5


class AlertLine(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of the picture: how urgent, whom it concerns, what happened, since when, and what people know of it."""

    severity: str
    subject: str
    headline: str
    age_s: float
    is_over: bool
    told: RowState | None


class AlertWatch:
    """Hears of changes of alerts, and looks after a while what became of their messages.

    Attributes
    ----------
    lines : tuple of AlertLine
        As last looked at: what fires, the most severe first, then the last that are over.
    first_warned : dict of AccountId to int
        When an alert on its distance to liquidation first fired, UTC nanoseconds.
    """

    def __init__(self) -> None:
        self.lines: tuple[AlertLine, ...] = ()
        self.first_warned: dict[AccountId, int] = {}

    def hear(self, transitions: Sequence[Transition]) -> None:
        """Take changes of alerts."""
        for one in transitions:
            account_id = one.alert.subject.account_id
            is_warning = one.alert.measure == DISTANCE and not one.alert.is_unknown_notice
            if one.kind is TransitionKind.FIRED and is_warning and account_id is not None:
                self.first_warned.setdefault(account_id, one.at_ns)

    def warned(self, liquidated_at: Mapping[AccountId, int]) -> tuple[AccountId, ...]:
        """Return the accounts whose distance alert fired before they were liquidated."""
        return tuple(
            name
            for name, at_ns in liquidated_at.items()
            if name in self.first_warned and self.first_warned[name] < at_ns
        )

    async def look(self, alerting: Alerting) -> None:
        """Renew the lines."""
        firing = [one for one in alerting.open_alerts() if one.state is AlertState.FIRING]
        shown = [*firing, *await alerting.resolved_alerts(KEPT_RESOLVED)]
        told = await alerting.channel_standings([one.alert_id for one in shown])
        teller = Teller(catalog("en"), Figures("en", "UTC"), alerting.now_ns())
        lines = [_line(one, told.get(one.alert_id, ()), teller) for one in shown]
        order = {word: place for place, word in enumerate(("critical", "high", "warning", "info"))}
        self.lines = tuple(sorted(lines, key=lambda one: (one.is_over, order[one.severity], one.age_s)))


def _line(alert: Alert, told: Sequence[ChannelStanding], teller: Teller) -> AlertLine:
    is_over = alert.state is AlertState.RESOLVED
    since_ns = (alert.resolved_at_ns if is_over else alert.fired_at_ns) or alert.pending_since_ns
    return AlertLine(
        severity=alert.severity.word,
        subject=alert.subject.name,
        headline=teller.headline(alert),
        age_s=max(0.0, (teller.now_ns - since_ns) / 1e9),
        is_over=is_over,
        told=told[0].state if told else None,
    )

"""A desk of alerts in memory, as real as the service's own to the routes: what it is told, it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import msgspec

from marginwatch.model.alert import Acknowledgement, Alert, AlertState, Subject, Transition, TransitionKind
from marginwatch.model.delivery import ChannelStanding, ChannelTest, Delivery, RowState, SendReason
from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher, Silence
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.standing import RuleStanding

NOW_NS = 1_700_000_000_000_000_000
MINUTE_NS = 60_000_000_000


def alert_of(account: str, state: AlertState = AlertState.FIRING, **others: object) -> Alert:
    """An alert of an account's margin usage, out of bounds for ten minutes and firing for nine."""
    first = Alert(
        alert_id=f"id-{account}",
        key=f"margin-usage|account|{account}",
        rule="margin-usage",
        subject=Subject(scope="account", name=account, account_id=AccountId(account)),
        state=state,
        severity=Severity.HIGH,
        labels={"rule": "margin-usage", "scope": "account", "severity": "high", "account": account},
        measure="account.maintenance_margin_usage",
        unit="fraction",
        side="above",
        value=0.723,
        bound=0.70,
        value_at_ns=NOW_NS,
        pending_since_ns=NOW_NS - 10 * MINUTE_NS,
        fired_at_ns=None if state is AlertState.PENDING else NOW_NS - 9 * MINUTE_NS,
        resolved_at_ns=NOW_NS - MINUTE_NS if state is AlertState.RESOLVED else None,
        data_age_s=0.4,
        context={"distance": "8.1 %"},
        action="Add collateral or reduce.",
    )
    return msgspec.structs.replace(first, **others)


USAGE = Rule(
    name="margin-usage",
    measure="account.maintenance_margin_usage",
    side="above",
    steps=(
        Step(severity=Severity.WARNING, bound=0.5, clear=0.45),
        Step(severity=Severity.HIGH, bound=0.7, clear=0.65),
    ),
    for_s=5.0,
)


@dataclass
class Desk:
    """Alerts, silences and channels of a test."""

    alerts: list[Alert] = field(default_factory=list)
    resolved: list[Alert] = field(default_factory=list)
    held: list[Silence] = field(default_factory=list)
    given: list[Acknowledgement] = field(default_factory=list)
    told: dict[str, list[ChannelStanding]] = field(default_factory=dict)
    log: list[Delivery] = field(default_factory=list)
    tests: list[ChannelTest] = field(default_factory=list)
    now: int = NOW_NS

    def now_ns(self) -> int:
        return self.now

    def open_alerts(self) -> Sequence[Alert]:
        return self.alerts

    def standings(self) -> Sequence[RuleStanding]:
        return [
            RuleStanding(
                rule=USAGE,
                n_judged=12,
                n_pending=1,
                n_firing=1,
                n_unknown=2,
                worst=Subject(scope="account", name="mm-1"),
                value=0.723,
                distance=-0.223,
            )
        ]

    def version_of_alerts(self) -> int:
        return hash(tuple((one.alert_id, one.state, one.severity) for one in self.alerts))

    def version_of_people(self) -> int:
        return hash((tuple(self.held), tuple(self.given)))

    def version_of_told(self) -> int:
        return len(self.log)

    async def resolved_alerts(self, limit: int) -> Sequence[Alert]:
        return self.resolved[:limit]

    async def channel_standings(self, alert_ids: Sequence[str]) -> Mapping[str, Sequence[ChannelStanding]]:
        return {one: self.told[one] for one in alert_ids if one in self.told}

    async def transitions(self, *, before_id=None, limit=100, key=None, account_id=None):
        kinds = {AlertState.PENDING: TransitionKind.PENDING, AlertState.FIRING: TransitionKind.FIRED}
        rows = [
            SimpleNamespace(
                id=number,
                value=Transition(
                    transition_id=f"t{number}",
                    kind=kinds.get(one.state, TransitionKind.RESOLVED),
                    at_ns=self.now,
                    alert=one,
                ),
            )
            for number, one in enumerate([*self.resolved, *self.alerts], 1)
            if key in (None, one.key) and account_id in (None, one.subject.account_id)
        ]
        return [row for row in reversed(rows) if before_id is None or row.id < before_id][:limit]

    async def deliveries(self, *, before_id=None, limit=100, channel=None, key=None):
        del key
        rows = [SimpleNamespace(id=number, value=one) for number, one in enumerate(self.log, 1)]
        rows = [row for row in rows if channel in (None, row.value.channel)]
        return [row for row in reversed(rows) if before_id is None or row.id < before_id][:limit]

    async def acknowledge(
        self, alert_id: str, author: str, comment: str, for_s: float
    ) -> Acknowledgement | None:
        one = next((one for one in self.alerts if one.alert_id == alert_id), None)
        if one is None or one.state is not AlertState.FIRING:
            return None
        until_ns = self.now + int(for_s * 1e9)
        given = Acknowledgement(
            key=one.key,
            alert_id=alert_id,
            severity=one.severity,
            author=author,
            comment=comment,
            at_ns=self.now,
            until_ns=until_ns,
        )
        self.given = [*(old for old in self.given if old.alert_id != alert_id), given]
        return given

    async def acknowledgements(self) -> Sequence[Acknowledgement]:
        return self.given

    async def add_silence(
        self, matchers: Sequence[Matcher], author: str, comment: str, from_ns: int, until_ns: int
    ) -> Silence:
        made = Silence(
            silence_id=f"s{len(self.held) + 1}",
            matchers=tuple(matchers),
            author=author,
            comment=comment,
            from_ns=from_ns,
            until_ns=until_ns,
        )
        self.held.append(made)
        return made

    async def end_silence(self, silence_id: str) -> bool:
        before = len(self.held)
        self.held = [one for one in self.held if one.silence_id != silence_id]
        return len(self.held) < before

    async def silences(self) -> Sequence[Silence]:
        return self.held

    async def test_channels(self) -> Sequence[ChannelTest]:
        return self.tests


def small_desk() -> Desk:
    """One alert that fires and was told, one that fires unheard of, one pending, a notice, one that has resolved."""
    told = [
        ChannelStanding(
            channel="phone", state=RowState.SENT, reason=SendReason.FIRED, attempts=1, at_ns=NOW_NS
        ),
        ChannelStanding(
            channel="mail",
            state=RowState.FAILED,
            reason=SendReason.FIRED,
            detail="rejected: no such mailbox",
            attempts=3,
            at_ns=NOW_NS,
        ),
    ]
    notice = alert_of(
        "arb-1",
        alert_id="id-unknown",
        key="?|account|arb-1",
        rule="data-missing",
        severity=Severity.WARNING,
        value=None,
        bound=None,
        is_unknown_notice=True,
        unknown_reason="no answer for 90 s",
        unknown_since_ns=NOW_NS - 2 * MINUTE_NS,
    )
    return Desk(
        alerts=[
            alert_of("calm", AlertState.PENDING, severity=Severity.WARNING),
            alert_of("mm-1"),
            alert_of("dir-1", severity=Severity.CRITICAL, unknown_since_ns=NOW_NS, unknown_reason="frozen"),
            notice,
        ],
        resolved=[alert_of("old-1", AlertState.RESOLVED)],
        told={"id-mm-1": told},
        log=[
            Delivery(
                message_id="m1",
                channel="phone",
                row_ids=(1,),
                at_ns=1,
                took_ns=250_000_000,
                is_delivered=True,
            ),
            Delivery(
                message_id="m2",
                channel="mail",
                row_ids=(2, 3),
                at_ns=2,
                took_ns=1_000_000,
                is_delivered=False,
                reason="rejected",
                detail="no such mailbox",
            ),
        ],
        tests=[
            ChannelTest(channel="phone", kind="telegram", is_delivered=True, took_s=0.2),
            ChannelTest(
                channel="mail", kind="email", is_delivered=False, took_s=1.0, reason="auth", detail="535"
            ),
        ],
    )

"""Alerts, rows, setups, an outbox in memory and a channel that does as it is told."""

import msgspec

from marginwatch.clock import ManualClock
from marginwatch.errors import DeliveryError
from marginwatch.model.alert import Alert, AlertState, Subject, Transition, TransitionKind
from marginwatch.model.delivery import OutboxRow, RowState, SendReason
from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import ChannelKind, ChannelTable, Receipt
from marginwatch.notify.dispatcher import Dispatcher
from marginwatch.notify.settings import ChannelSetup, DispatchSettings, NotifySetup, Route

T = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def an_alert(number=1, **changed):
    account = AccountId(changed.pop("account", f"mm-{number}"))
    rule = changed.get("rule", "margin")
    given = {
        "alert_id": f"alert-{number}",
        "key": f"{rule}|account|{account}",
        "rule": rule,
        "subject": Subject(scope="account", name=account, account_id=account),
        "state": AlertState.FIRING,
        "severity": Severity.HIGH,
        "labels": {"rule": rule, "scope": "account", "account": account, "tags": ",a,b,"},
        "measure": "account.maintenance_margin_usage",
        "unit": "fraction",
        "side": "above",
        "value": 0.7125,
        "bound": 0.7,
        "value_at_ns": T,
        "pending_since_ns": T,
        "fired_at_ns": T,
    }
    return Alert(**{**given, **changed})


def over(alert, at_ns=T + SECOND):
    return msgspec.structs.replace(alert, state=AlertState.RESOLVED, resolved_at_ns=at_ns, value_at_ns=at_ns)


def a_transition(kind, alert, number=1):
    return Transition(
        transition_id=f"{kind.value}-{alert.alert_id}-{number}",
        kind=kind,
        at_ns=alert.value_at_ns,
        alert=alert,
    )


KIND_OF = {
    SendReason.FIRED: TransitionKind.FIRED,
    SendReason.RAISED: TransitionKind.RAISED,
    SendReason.RESOLVED: TransitionKind.RESOLVED,
}


def a_row(alert=None, reason=SendReason.FIRED, row_id=0, channel="a", **changed):
    alert = alert or an_alert()
    transition_id = f"{reason.value}-{alert.alert_id}" if reason in KIND_OF else None
    given = {"group": "default", "made_at_ns": T, "due_ns": T, "transition_id": transition_id}
    return OutboxRow(row_id=row_id, channel=channel, reason=reason, alert=alert, **{**given, **changed})


KIND = ChannelKind("fake", ChannelTable, (), lambda *_: None, 60.0, 4_000, ())


def a_setup(*names, routes=(), mutes=(), inhibits=(), kind=KIND, **tables):
    """Return a setup with these channels; ``tables`` holds keys of their tables by name."""
    channels = {}
    for name in names or ("a",):
        table = ChannelTable(name=name, type="fake", **tables.get(name, {}))
        channels[name] = ChannelSetup(
            table=table,
            kind=kind,
            secrets={},
            min_severity=Severity.of_word(table.min_severity),
            place="x.toml:1",
        )
    return NotifySetup(
        channels=channels,
        routes=routes,
        default_route=Route(name="default", channels=tuple(channels)),
        mutes=mutes,
        inhibits=inhibits,
    )


class FakeChannel:
    """Takes every message unless ``answers`` holds an error or receipt for the next attempts."""

    def __init__(self, *, can_edit=False):
        self.can_edit = can_edit
        self.outgoing = []
        self.tried = []
        self.answers = []

    async def send(self, outgoing):
        self.tried.append(outgoing)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        self.outgoing.append(outgoing)
        return answer or Receipt(reference=f"m{len(self.outgoing)}")

    async def close(self):
        return

    @property
    def items(self):
        return [item for outgoing in self.outgoing for item in outgoing.message.items]

    @property
    def transition_ids(self):
        return [one for item in self.items for one in item.transition_ids]


def refused(reason="auth"):
    return DeliveryError("refused", reason=reason, retryable=False)


def unreachable(retry_after_s=None):
    reason = "server" if retry_after_s is None else "rate_limited"
    return DeliveryError("try again", reason=reason, retryable=True, retry_after_s=retry_after_s)


class MemoryOutbox:
    """The outbox without a database; keeps what the contract of the port says."""

    def __init__(self):
        self.rows = {}
        self.outcomes = []
        self.deliveries = []
        self.memory = {}

    async def add(self, rows):
        for row in rows:
            row_id = len(self.rows) + 1
            self.rows[row_id] = msgspec.structs.replace(row, row_id=row_id, state=RowState.WAITING)

    async def claim(self, owner, channel, now_ns, lease_ns, limit):
        free = [
            row
            for row in self.rows.values()
            if row.channel == channel
            and row.state is RowState.WAITING
            and (row.lease_until_ns <= now_ns or row.lease_owner == owner)
        ]
        due = sorted(
            (row for row in free if row.due_ns <= now_ns), key=lambda row: (-row.alert.severity, row.row_id)
        )
        keys = {row.alert.key for row in due[:limit]}
        taken = due[:limit] + [row for row in free if row.alert.key in keys and row not in due[:limit]]
        leased = [
            msgspec.structs.replace(row, lease_owner=owner, lease_until_ns=now_ns + lease_ns) for row in taken
        ]
        self.rows.update({row.row_id: row for row in leased})
        return tuple(leased)

    async def finish(self, owner, outcomes, *, deliveries=(), told=(), rows=()):
        for one in outcomes:
            row = self.rows[one.row_id]
            if row.lease_owner == owner and row.state is RowState.WAITING:
                self.rows[one.row_id] = msgspec.structs.replace(
                    row,
                    state=one.state,
                    due_ns=one.due_ns if one.state is RowState.WAITING else row.due_ns,
                    attempts=row.attempts + one.is_attempt,
                    lease_owner=None,
                    lease_until_ns=0,
                )
                self.outcomes.append(one)
        self.deliveries += deliveries
        self.memory.update({(one.channel, one.key): one for one in told})
        await self.add(rows)

    async def next_due_ns(self, channel):
        waiting = [
            row for row in self.rows.values() if row.channel == channel and row.state is RowState.WAITING
        ]
        return min((row.lease_until_ns or row.due_ns for row in waiting), default=None)

    async def waiting(self, *, is_loud=False):
        return frozenset(
            (row.channel, row.alert.alert_id)
            for row in self.rows.values()
            if row.state is RowState.WAITING and not (is_loud and row.reason is SendReason.UPDATED)
        )

    async def planned(self, channel, transition_ids):
        return frozenset(
            row.transition_id
            for row in self.rows.values()
            if row.channel == channel and row.transition_id in transition_ids
        )

    async def told(self):
        return tuple(self.memory.values())

    def state(self, row_id):
        return self.rows[row_id].state

    def why(self, row_id):
        return [one.detail for one in self.outcomes if one.row_id == row_id][-1]


class MemoryDesk:
    def __init__(self):
        self.given = []
        self.silenced = []

    async def silences(self, now_ns):
        return tuple(self.silenced)

    async def acknowledgements(self):
        return tuple(self.given)


class Stand:
    """A dispatcher over an outbox in memory, driven turn by turn on a clock that stands still."""

    def __init__(self, setup=None, *, channels=None, settings=None, outbox=None, alerts=()):
        self.setup = setup or a_setup()
        self.clock = ManualClock(T)
        self.outbox = outbox or MemoryOutbox()
        self.desk = MemoryDesk()
        self.channels = channels or {name: FakeChannel() for name in self.setup.channels}
        self.alerts = list(alerts)
        self.dispatcher = Dispatcher(
            self.setup,
            self.channels,
            self.outbox,
            self.desk,
            lambda: tuple(self.alerts),
            clock=self.clock,
            settings=settings or DispatchSettings(),
        )

    async def turn(self, *names):
        """Let the workers of these channels, or all, work until they have nothing more to do at once."""
        for name in names or self.setup.channels:
            worker = self.dispatcher._workers[name]
            for _ in range(50):
                if not await worker.turn():
                    break

    async def put(self, *rows):
        await self.outbox.add(rows)
        await self.turn()

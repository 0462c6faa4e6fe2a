"""Alerts: each transition with the messages it causes, where each alert stands, and up to when rules have judged."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.model.alert import Acknowledgement, Alert, AlertState, Transition, TransitionKind
from marginwatch.model.delivery import AlertCounts, ChannelStanding, OutboxRow
from marginwatch.model.silence import Silence
from marginwatch.store.acknowledgements import StoredAcknowledgements
from marginwatch.store.alert_log import AlertLog
from marginwatch.store.outbox_rows import alert_of, alert_text, insert_rows
from marginwatch.store.records import StoredDelivery, StoredTransition
from marginwatch.store.retention import (
    OPEN_STATES,
    keep_newest,
    keep_newest_ended_silences,
    keep_newest_outbox,
    keep_newest_resolved,
)
from marginwatch.store.silences import StoredSilences
from marginwatch.store.store import PAGE_MAX, Store
from marginwatch.store.tables import ALERT, ALERT_TRANSITION, ALERTING_CLOCK
from marginwatch.store.transaction import Transaction
from marginwatch.store.upsert import chunks, insert_or_replace

TRIM_EVERY = 50
"""Commits between two looks whether tables are beyond their bounds."""

_THE_ROW = 1

_IDS = ALERT_TRANSITION.c.transition_id
_OF_THESE = select(_IDS).where(_IDS.in_(bindparam("these", expanding=True)))
_ADD_TRANSITIONS = insert(ALERT_TRANSITION)


class StoredAlerts:
    """Alerts, their history, and what people did about them.

    All calls raise ``ConnectivityError`` if the database cannot be used now, and may then be repeated: what was
    written already is not written twice.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._silences = StoredSilences(store)
        self._acknowledgements = StoredAcknowledgements(store)
        self._log = AlertLog(store)
        self._writes = 0

    # ---- written by the service --------------------------------------------------------------------------------

    async def write(
        self,
        unit: Transaction,
        transitions: Sequence[Transition],
        rows: Sequence[OutboxRow],
        *,
        is_new: bool = False,
    ) -> None:
        """Add transitions in their order, what alerts have become by them, and the messages they cause.

        A transition that is there already changes nothing, so that a commit may be repeated whose answer was lost.

        Parameters
        ----------
        unit : Transaction
            What they are committed with.
        transitions : sequence of Transition
            Oldest first.
        rows : sequence of OutboxRow
            The messages.
        is_new : bool, default=False
            None of them was in a commit before, so none is looked for.
        """
        known = () if is_new else await _known(unit.connection, [one.transition_id for one in transitions])
        new = [one for one in transitions if one.transition_id not in known]
        if new:
            values = {one.transition_id: _transition_values(one) for one in new}
            await unit.connection.execute(_ADD_TRANSITIONS, list(values.values()))
            await _keep_last(unit.connection, new)
        await insert_rows(unit.connection, rows)
        if self._writes % TRIM_EVERY == 0:
            await keep_newest(unit.connection, ALERT_TRANSITION, unit.retention.transitions_max)
            await keep_newest_resolved(unit.connection, unit.retention)
            await keep_newest_outbox(unit.connection, unit.retention)
        self._writes += 1

    async def note_judged(self, now_ns: int) -> None:
        """Keep up to which moment rules have judged; silences that ended long ago go in the same commit."""
        async with self._store.transaction() as unit:
            statement = insert_or_replace(unit.connection, ALERTING_CLOCK)
            await unit.connection.execute(statement, [{"id": _THE_ROW, "judged_until_ns": now_ns}])
            await keep_newest_ended_silences(unit.connection, unit.retention, now_ns)

    async def judged_until_ns(self) -> int | None:
        """Return up to which moment rules had judged; None if they never have."""
        rows = await self._store.rows(select(ALERTING_CLOCK.c.judged_until_ns))
        return rows[0].judged_until_ns if rows else None

    # ---- read at the start and by people ---------------------------------------------------------------------------

    async def open_alerts(self) -> tuple[Alert, ...]:
        """Return alerts that are pending or firing, as last stored, the oldest first."""
        query = select(ALERT.c.alert).where(ALERT.c.state.in_(OPEN_STATES))
        rows = await self._store.rows(query.order_by(ALERT.c.pending_since_ns, ALERT.c.alert_id))
        return tuple(alert_of(row.alert) for row in rows)

    async def resolved_alerts(self, limit: int = 100) -> tuple[Alert, ...]:
        """Return alerts that fired and have resolved, the last to resolve first; at most 1,000."""
        query = select(ALERT.c.alert).where(ALERT.c.state == AlertState.RESOLVED.value)
        newest = query.order_by(ALERT.c.resolved_at_ns.desc(), ALERT.c.alert_id)
        rows = await self._store.rows(newest.limit(max(0, min(limit, PAGE_MAX))))
        return tuple(alert_of(row.alert) for row in rows)

    async def transitions(
        self,
        *,
        before_id: int | None = None,
        limit: int = 100,
        key: str | None = None,
        account_id: str | None = None,
    ) -> tuple[StoredTransition, ...]:
        """Return transitions, newest first; ``before_id`` continues after the last one of a page (at most 1,000)."""
        return await self._log.transitions(before_id, limit, key, account_id)

    async def deliveries(
        self,
        *,
        before_id: int | None = None,
        limit: int = 100,
        channel: str | None = None,
        key: str | None = None,
    ) -> tuple[StoredDelivery, ...]:
        """Return attempts to send, newest first; ``before_id`` continues after the last one of a page (at most 1,000)."""
        return await self._log.deliveries(before_id, limit, channel, key)

    async def rows_of(self, alert_id: str) -> tuple[OutboxRow, ...]:
        """Return the newest thousand messages of one alert, newest first."""
        return await self._log.rows_of(alert_id)

    async def counts(self) -> AlertCounts:
        """Return of how many alerts somebody was to be told, those held back left out, and of how many somebody was."""
        return await self._log.counts()

    async def channel_standings(self, alert_ids: Sequence[str]) -> Mapping[str, tuple[ChannelStanding, ...]]:
        """Return for each of these alerts that was to be told what became of its newest row in each channel."""
        return await self._log.channel_standings(alert_ids)

    # ---- what people do --------------------------------------------------------------------------------------------

    async def silences(self, now_ns: int) -> tuple[Silence, ...]:
        """Return silences that hold now or will, the first to begin first."""
        return await self._silences.standing(now_ns)

    async def add_silence(self, silence: Silence) -> None:
        """Add or replace a silence."""
        await self._silences.add(silence)

    async def end_silence(self, silence_id: str, at_ns: int) -> bool:
        """End a silence early; False if there is none that could be."""
        return await self._silences.end(silence_id, at_ns)

    async def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Return the acknowledgements of open alerts, the last of each."""
        return await self._acknowledgements.of_open_alerts()

    async def add_acknowledgement(self, given: Acknowledgement) -> None:
        """Add an acknowledgement."""
        await self._acknowledgements.add(given)


async def _known(connection: AsyncConnection, transition_ids: Sequence[str]) -> Collection[str]:
    known: set[str] = set()
    for some in chunks(transition_ids):
        known.update((await connection.execute(_OF_THESE, {"these": some})).scalars())
    return known


async def _keep_last(connection: AsyncConnection, transitions: Sequence[Transition]) -> None:
    """Keep what each alert has become; one that calmed down before it fired is none any more."""
    last = {one.alert.alert_id: one for one in transitions}
    calmed = [key for key, one in last.items() if one.kind is TransitionKind.CALMED]
    kept = [_alert_values(one.alert) for one in last.values() if one.kind is not TransitionKind.CALMED]
    for ids in chunks(calmed):
        await connection.execute(delete(ALERT).where(ALERT.c.alert_id.in_(ids)))
    if kept:
        await connection.execute(insert_or_replace(connection, ALERT), kept)


def _alert_values(alert: Alert) -> dict[str, object]:
    return {
        "alert_id": alert.alert_id,
        "key": alert.key,
        "state": alert.state.value,
        "severity": int(alert.severity),
        "rule": alert.rule,
        "scope": alert.subject.scope,
        "subject": alert.subject.name,
        "account_id": alert.subject.account_id,
        "pending_since_ns": alert.pending_since_ns,
        "fired_at_ns": alert.fired_at_ns,
        "resolved_at_ns": alert.resolved_at_ns,
        "alert": alert_text(alert),
    }


def _transition_values(one: Transition) -> dict[str, object]:
    return {
        "transition_id": one.transition_id,
        "kind": one.kind.value,
        "at_ns": one.at_ns,
        "alert_id": one.alert.alert_id,
        "key": one.alert.key,
        "account_id": one.alert.subject.account_id,
        "alert": alert_text(one.alert),
    }

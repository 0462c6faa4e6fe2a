"""The outbox: rows are claimed under a lease, and what became of them is recorded with the log, the memory and new rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, insert, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.clock import Clock, SystemClock
from marginwatch.model.delivery import Delivery, OutboxRow, RowOutcome, RowState, SendReason, Told
from marginwatch.model.severity import Severity
from marginwatch.store.outbox_rows import insert_rows, outbox_row
from marginwatch.store.retention import (
    OPEN_STATES,
    keep_newest_deliveries,
    keep_newest_outbox,
    keep_newest_told,
)
from marginwatch.store.store import Store
from marginwatch.store.tables import ALERT, DELIVERY, DELIVERY_ROW, OUTBOX, TOLD
from marginwatch.store.upsert import chunks, insert_new, insert_or_replace

TRIM_EVERY = 50
"""Commits between two looks whether tables are beyond their bounds."""

# Written out, so that the indexes of waiting rows are taken however a statement is prepared.
_WAITING = OUTBOX.c.state == literal_column(f"'{RowState.WAITING.value}'")


_KNOWN_ROWS = select(DELIVERY_ROW.c.row_id).where(DELIVERY_ROW.c.delivery_id == DELIVERY.c.id)
_NEW_ROWS = (
    select(DELIVERY.c.id, OUTBOX.c.id, OUTBOX.c.key)
    .select_from(DELIVERY.join(OUTBOX, OUTBOX.c.id.in_(bindparam("these", expanding=True))))
    .where(
        DELIVERY.c.message_id == bindparam("of_message"),
        DELIVERY.c.channel == bindparam("of_channel"),
        DELIVERY.c.at_ns == bindparam("of_moment"),
        OUTBOX.c.id.not_in(_KNOWN_ROWS.correlate(DELIVERY)),
    )
)
# One statement finds the attempt and adds its rows: what it is called by need not come back first.
_ADD_ROWS = insert(DELIVERY_ROW).from_select(["delivery_id", "row_id", "key"], _NEW_ROWS)


class StoredOutbox:
    """The outbox in a store; every call is one transaction.

    All calls raise ``ConnectivityError`` if the database cannot be used now; then nothing of the call is kept, and it may
    be repeated: what was recorded already is not recorded twice.

    Parameters
    ----------
    store : Store
        Where it is.
    clock : Clock
        For when rows were finished.
    """

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._commits = 0

    async def add(self, rows: Sequence[OutboxRow]) -> None:
        """Add rows that no transition caused."""
        if not rows:
            return
        async with self._store.transaction() as unit:
            await insert_rows(unit.connection, rows)

    async def claim(
        self, owner: str, channel: str, now_ns: int, lease_ns: int, limit: int
    ) -> tuple[OutboxRow, ...]:
        """Lease to ``owner`` the waiting rows of a channel that are due and not leased to others.

        Most severe first, then oldest; at most ``limit``. A row whose lease has run out counts as not leased. With them
        come the other waiting rows of their alerts, due or not and beyond ``limit``. What ``owner`` itself holds is
        leased anew.
        """
        free = (
            OUTBOX.c.channel == channel,
            or_(OUTBOX.c.lease_until_ns <= now_ns, OUTBOX.c.lease_owner == owner),
        )
        # Rows that another process is about to lease are passed over instead of waited for; on SQLite, where this is
        # nothing, the transaction has begun as the only writing one.
        chosen = select(OUTBOX).where(*free, _WAITING, OUTBOX.c.due_ns <= now_ns)
        chosen = chosen.order_by(OUTBOX.c.severity.desc(), OUTBOX.c.id).limit(limit)
        lease: dict[str, Any] = {"lease_owner": owner, "lease_until_ns": now_ns + lease_ns}
        async with self._store.transaction() as unit:
            found = list((await unit.connection.execute(chosen.with_for_update(skip_locked=True))).all())
            known = {row.id for row in found}
            for ids in chunks(list({row.key for row in found})):
                kin = select(OUTBOX).where(*free, _WAITING, OUTBOX.c.key.in_(ids)).order_by(OUTBOX.c.id)
                rows = (await unit.connection.execute(kin.with_for_update(skip_locked=True))).all()
                found += [row for row in rows if row.id not in known]
            for ids in chunks([row.id for row in found]):
                await unit.connection.execute(update(OUTBOX).where(OUTBOX.c.id.in_(ids)).values(lease))
        return tuple(msgspec.structs.replace(outbox_row(row), **lease) for row in found)

    async def finish(
        self,
        owner: str,
        outcomes: Sequence[RowOutcome],
        *,
        deliveries: Sequence[Delivery] = (),
        told: Sequence[Told] = (),
        rows: Sequence[OutboxRow] = (),
    ) -> None:
        """Record what became of claimed rows and give up their leases, with the log, the memory and new rows at once.

        An outcome of a row that is no longer leased to ``owner`` changes nothing about that row; the rest is recorded.
        """
        if not (outcomes or deliveries or told or rows):
            return
        async with self._store.transaction() as unit:
            connection = unit.connection
            await _record_outcomes(connection, owner, outcomes, self._clock.now_ns())
            await _log(connection, deliveries)
            if told:
                await connection.execute(
                    insert_or_replace(connection, TOLD), [_told_values(one) for one in told]
                )
            await insert_rows(connection, rows)
            if self._commits % TRIM_EVERY == 0:
                await keep_newest_outbox(connection, unit.retention)
                await keep_newest_deliveries(connection, unit.retention)
                await keep_newest_told(connection, unit.retention)
        self._commits += 1

    async def next_due_ns(self, channel: str) -> int | None:
        """Return when the next waiting row of a channel is due or its lease runs out; None if there is none."""
        ours = (OUTBOX.c.channel == channel, _WAITING)
        due = select(func.min(OUTBOX.c.due_ns)).where(*ours, OUTBOX.c.lease_until_ns == 0)
        leased = select(func.min(OUTBOX.c.lease_until_ns)).where(*ours, OUTBOX.c.lease_until_ns > 0)
        query = select(due.scalar_subquery().label("due_ns"), leased.scalar_subquery().label("leased_ns"))
        [row] = await self._store.rows(query)
        return min((one for one in (row.due_ns, row.leased_ns) if one is not None), default=None)

    async def waiting(self, *, is_loud: bool = False) -> frozenset[tuple[str, str]]:
        """Return channel and ``alert_id`` of every row that waits, leased or not; ``is_loud``: mere changes in place left out."""
        query = select(OUTBOX.c.channel, OUTBOX.c.alert_id).where(_WAITING).distinct()
        if is_loud:
            query = query.where(OUTBOX.c.reason != SendReason.UPDATED.value)
        return frozenset((row.channel, row.alert_id) for row in await self._store.rows(query))

    async def pending(self) -> Mapping[str, tuple[int, int]]:
        """Return of each channel with waiting rows how many there are, leased or not, and when the oldest was made."""
        table = OUTBOX.c
        query = select(
            table.channel, func.count().label("n_rows"), func.min(table.made_at_ns).label("oldest_ns")
        ).where(_WAITING)
        found = await self._store.rows(query.group_by(table.channel))
        return {row.channel: (row.n_rows, row.oldest_ns) for row in found}

    async def planned(self, channel: str, transition_ids: Sequence[str]) -> frozenset[str]:
        """Return which of these transitions have a row of a channel, finished or not."""
        found: set[str] = set()
        for ids in chunks(transition_ids):
            query = select(OUTBOX.c.transition_id).where(
                OUTBOX.c.channel == channel, OUTBOX.c.transition_id.in_(ids)
            )
            found |= {row.transition_id for row in await self._store.rows(query)}
        return frozenset(found)

    async def told(self) -> tuple[Told, ...]:
        """Return the memory of all channels for alerts that may still fire.

        Those told as firing last, those that are open, and those of which something waits to be told.
        """
        open_ids = select(ALERT.c.alert_id).where(ALERT.c.state.in_(OPEN_STATES))
        waiting = select(OUTBOX.c.key).where(_WAITING)
        query = select(TOLD).where(
            or_(TOLD.c.is_firing, TOLD.c.alert_id.in_(open_ids), TOLD.c.key.in_(waiting))
        )
        return tuple(
            Told(
                channel=row.channel,
                key=row.key,
                alert_id=row.alert_id,
                is_firing=row.is_firing,
                severity=Severity(row.severity),
                at_ns=row.at_ns,
                first_at_ns=row.first_at_ns,
                reference=row.reference,
            )
            for row in await self._store.rows(query.order_by(TOLD.c.channel, TOLD.c.key))
        )


async def _record_outcomes(
    connection: AsyncConnection, owner: str, outcomes: Sequence[RowOutcome], now_ns: int
) -> None:
    ours = update(OUTBOX).where(OUTBOX.c.id == bindparam("of_id"), OUTBOX.c.lease_owner == owner, _WAITING)
    change: dict[str, Any] = {
        "detail": bindparam("why"),
        "attempts": OUTBOX.c.attempts + bindparam("tried"),
        "lease_owner": None,
        "lease_until_ns": 0,
    }
    waiting: list[dict[str, object]] = []
    finished: list[dict[str, object]] = []
    for one in outcomes:
        values: dict[str, object] = {"of_id": one.row_id, "why": one.detail, "tried": int(one.is_attempt)}
        if one.state is RowState.WAITING:
            waiting.append(values | {"due": one.due_ns})
        else:
            finished.append(values | {"became": one.state.value})
    if waiting:
        await connection.execute(ours.values(change | {"due_ns": bindparam("due")}), waiting)
    if finished:
        end: dict[str, Any] = {"state": bindparam("became"), "finished_at_ns": now_ns}
        await connection.execute(ours.values(change | end), finished)


async def _log(connection: AsyncConnection, deliveries: Sequence[Delivery]) -> None:
    if deliveries:
        await connection.execute(
            insert_new(connection, DELIVERY), [_delivery_values(one) for one in deliveries]
        )
    for one in deliveries:
        of = {"of_message": one.message_id, "of_channel": one.channel, "of_moment": one.at_ns}
        for ids in chunks(one.row_ids):
            await connection.execute(_ADD_ROWS, of | {"these": ids})


def _delivery_values(one: Delivery) -> dict[str, object]:
    return {
        "message_id": one.message_id,
        "channel": one.channel,
        "at_ns": one.at_ns,
        "took_ns": one.took_ns,
        "is_delivered": one.is_delivered,
        "reason": one.reason,
        "detail": one.detail,
        "reference": one.reference,
    }


def _told_values(one: Told) -> dict[str, object]:
    return {
        "channel": one.channel,
        "key": one.key,
        "alert_id": one.alert_id,
        "is_firing": one.is_firing,
        "severity": int(one.severity),
        "at_ns": one.at_ns,
        "first_at_ns": one.first_at_ns,
        "reference": one.reference,
    }

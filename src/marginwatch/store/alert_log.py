"""What happened to alerts and what was told of them, for people who look back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, Table, func, select

from marginwatch.model.alert import Transition, TransitionKind
from marginwatch.model.delivery import AlertCounts, ChannelStanding, Delivery, OutboxRow, RowState, SendReason
from marginwatch.store.outbox_rows import alert_of, outbox_row
from marginwatch.store.records import StoredDelivery, StoredTransition
from marginwatch.store.store import PAGE_MAX, Store
from marginwatch.store.tables import ALERT_TRANSITION, DELIVERY, DELIVERY_ROW, OUTBOX
from marginwatch.store.upsert import chunks


class AlertLog:
    """Transitions, deliveries and messages in a store, newest first.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def transitions(
        self, before_id: int | None, limit: int, key: str | None, account_id: str | None
    ) -> tuple[StoredTransition, ...]:
        """Return transitions, of one key or account where named."""
        table = ALERT_TRANSITION
        query = _page(table, before_id, limit)
        if key is not None:
            query = query.where(table.c.key == key)
        if account_id is not None:
            query = query.where(table.c.account_id == account_id)
        return tuple(
            StoredTransition(
                row.id,
                Transition(
                    transition_id=row.transition_id,
                    kind=TransitionKind(row.kind),
                    at_ns=row.at_ns,
                    alert=alert_of(row.alert),
                ),
            )
            for row in await self._store.rows(query)
        )

    async def deliveries(
        self, before_id: int | None, limit: int, channel: str | None, key: str | None
    ) -> tuple[StoredDelivery, ...]:
        """Return attempts to send, through one channel or about one key where named."""
        query = _page(DELIVERY, before_id, limit)
        if channel is not None:
            query = query.where(DELIVERY.c.channel == channel)
        if key is not None:
            about = select(DELIVERY_ROW.c.delivery_id).where(DELIVERY_ROW.c.key == key)
            query = query.where(DELIVERY.c.id.in_(about))
        found = await self._store.rows(query)
        rows: dict[int, list[int]] = defaultdict(list)
        for ids in chunks([row.id for row in found]):
            of_these = select(DELIVERY_ROW).where(DELIVERY_ROW.c.delivery_id.in_(ids))
            for row in await self._store.rows(of_these.order_by(DELIVERY_ROW.c.row_id)):
                rows[row.delivery_id].append(row.row_id)
        return tuple(StoredDelivery(row.id, _delivery(row, rows[row.id])) for row in found)

    async def rows_of(self, alert_id: str) -> tuple[OutboxRow, ...]:
        """Return the messages of one alert."""
        query = _page(OUTBOX, None, PAGE_MAX).where(OUTBOX.c.alert_id == alert_id)
        return tuple(outbox_row(row) for row in await self._store.rows(query))

    async def counts(self) -> AlertCounts:
        """Return of how many alerts somebody was to be told, and of how many somebody was."""
        alerts, state = func.count(OUTBOX.c.alert_id.distinct()), OUTBOX.c.state
        routed = select(alerts).where(state != RowState.SKIPPED.value).scalar_subquery().label("routed")
        sent = select(alerts).where(state == RowState.SENT.value).scalar_subquery().label("sent")
        [row] = await self._store.rows(select(routed, sent))
        return AlertCounts(n_routed=row.routed, n_delivered=row.sent)

    async def channel_standings(self, alert_ids: Sequence[str]) -> Mapping[str, tuple[ChannelStanding, ...]]:
        """Return what became of the newest message of each alert in each channel, channels in order of their names."""
        found: dict[str, list[ChannelStanding]] = defaultdict(list)
        for ids in chunks(alert_ids):
            newest = (
                select(func.max(OUTBOX.c.id))
                .where(OUTBOX.c.alert_id.in_(ids))
                .group_by(OUTBOX.c.alert_id, OUTBOX.c.channel)
            )
            query = select(OUTBOX).where(OUTBOX.c.id.in_(newest)).order_by(OUTBOX.c.channel, OUTBOX.c.id)
            for row in await self._store.rows(query):
                found[row.alert_id].append(_standing(row))
        return {alert_id: tuple(standings) for alert_id, standings in found.items()}


def _page(table: Table, before_id: int | None, limit: int) -> Select[Any]:
    query = select(table).order_by(table.c.id.desc()).limit(max(0, min(limit, PAGE_MAX)))
    return query if before_id is None else query.where(table.c.id < before_id)


def _standing(row: Row[Any]) -> ChannelStanding:
    return ChannelStanding(
        channel=row.channel,
        state=RowState(row.state),
        reason=SendReason(row.reason),
        detail=row.detail,
        attempts=row.attempts,
        at_ns=row.made_at_ns if row.finished_at_ns is None else row.finished_at_ns,
    )


def _delivery(row: Row[Any], row_ids: Sequence[int]) -> Delivery:
    return Delivery(
        message_id=row.message_id,
        channel=row.channel,
        row_ids=tuple(row_ids),
        at_ns=row.at_ns,
        took_ns=row.took_ns,
        is_delivered=row.is_delivered,
        reason=row.reason,
        detail=row.detail,
        reference=row.reference,
    )

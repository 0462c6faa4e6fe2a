"""Rows of the outbox as columns and back; the one place where they are inserted."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.model.alert import Alert
from marginwatch.model.delivery import OutboxRow, RowState, SendReason
from marginwatch.store.tables import OUTBOX
from marginwatch.store.upsert import insert_new

_JSON = msgspec.json.Encoder()
_ALERT = msgspec.json.Decoder(Alert)


def alert_text(alert: Alert) -> str:
    """Return an alert as JSON."""
    return _JSON.encode(alert).decode()


def alert_of(text: str) -> Alert:
    """Return the alert that :func:`alert_text` wrote."""
    return _ALERT.decode(text)


async def insert_rows(connection: AsyncConnection, rows: Sequence[OutboxRow]) -> None:
    """Insert rows in their order, as waiting and leased to nobody; those that are there already are left as they are.

    Two rows are the same if transition, channel, reason and step are, or, where no transition caused them, alert,
    channel, reason, step and the moment at which they were made.
    """
    if rows:
        await connection.execute(insert_new(connection, OUTBOX), [_values(row) for row in rows])


def outbox_row(row: Row[Any]) -> OutboxRow:
    """Return a stored row as a struct."""
    return OutboxRow(
        row_id=row.id,
        channel=row.channel,
        group=row.group_name,
        reason=SendReason(row.reason),
        alert=alert_of(row.alert),
        transition_id=row.transition_id,
        made_at_ns=row.made_at_ns,
        due_ns=row.due_ns,
        step=row.step,
        attempts=row.attempts,
        state=RowState(row.state),
        lease_owner=row.lease_owner,
        lease_until_ns=row.lease_until_ns,
    )


def _values(row: OutboxRow) -> dict[str, object]:
    return {
        "channel": row.channel,
        "group_name": row.group,
        "reason": row.reason.value,
        "alert_id": row.alert.alert_id,
        "key": row.alert.key,
        "severity": int(row.alert.severity),
        "alert": alert_text(row.alert),
        "transition_id": row.transition_id,
        "made_at_ns": row.made_at_ns,
        "due_ns": row.due_ns,
        "step": row.step,
        "attempts": row.attempts,
        "state": RowState.WAITING.value,
        "lease_owner": None,
        "lease_until_ns": 0,
        "finished_at_ns": None,
        "detail": "",
    }

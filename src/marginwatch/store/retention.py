"""How much is kept: the oldest rows go first, within the transaction that adds newer ones."""

import msgspec
from sqlalchemy import Column, ColumnElement, Table, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.model.alert import AlertState
from marginwatch.model.delivery import RowState
from marginwatch.store.tables import (
    ACKNOWLEDGEMENT,
    ALERT,
    DELIVERY,
    DELIVERY_ROW,
    OUTBOX,
    QUARANTINED_PAYLOAD,
    SILENCE,
    TOLD,
)

OPEN_STATES = (AlertState.PENDING.value, AlertState.FIRING.value)
"""Named one by one, for the index over states finds no state by what it is not."""

_OPEN_ALERTS = select(ALERT.c.alert_id).where(ALERT.c.state.in_(OPEN_STATES))


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of the tables.

    Parameters
    ----------
    breaks_max, notices_max, payloads_max : int
        Rows kept of each table.
    payload_bytes_max : int
        Bytes of all quarantined payloads together.
    daily_closes_max, hourly_closes_max : int
        Closes kept of each contract: a little more than a thousand returns of either kind.
    frozen_days_max, forecast_days_max : int
        Days kept of frozen books, of which only yesterday's is used, and of forecasts.
    model_errors_max : int
        Samples kept of each account and figure: two weeks of hours.
    minute_days_max, hour_days_max : int
        Days for which equity is kept of every minute, and of every full hour.
    minute_rows_max, hour_rows_max : int
        Rows of either kind of all subjects together. A row is about 120 bytes (SQLite): two times 3,000,000 are 720 MB at most. Of
        10,000 accounts that is 5 hours of minutes and 12 days of hours; of 400 accounts 5 days and 312 days.
    flow_days_max, ledger_days_max : int
        Days for which lines of the ledger are kept: deposits, withdrawals and transfers, and all others.
    ledger_rows_max : int
        Lines of all accounts together, each having an equal part, 1,000 at least. A line is about 210 bytes: 630 MB.
    """

    breaks_max: int = 100_000
    notices_max: int = 100_000
    payloads_max: int = 2_000
    payload_bytes_max: int = 32 * 1024 * 1024
    daily_closes_max: int = 1_100
    hourly_closes_max: int = 1_100
    frozen_days_max: int = 3
    forecast_days_max: int = 400
    model_errors_max: int = 336
    transitions_max: int = 50_000
    resolved_max: int = 5_000
    finished_rows_max: int = 50_000
    deliveries_max: int = 50_000
    told_max: int = 20_000
    ended_silences_max: int = 1_000
    acknowledgements_max: int = 10_000
    minute_days_max: int = 7
    minute_rows_max: int = 3_000_000
    hour_days_max: int = 400
    hour_rows_max: int = 3_000_000
    flow_days_max: int = 400
    ledger_days_max: int = 8
    ledger_rows_max: int = 3_000_000


async def keep_newest(connection: AsyncConnection, table: Table, rows_max: int) -> None:
    """Delete all but the newest ``rows_max`` rows.

    Ids are handed out without gaps, but for a commit that failed, so no row needs counting.
    """
    newest = await _newest_id(connection, table)
    if newest > rows_max:
        await connection.execute(delete(table).where(table.c.id <= newest - rows_max))


async def keep_newest_payloads(connection: AsyncConnection, retention: Retention) -> None:
    """Delete the oldest payloads until count and bytes are within bounds; linear in the rows kept."""
    ids = QUARANTINED_PAYLOAD.c.id
    newest_first = select(
        ids,
        func.row_number().over(order_by=ids.desc()).label("rank"),
        func.sum(QUARANTINED_PAYLOAD.c.size).over(order_by=ids.desc()).label("bytes"),
    ).subquery()
    first_too_many = select(func.max(newest_first.c.id)).where(
        or_(newest_first.c.rank > retention.payloads_max, newest_first.c.bytes > retention.payload_bytes_max)
    )
    last_to_go = (await connection.execute(first_too_many)).scalar()
    if last_to_go is not None:
        await connection.execute(delete(QUARANTINED_PAYLOAD).where(ids <= last_to_go))


async def keep_newest_outbox(connection: AsyncConnection, retention: Retention) -> None:
    """Delete finished rows of the outbox that are older than its newest ones."""
    last_to_go = await _newest_id(connection, OUTBOX) - retention.finished_rows_max
    if last_to_go > 0:
        is_finished = OUTBOX.c.state != RowState.WAITING.value
        await connection.execute(delete(OUTBOX).where(OUTBOX.c.id <= last_to_go, is_finished))


async def keep_newest_deliveries(connection: AsyncConnection, retention: Retention) -> None:
    """Delete the oldest attempts to send, with what they were about."""
    last_to_go = await _newest_id(connection, DELIVERY) - retention.deliveries_max
    if last_to_go > 0:
        await connection.execute(delete(DELIVERY).where(DELIVERY.c.id <= last_to_go))
        await connection.execute(delete(DELIVERY_ROW).where(DELIVERY_ROW.c.delivery_id <= last_to_go))


async def keep_newest_told(connection: AsyncConnection, retention: Retention) -> None:
    """Delete the oldest memories of what channels were told, never of an open alert; linear in those kept."""
    too_old = TOLD.c.at_ns < _first_beyond(TOLD.c.at_ns, retention.told_max)
    await connection.execute(delete(TOLD).where(too_old, TOLD.c.alert_id.not_in(_OPEN_ALERTS)))


async def keep_newest_resolved(connection: AsyncConnection, retention: Retention) -> None:
    """Delete the alerts that resolved first; linear in those kept."""
    is_resolved = ALERT.c.state == AlertState.RESOLVED.value
    too_old = ALERT.c.resolved_at_ns < _first_beyond(
        ALERT.c.resolved_at_ns, retention.resolved_max, is_resolved
    )
    await connection.execute(delete(ALERT).where(is_resolved, too_old))


async def keep_newest_ended_silences(connection: AsyncConnection, retention: Retention, now_ns: int) -> None:
    """Delete the silences that were over first at a moment."""
    is_over = SILENCE.c.over_at_ns <= now_ns
    too_old = SILENCE.c.over_at_ns < _first_beyond(
        SILENCE.c.over_at_ns, retention.ended_silences_max, is_over
    )
    await connection.execute(delete(SILENCE).where(is_over, too_old))


async def keep_newest_acknowledgements(connection: AsyncConnection, retention: Retention) -> None:
    """Delete the oldest acknowledgements, never of an open alert."""
    last_to_go = await _newest_id(connection, ACKNOWLEDGEMENT) - retention.acknowledgements_max
    if last_to_go > 0:
        is_open = ACKNOWLEDGEMENT.c.alert_id.in_(_OPEN_ALERTS)
        await connection.execute(delete(ACKNOWLEDGEMENT).where(ACKNOWLEDGEMENT.c.id <= last_to_go, ~is_open))


async def _newest_id(connection: AsyncConnection, table: Table) -> int:
    return (await connection.execute(select(func.max(table.c.id)))).scalar() or 0


def _first_beyond(column: Column[int], rows_max: int, *where: ColumnElement[bool]) -> ColumnElement[int]:
    """Return the largest value that is not among the ``rows_max`` largest; NULL, which nothing is below, if all are.

    What is as old as that stays: thousands may have happened in the same moment, and none of them is the older one.
    """
    newest_first = select(column).where(*where).order_by(column.desc())
    return newest_first.limit(1).offset(rows_max).scalar_subquery()

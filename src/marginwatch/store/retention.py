"""How much is kept: the oldest rows go first, within the transaction that adds newer ones."""

import msgspec
from sqlalchemy import Table, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.store.tables import QUARANTINED_PAYLOAD


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
        Rows of either kind of all subjects together. A row is about 100 bytes: two times 3,000,000 are 600 MB at most. Of
        10,000 accounts that is 5 hours of minutes and 12 days of hours; of 400 accounts 5 days and 312 days.
    flow_days_max, ledger_days_max : int
        Days for which lines of the ledger are kept: deposits, withdrawals and transfers, and all others.
    ledger_rows_max : int
        Lines of all accounts together, each having an equal part, 1,000 at least. A line is about 150 bytes.
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
    minute_days_max: int = 7
    minute_rows_max: int = 3_000_000
    hour_days_max: int = 400
    hour_rows_max: int = 3_000_000
    flow_days_max: int = 400
    ledger_days_max: int = 8
    ledger_rows_max: int = 3_000_000


async def keep_newest(connection: AsyncConnection, table: Table, rows_max: int) -> None:
    """Delete all but the newest ``rows_max`` rows; ids are handed out without gaps, so no row needs counting."""
    newest = (await connection.execute(select(func.max(table.c.id)))).scalar()
    if newest is not None and newest > rows_max:
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

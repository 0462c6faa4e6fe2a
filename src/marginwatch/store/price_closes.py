"""Closes of contracts: what is known, what is added; kept so that a restart asks the venue for the missing ones alone."""

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.model.ids import Asset, VenueId
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.store.store import Store
from marginwatch.store.tables import PRICE_CLOSE, PRICE_SERIES

DAY_S = 86_400


class PriceCloses:
    """The closes in a store.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def last_ends(self, venue: VenueId) -> Mapping[PriceSeries, int]:
        """Return the end of the newest interval of each series of a venue, UTC seconds."""
        query = (
            select(PRICE_SERIES, func.max(PRICE_CLOSE.c.ended_at_s).label("last_s"))
            .join(PRICE_CLOSE, PRICE_CLOSE.c.series_id == PRICE_SERIES.c.id)
            .where(PRICE_SERIES.c.venue == venue)
            .group_by(PRICE_SERIES.c.id)
        )
        return {
            PriceSeries(
                VenueId(row.venue), row.category, row.symbol, Asset(row.coin), row.interval_s
            ): row.last_s
            for row in await self._store.rows(query)
        }

    async def add(self, series: PriceSeries, closes: Sequence[PriceClose]) -> None:
        """Add closes of one series in one commit; one that is known is replaced, the oldest go beyond the bound.

        Raises
        ------
        ConnectivityError
            If the file cannot be written.
        """
        if not closes:
            return
        retention = self._store.retention
        kept = retention.daily_closes_max if series.interval_s >= DAY_S else retention.hourly_closes_max
        newest_s = max(close.ended_at_s for close in closes)
        async with self._store.transaction() as unit:
            series_id = await _series_id(unit.connection, series)
            ours = PRICE_CLOSE.c.series_id == series_id
            oldest_s = min(close.ended_at_s for close in closes)
            known = and_(PRICE_CLOSE.c.ended_at_s >= oldest_s, PRICE_CLOSE.c.ended_at_s <= newest_s)
            too_old = PRICE_CLOSE.c.ended_at_s <= newest_s - kept * series.interval_s
            for gone in (known, too_old):
                await unit.connection.execute(delete(PRICE_CLOSE).where(ours, gone))
            by_end = {close.ended_at_s: close.close for close in closes}
            rows = [
                {"series_id": series_id, "ended_at_s": end_s, "close": close}
                for end_s, close in by_end.items()
                if end_s > newest_s - kept * series.interval_s
            ]
            await unit.connection.execute(insert(PRICE_CLOSE), rows)

    async def closes(self, interval_s: int) -> Mapping[PriceSeries, tuple[PriceClose, ...]]:
        """Return all closes of an interval, oldest first.

        One series at a time, so that reading the closes of hundreds of coins holds the loop for a millisecond each.
        """
        found: dict[PriceSeries, tuple[PriceClose, ...]] = {}
        table = PRICE_CLOSE
        for row in await self._store.rows(
            select(PRICE_SERIES).where(PRICE_SERIES.c.interval_s == interval_s)
        ):
            series = PriceSeries(
                VenueId(row.venue), row.category, row.symbol, Asset(row.coin), row.interval_s
            )
            query = select(table.c.ended_at_s, table.c.close).where(table.c.series_id == row.id)
            rows = await self._store.rows(query.order_by(table.c.ended_at_s))
            found[series] = tuple(PriceClose(one.ended_at_s, one.close) for one in rows)
        return found


async def _series_id(connection: AsyncConnection, series: PriceSeries) -> int:
    same = and_(
        PRICE_SERIES.c.venue == series.venue,
        PRICE_SERIES.c.category == series.category,
        PRICE_SERIES.c.symbol == series.symbol,
        PRICE_SERIES.c.interval_s == series.interval_s,
    )
    known = (await connection.execute(select(PRICE_SERIES.c.id).where(same))).scalar()
    if known is not None:
        return known
    values = {
        "venue": series.venue,
        "category": series.category,
        "symbol": series.symbol,
        "coin": series.coin,
        "interval_s": series.interval_s,
    }
    await connection.execute(insert(PRICE_SERIES).values(values))
    return (await connection.execute(select(PRICE_SERIES.c.id).where(same))).scalar_one()

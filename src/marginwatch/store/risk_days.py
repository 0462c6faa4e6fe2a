"""What is kept of risk: the book at each day's end, forecasts with what followed, and how far our margins were off."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.model.ids import AccountId, Asset
from marginwatch.model.risk_history import (
    Forecast,
    ForecastSubject,
    FrozenExposure,
    ModelErrorSample,
    Scope,
)
from marginwatch.store.column_types import storable
from marginwatch.store.retention import Retention
from marginwatch.store.store import Store
from marginwatch.store.tables import FORECAST, FORECAST_SUBJECT, FROZEN_BOOK, MODEL_ERROR

DAY_S = 86_400
SAMPLES_AT_ONCE = 500
"""Model errors in one commit."""


class RiskDays:
    """Frozen books, forecasts and model errors in a store.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add_day(
        self,
        day_s: int,
        book: Sequence[FrozenExposure],
        forecasts: Sequence[tuple[ForecastSubject, Forecast]],
    ) -> None:
        """Keep the book and the forecasts of a day's end in one commit, in place of what is there of that day.

        Raises
        ------
        ConnectivityError
            If the file cannot be written.
        """
        retention = self._store.retention
        async with self._store.transaction() as unit:
            connection = unit.connection
            oldest_s = day_s - retention.frozen_days_max * DAY_S
            gone = (FROZEN_BOOK.c.day_s == day_s) | (FROZEN_BOOK.c.day_s <= oldest_s)
            await connection.execute(delete(FROZEN_BOOK).where(gone))
            if book:
                await connection.execute(insert(FROZEN_BOOK), [_book_row(day_s, row) for row in book])
            oldest_s = day_s - retention.forecast_days_max * DAY_S
            gone = (FORECAST.c.day_s == day_s) | (FORECAST.c.day_s <= oldest_s)
            await connection.execute(delete(FORECAST).where(gone))
            known = await _subject_ids(connection, [subject for subject, _ in forecasts])
            rows = [
                {
                    "subject_id": known[_stored(subject)],
                    "day_s": day_s,
                    "var_usd": forecast.var_usd,
                    "shortfall_usd": forecast.shortfall_usd,
                    "gain_usd": forecast.gain_usd,
                }
                for subject, forecast in forecasts
            ]
            if rows:
                await connection.execute(insert(FORECAST), rows)

    async def last_day(self) -> int | None:
        """Return the newest day with a frozen book, UTC seconds of its end; None if there is none."""
        rows = await self._store.rows(select(func.max(FROZEN_BOOK.c.day_s).label("day_s")))
        return rows[0].day_s

    async def days_without_gains(self) -> tuple[int, ...]:
        """Return the days with a frozen book some of whose forecasts have not been compared, oldest first."""
        query = (
            select(FORECAST.c.day_s)
            .where(FORECAST.c.gain_usd.is_(None), FORECAST.c.day_s.in_(select(FROZEN_BOOK.c.day_s)))
            .distinct()
            .order_by(FORECAST.c.day_s)
        )
        return tuple(row.day_s for row in await self._store.rows(query))

    async def frozen_book(self, day_s: int) -> tuple[FrozenExposure, ...]:
        """Return the book at the end of a day; empty if there is none."""
        query = select(FROZEN_BOOK).where(FROZEN_BOOK.c.day_s == day_s)
        return tuple(
            FrozenExposure(
                account_id=AccountId(row.account_id),
                desk=row.desk,
                coin=Asset(row.coin),
                exposure_usd=row.exposure_usd,
                is_exempt=row.is_exempt,
                curve=row.curve,
            )
            for row in await self._store.rows(query)
        )

    async def add_gains(self, day_s: int, gains: Mapping[tuple[Scope, str], float]) -> None:
        """Write what the frozen book of a day gained over the next, by scope and name, beside all its forecasts.

        Raises
        ------
        ConnectivityError
            If the file cannot be written.
        """
        if not gains:
            return
        subjects = select(FORECAST_SUBJECT.c.id).where(
            FORECAST_SUBJECT.c.scope == bindparam("of_scope"), FORECAST_SUBJECT.c.name == bindparam("of_name")
        )
        change = (
            update(FORECAST)
            .where(FORECAST.c.day_s == day_s, FORECAST.c.subject_id.in_(subjects))
            .values(gain_usd=bindparam("gain"))
        )
        rows = [{"of_scope": scope, "of_name": name, "gain": gain} for (scope, name), gain in gains.items()]
        async with self._store.transaction() as unit:
            await unit.connection.execute(change, rows)

    async def forecasts(self, subject: ForecastSubject) -> tuple[Forecast, ...]:
        """Return the forecasts of one subject, oldest first."""
        query = (
            select(FORECAST)
            .join(FORECAST_SUBJECT, FORECAST_SUBJECT.c.id == FORECAST.c.subject_id)
            .where(_is(subject))
            .order_by(FORECAST.c.day_s)
        )
        return tuple(
            Forecast(row.day_s, row.var_usd, row.shortfall_usd, row.gain_usd)
            for row in await self._store.rows(query)
        )

    async def add_model_errors(self, samples: Sequence[ModelErrorSample]) -> None:
        """Add samples; of two of one account, figure and time the later holds, the oldest go beyond the bound.

        Some at a time, so that no other commit waits long for those of ten thousand accounts.

        Raises
        ------
        ConnectivityError
            If the file cannot be written; some may have been.
        """
        rows = list({(one.account_id, one.figure, one.at_ns): one for one in samples}.values())
        for first in range(0, len(rows), SAMPLES_AT_ONCE):
            async with self._store.transaction() as unit:
                await _add_samples(
                    unit.connection, rows[first : first + SAMPLES_AT_ONCE], self._store.retention
                )

    async def model_errors(
        self, account_id: AccountId, figure: str, limit: int = 1_000
    ) -> tuple[ModelErrorSample, ...]:
        """Return the newest samples of one figure of an account, oldest first."""
        table = MODEL_ERROR
        query = (
            select(table)
            .where(table.c.account_id == account_id, table.c.figure == figure)
            .order_by(table.c.at_ns.desc())
            .limit(max(0, limit))
        )
        found = [
            ModelErrorSample(AccountId(row.account_id), row.figure, row.at_ns, row.error, row.gap_s)
            for row in await self._store.rows(query)
        ]
        return tuple(reversed(found))


async def _add_samples(
    connection: AsyncConnection, samples: Sequence[ModelErrorSample], retention: Retention
) -> None:
    table = MODEL_ERROR
    same = and_(table.c.account_id == bindparam("of_account"), table.c.figure == bindparam("of_figure"))
    keys = [{"of_account": one.account_id, "of_figure": one.figure, "at": one.at_ns} for one in samples]
    await connection.execute(delete(table).where(same, table.c.at_ns == bindparam("at")), keys)
    await connection.execute(insert(table), [msgspec.structs.asdict(one) for one in samples])
    newest = select(table.c.at_ns).where(same).order_by(table.c.at_ns.desc())
    too_old = newest.limit(1).offset(retention.model_errors_max).scalar_subquery()
    whose = sorted({(one.account_id, one.figure) for one in samples})
    await connection.execute(
        delete(table).where(same, table.c.at_ns <= too_old),
        [{"of_account": account, "of_figure": figure} for account, figure in whose],
    )


def _book_row(day_s: int, row: FrozenExposure) -> dict[str, object]:
    return {
        "day_s": day_s,
        "account_id": row.account_id,
        "coin": row.coin,
        "desk": row.desk,
        "exposure_usd": row.exposure_usd,
        "is_exempt": row.is_exempt,
        "curve": row.curve,
    }


def _is(subject: ForecastSubject) -> ColumnElement[bool]:
    table = FORECAST_SUBJECT
    return and_(
        table.c.scope == subject.scope,
        table.c.name == subject.name,
        table.c.method == subject.method,
        table.c.confidence == subject.confidence,
        table.c.horizon_s == subject.horizon_s,
    )


def _stored(subject: ForecastSubject) -> ForecastSubject:
    return msgspec.structs.replace(subject, name=storable(subject.name))


async def _subject_ids(
    connection: AsyncConnection, subjects: Sequence[ForecastSubject]
) -> dict[ForecastSubject, int]:
    """Return the ids of subjects as they are stored, new ones made."""
    known = await _known_subjects(connection)
    new = [one for one in dict.fromkeys(map(_stored, subjects)) if one not in known]
    if not new:
        return known
    rows = [
        {
            "scope": one.scope,
            "name": one.name,
            "method": one.method,
            "confidence": one.confidence,
            "horizon_s": one.horizon_s,
        }
        for one in new
    ]
    await connection.execute(insert(FORECAST_SUBJECT), rows)
    return await _known_subjects(connection)


async def _known_subjects(connection: AsyncConnection) -> dict[ForecastSubject, int]:
    rows = (await connection.execute(select(FORECAST_SUBJECT))).all()
    return {
        ForecastSubject(row.scope, row.name, row.method, row.confidence, row.horizon_s): row.id
        for row in rows
    }

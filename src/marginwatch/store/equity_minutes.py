"""Equity of accounts, desks and of all, by the minute: added, thinned out, read for charts, replay and a restart."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.model.equity import EquitySample, EquityScope
from marginwatch.store.column_types import storable
from marginwatch.store.store import Store
from marginwatch.store.tables import ACCOUNT_MINUTE, EQUITY_SUBJECT
from marginwatch.store.upsert import insert_new

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
NS = 1_000_000_000

SAMPLES_AT_ONCE = 1_000
"""Of one commit, so that no other waits long for those of ten thousand accounts."""

MINUTES_AT_ONCE = 500
"""Looked up by one query of a chart."""

QUIET_MINUTES = 20
"""Minutes without anybody new after which the search for everybody's last sample ends."""

FIGURES = tuple(
    column.name for column in ACCOUNT_MINUTE.columns if column.name not in ("minute_s", "subject_id")
)


class KeptMinutes(NamedTuple):
    """Of which minutes there may be samples.

    Parameters
    ----------
    minutes : list of int
        UTC seconds, ascending.
    full_from_s : int
        From here on every minute is kept, before it full hours alone.
    """

    minutes: list[int]
    full_from_s: int


class EquityMinutes:
    """The samples in a store.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: dict[tuple[str, str], int] = {}
        self._thinned_s: tuple[int, int] | None = None

    async def add(self, samples: Sequence[EquitySample]) -> None:
        """Add samples, some at a time; one of a subject and minute that is there stays as it is.

        Raises
        ------
        ConnectivityError
            If the store cannot be written; some may have been.
        """
        for first in range(0, len(samples), SAMPLES_AT_ONCE):
            some = samples[first : first + SAMPLES_AT_ONCE]
            async with self._store.transaction() as unit:
                ids = await self._subject_ids(unit.connection, some)
                rows = [_row(ids[_key(one)], one) for one in some]
                await unit.connection.execute(insert_new(unit.connection, ACCOUNT_MINUTE), rows)
            # Only now is it sure that they are there.
            self._ids |= ids

    async def thin(self, now_s: int) -> None:
        """Keep of what is old only full hours, and nothing of what is very old; within the bounds of the retention.

        Parameters
        ----------
        now_s : int
            UTC seconds.

        Raises
        ------
        ConnectivityError
            If the store cannot be written.
        """
        kept, table = self._store.retention, ACCOUNT_MINUTE
        n_subjects = max(1, await self._n_recent(now_s))
        minutes = min(kept.minute_days_max * 1_440, kept.minute_rows_max // n_subjects)
        hours = min(kept.hour_days_max * 24, kept.hour_rows_max // n_subjects)
        no_minutes_s, no_hours_s = now_s - minutes * MINUTE_S, now_s - hours * HOUR_S
        before = self._thinned_s or (0, 0)
        is_no_hour = table.c.minute_s % HOUR_S != 0
        async with self._store.transaction() as unit:
            # From where the last call ended: behind that there are full hours only, which need not be looked at again.
            await unit.connection.execute(
                delete(table).where(
                    table.c.minute_s >= before[0], table.c.minute_s < no_minutes_s, is_no_hour
                )
            )
            await unit.connection.execute(
                delete(table).where(table.c.minute_s >= before[1], table.c.minute_s < no_hours_s)
            )
        self._thinned_s = (no_minutes_s, no_hours_s)

    async def last_samples(self, until_s: int, since_s: int) -> tuple[EquitySample, ...]:
        """Return the newest sample with an equity of each subject, of the minutes from ``since_s`` to ``until_s``.

        The search goes back minute by minute and ends where nobody new was found for long.
        """
        table = ACCOUNT_MINUTE
        found: dict[int, EquitySample] = {}
        names = await self._names()
        n_quiet, before_s = 0, until_s + 1
        while n_quiet < QUIET_MINUTES:
            newest = select(func.max(table.c.minute_s).label("minute_s")).where(
                table.c.minute_s < before_s, table.c.minute_s >= since_s
            )
            minute_s = (await self._store.rows(newest))[0].minute_s
            if minute_s is None:
                break
            is_one = (table.c.minute_s == minute_s) & table.c.equity_usd.is_not(None)
            there = {
                row.subject_id for row in await self._store.rows(select(table.c.subject_id).where(is_one))
            }
            new = (there & names.keys()) - found.keys()
            if new:
                rows = await self._store.rows(select(table).where(is_one))
                found |= {row.subject_id: _sample(names, row) for row in rows if row.subject_id in new}
            n_quiet = 0 if new else n_quiet + 1
            before_s = minute_s
        return tuple(found.values())

    async def began_ns(self) -> int | None:
        """Return the minute of the oldest sample, UTC nanoseconds; None without any."""
        oldest = select(func.min(ACCOUNT_MINUTE.c.minute_s).label("minute_s"))
        minute_s = (await self._store.rows(oldest))[0].minute_s
        return None if minute_s is None else int(minute_s) * NS

    async def equity(
        self, name: str | None, from_ns: int, to_ns: int, scope: EquityScope = "account"
    ) -> tuple[EquitySample, ...]:
        """Return the samples of one subject from ``from_ns`` to ``to_ns``, both included, oldest first.

        Parameters
        ----------
        name : str or None
            An account, or the subject of ``scope``; None for all accounts together.
        from_ns, to_ns : int
            UTC nanoseconds.
        scope : {'account', 'desk', 'portfolio'}
            What the name is of.
        """
        wanted = ("portfolio", "") if name is None else (scope, storable(name))
        names = {key: number for number, key in (await self._names()).items()}
        if wanted not in names:
            return ()
        number, found = names[wanted], list[EquitySample]()
        for minutes in _chunks((await self.kept_between(from_ns, to_ns)).minutes, MINUTES_AT_ONCE):
            query = (
                select(ACCOUNT_MINUTE)
                .where(ACCOUNT_MINUTE.c.minute_s.in_(minutes), ACCOUNT_MINUTE.c.subject_id == number)
                .order_by(ACCOUNT_MINUTE.c.minute_s)
            )
            found += [_sample({number: wanted}, row) for row in await self._store.rows(query)]
        return tuple(found)

    async def equity_at(
        self, accounts: Sequence[str], minutes: Sequence[int]
    ) -> dict[str, dict[int, float | None]]:
        """Return the equities of some accounts at some minutes (UTC seconds), by account and minute, where there is a sample."""
        numbers = {
            number: name for number, (scope, name) in (await self._names()).items() if scope == "account"
        }
        asked = {storable(name): name for name in accounts}
        wanted = {number: asked[name] for number, name in numbers.items() if name in asked}
        found: dict[str, dict[int, float | None]] = {name: {} for name in wanted.values()}
        table, size = ACCOUNT_MINUTE, max(1, SAMPLES_AT_ONCE // max(1, len(wanted)))
        for some in _chunks(minutes, size):
            query = select(table.c.minute_s, table.c.subject_id, table.c.equity_usd).where(
                table.c.minute_s.in_(some), table.c.subject_id.in_(list(wanted))
            )
            for row in await self._store.rows(query):
                found[wanted[row.subject_id]][row.minute_s] = row.equity_usd
        return found

    async def minutes(
        self, from_ns: int, to_ns: int, accounts: Iterable[str] | None = None
    ) -> AsyncGenerator[tuple[int, tuple[EquitySample, ...]]]:
        """Yield each minute that is kept with its samples, oldest first.

        Parameters
        ----------
        from_ns, to_ns : int
            UTC nanoseconds, both included.
        accounts : iterable of str, optional
            Whose; of all subjects, desks and all together included, by default.
        """
        names, table = await self._names(), ACCOUNT_MINUTE
        wanted = None if accounts is None else {("account", storable(name)) for name in accounts}
        last_s, next_s = to_ns // NS, -(-from_ns // NS)
        while True:
            first = select(func.min(table.c.minute_s).label("minute_s")).where(
                table.c.minute_s >= next_s, table.c.minute_s <= last_s
            )
            minute_s = (await self._store.rows(first))[0].minute_s
            if minute_s is None:
                return
            query = select(table).where(table.c.minute_s == minute_s).order_by(table.c.subject_id)
            yield (
                minute_s,
                tuple(
                    _sample(names, row)
                    for row in await self._store.rows(query)
                    if row.subject_id in names and (wanted is None or names[row.subject_id] in wanted)
                ),
            )
            next_s = minute_s + 1

    async def kept_between(self, from_ns: int, to_ns: int) -> KeptMinutes:
        """Return the minutes of which there may be samples: full hours only where the minutes were thinned out."""
        table, last_s = ACCOUNT_MINUTE, to_ns // NS // MINUTE_S * MINUTE_S
        first_s = -(-from_ns // NS // MINUTE_S) * MINUTE_S
        ends = select(func.min(table.c.minute_s).label("first"), func.max(table.c.minute_s).label("last"))
        row = (await self._store.rows(ends))[0]
        if row.first is None:
            return KeptMinutes([], 0)
        first_s, last_s = max(first_s, row.first // MINUTE_S * MINUTE_S), min(last_s, row.last)
        if self._thinned_s is None:
            oldest = select(func.min(table.c.minute_s).label("minute_s")).where(
                table.c.minute_s % HOUR_S != 0, table.c.minute_s >= row.last - self._minutes_kept_s()
            )
            full_s = (await self._store.rows(oldest))[0].minute_s
            full_s = last_s + MINUTE_S if full_s is None else full_s
        else:
            full_s = -(-self._thinned_s[0] // MINUTE_S) * MINUTE_S
        hours = range(-(-first_s // HOUR_S) * HOUR_S, min(full_s, last_s + MINUTE_S), HOUR_S)
        return KeptMinutes([*hours, *range(max(first_s, full_s), last_s + MINUTE_S, MINUTE_S)], full_s)

    def _minutes_kept_s(self) -> int:
        return (self._store.retention.minute_days_max + 1) * DAY_S

    async def _n_recent(self, now_s: int) -> int:
        """Return how many subjects the newest minute has."""
        table = ACCOUNT_MINUTE
        newest = select(func.max(table.c.minute_s)).where(table.c.minute_s <= now_s).scalar_subquery()
        query = select(func.count().label("n")).select_from(table).where(table.c.minute_s == newest)
        return (await self._store.rows(query))[0].n

    async def _names(self) -> Mapping[int, tuple[EquityScope, str]]:
        rows = await self._store.rows(select(EQUITY_SUBJECT))
        return {row.id: (row.scope, row.name) for row in rows}

    async def _subject_ids(
        self, connection: AsyncConnection, samples: Sequence[EquitySample]
    ) -> dict[tuple[str, str], int]:
        """Return the ids of the subjects, new ones made."""
        wanted = {_key(one) for one in samples}
        if wanted <= self._ids.keys():
            return {key: self._ids[key] for key in wanted}
        known = await _known_subjects(connection)
        new = [{"scope": scope, "name": name} for scope, name in sorted(wanted - known.keys())]
        if new:
            await connection.execute(insert(EQUITY_SUBJECT), new)
            known = await _known_subjects(connection)
        return {key: known[key] for key in wanted}


async def _known_subjects(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    rows = (await connection.execute(select(EQUITY_SUBJECT))).all()
    return {(row.scope, row.name): row.id for row in rows}


def _key(one: EquitySample) -> tuple[str, str]:
    return one.scope, storable(one.name)


def _row(subject_id: int, one: EquitySample) -> dict[str, object]:
    figures: dict[str, object] = {name: getattr(one, name) for name in FIGURES}
    return {"minute_s": one.minute_s, "subject_id": subject_id, **figures}


def _sample(names: Mapping[int, tuple[EquityScope, str]], row: Row[tuple[object, ...]]) -> EquitySample:
    scope, name = names[row.subject_id]
    figures = {figure: getattr(row, figure) for figure in FIGURES}
    return EquitySample(scope=scope, name=name, minute_s=row.minute_s, **figures)


def _chunks(minutes: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (minutes[first : first + size] for first in range(0, len(minutes), size))

"""Lines of accounts' ledgers, each once, with the cursor up to which they were read: both in one commit."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.model.equity import LedgerCursor, LedgerLine
from marginwatch.model.ids import AccountId, Asset
from marginwatch.store.retention import Retention
from marginwatch.store.store import Store
from marginwatch.store.tables import LEDGER_CURSOR, LEDGER_ENTRY
from marginwatch.store.upsert import insert_new, insert_or_replace

DAY_NS = 86_400_000_000_000
LINES_OF_ONE_MIN = 1_000
"""Lines that every account may have, however many accounts there are."""

LINES_AT_ONCE = 500


class StoredLedger:
    """The lines in a store.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, cursor: LedgerCursor, lines: Sequence[LedgerLine]) -> None:
        """Add lines of one account and move its cursor, in one commit; a line that is there stays as it is.

        The oldest lines go beyond the bounds of the retention.

        Parameters
        ----------
        cursor : LedgerCursor
            Whose, and what has been read without a gap together with these lines.
        lines : sequence of LedgerLine
            In any order, each any number of times.

        Raises
        ------
        ConnectivityError
            If the store cannot be written; nothing is then.
        """
        async with self._store.transaction() as unit:
            connection = unit.connection
            for first in range(0, len(lines), LINES_AT_ONCE):
                rows = [msgspec.structs.asdict(one) for one in lines[first : first + LINES_AT_ONCE]]
                await connection.execute(insert_new(connection, LEDGER_ENTRY), rows)
            moved = insert_or_replace(connection, LEDGER_CURSOR)
            await connection.execute(moved, [msgspec.structs.asdict(cursor)])
            if lines:
                await _forget_old(connection, cursor, self._store.retention)

    async def move(self, cursors: Sequence[LedgerCursor]) -> None:
        """Move the cursors of accounts of which nothing new was read, in one commit.

        Raises
        ------
        ConnectivityError
            If the store cannot be written; nothing is then.
        """
        if cursors:
            async with self._store.transaction() as unit:
                moved = insert_or_replace(unit.connection, LEDGER_CURSOR)
                await unit.connection.execute(moved, [msgspec.structs.asdict(one) for one in cursors])

    async def value(self, lines: Sequence[LedgerLine]) -> None:
        """Write what lines were worth that had no value when they were added.

        Raises
        ------
        ConnectivityError
            If the store cannot be written.
        """
        if not lines:
            return
        table = LEDGER_ENTRY
        change = (
            update(table)
            .where(
                table.c.account_id == bindparam("of_account"),
                table.c.at_ns == bindparam("at"),
                table.c.line_key == bindparam("of_line"),
            )
            .values(usd=bindparam("worth"))
        )
        rows = [
            {"of_account": one.account_id, "at": one.at_ns, "of_line": one.line_key, "worth": one.usd}
            for one in lines
        ]
        async with self._store.transaction() as unit:
            await unit.connection.execute(change, rows)

    async def cursors(self) -> Mapping[AccountId, LedgerCursor]:
        """Return how far each account's ledger was read."""
        rows = await self._store.rows(select(LEDGER_CURSOR))
        return {
            AccountId(row.account_id): LedgerCursor(AccountId(row.account_id), row.since_ns, row.until_ns)
            for row in rows
        }

    async def lines(
        self,
        from_ns: int,
        to_ns: int,
        account_id: AccountId | None = None,
        *,
        flows_only: bool = False,
    ) -> tuple[LedgerLine, ...]:
        """Return lines from ``from_ns`` to ``to_ns``, both included, by account, oldest first."""
        table = LEDGER_ENTRY
        query = (
            select(table)
            .where(table.c.at_ns >= from_ns, table.c.at_ns <= to_ns)
            .order_by(table.c.account_id, table.c.at_ns, table.c.line_key)
        )
        if account_id is not None:
            query = query.where(table.c.account_id == account_id)
        if flows_only:
            query = query.where(table.c.is_flow)
        return tuple(_line(row) for row in await self._store.rows(query))


async def _forget_old(connection: AsyncConnection, cursor: LedgerCursor, retention: Retention) -> None:
    table = LEDGER_ENTRY
    ours = table.c.account_id == cursor.account_id
    n_accounts = (await connection.execute(select(func.count()).select_from(LEDGER_CURSOR))).scalar_one()
    lines_max = max(LINES_OF_ONE_MIN, retention.ledger_rows_max // max(1, n_accounts))
    newest = select(table.c.at_ns).where(ours).order_by(table.c.at_ns.desc(), table.c.line_key.desc())
    first_too_many = (await connection.execute(newest.limit(1).offset(lines_max))).scalar()
    too_old_ns = cursor.until_ns - retention.ledger_days_max * DAY_NS
    performance = delete(table).where(ours, table.c.is_flow.is_(False))
    await connection.execute(performance.where(table.c.at_ns < too_old_ns))
    if first_too_many is not None:
        # Money that came and went is kept longer than trades, but not without bound either.
        await connection.execute(performance.where(table.c.at_ns <= first_too_many))
        newest_flows = newest.where(table.c.is_flow).limit(1).offset(lines_max)
        last_flow = (await connection.execute(newest_flows)).scalar()
        if last_flow is not None:
            await connection.execute(delete(table).where(ours, table.c.at_ns <= last_flow))
    flows_gone_ns = cursor.until_ns - retention.flow_days_max * DAY_NS
    await connection.execute(delete(table).where(ours, table.c.at_ns < flows_gone_ns))


def _line(row: Row[tuple[object, ...]]) -> LedgerLine:
    return LedgerLine(
        account_id=AccountId(row.account_id),
        line_key=row.line_key,
        asset=Asset(row.asset),
        kind=row.kind,
        is_flow=row.is_flow,
        change=row.change,
        cash_flow=row.cash_flow,
        funding_payment=row.funding_payment,
        fee=row.fee,
        usd=row.usd,
        at_ns=row.at_ns,
    )

"""The unit of work: everything added to one transaction is committed at once, or not at all."""

from collections.abc import Sequence

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.snapshots import Break
from marginwatch.store.retention import Retention, keep_newest, keep_newest_payloads
from marginwatch.store.tables import ACCOUNT_NOTICE, QUARANTINED_PAYLOAD, RECONCILIATION_BREAK


class Transaction:
    """What one commit will hold; obtained from :meth:`marginwatch.store.store.Store.transaction`.

    Parameters
    ----------
    connection : AsyncConnection
        The single writing connection, inside its transaction. Other modules use it for their own tables, so that a
        transition and the messages it causes are one commit.
    retention : Retention
        Bounds of the tables.
    """

    def __init__(self, connection: AsyncConnection, retention: Retention) -> None:
        self.connection = connection
        self.retention = retention

    async def add_breaks(self, breaks: Sequence[Break]) -> None:
        """Add reconciliation breaks in their order."""
        rows = [
            {
                "account_id": found.account_id,
                "subject": found.subject,
                "field": found.field,
                "ours": found.ours,
                "theirs": found.theirs,
                "found_at_ns": found.found_at_ns,
            }
            for found in breaks
        ]
        if rows:
            await self.connection.execute(insert(RECONCILIATION_BREAK), rows)
            await keep_newest(self.connection, RECONCILIATION_BREAK, self.retention.breaks_max)

    async def add_quarantined(self, payloads: Sequence[Quarantined]) -> None:
        """Add payloads that did not decode, in their order."""
        rows = [
            {
                "venue": kept.venue,
                "account_id": kept.account_id,
                "source": kept.source,
                "message": kept.message,
                "payload": kept.payload,
                "size": len(kept.payload),
                "at_ns": kept.at_ns,
            }
            for kept in payloads
        ]
        if rows:
            await self.connection.execute(insert(QUARANTINED_PAYLOAD), rows)
            await keep_newest_payloads(self.connection, self.retention)

    async def add_notices(self, notices: Sequence[Notice], at_ns: int) -> None:
        """Add notices given at ``at_ns``, UTC nanoseconds, in their order."""
        rows = [
            {
                "account_id": notice.account_id,
                "kind": notice.kind,
                "message": notice.message,
                "at_ns": at_ns,
            }
            for notice in notices
        ]
        if rows:
            await self.connection.execute(insert(ACCOUNT_NOTICE), rows)
            await keep_newest(self.connection, ACCOUNT_NOTICE, self.retention.notices_max)

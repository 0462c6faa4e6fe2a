"""Who takes care of which alert."""

from sqlalchemy import func, select

from marginwatch.model.alert import Acknowledgement
from marginwatch.model.severity import Severity
from marginwatch.store.retention import OPEN_STATES, keep_newest_acknowledgements
from marginwatch.store.store import Store
from marginwatch.store.tables import ACKNOWLEDGEMENT, ALERT
from marginwatch.store.upsert import insert_new


class StoredAcknowledgements:
    """The acknowledgements in a store.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_open_alerts(self) -> tuple[Acknowledgement, ...]:
        """Return the last acknowledgement of each open alert, the oldest first."""
        table = ACKNOWLEDGEMENT
        open_ids = select(ALERT.c.alert_id).where(ALERT.c.state.in_(OPEN_STATES))
        last = select(func.max(table.c.id)).where(table.c.alert_id.in_(open_ids)).group_by(table.c.alert_id)
        rows = await self._store.rows(select(table).where(table.c.id.in_(last)).order_by(table.c.id))
        return tuple(
            Acknowledgement(
                key=row.key,
                alert_id=row.alert_id,
                severity=Severity(row.severity),
                author=row.author,
                comment=row.comment,
                at_ns=row.at_ns,
                until_ns=row.until_ns,
            )
            for row in rows
        )

    async def add(self, given: Acknowledgement) -> None:
        """Add an acknowledgement; the same one twice is one.

        Raises
        ------
        ConnectivityError
            If the database cannot be written.
        """
        values = {
            "key": given.key,
            "alert_id": given.alert_id,
            "severity": int(given.severity),
            "author": given.author,
            "comment": given.comment,
            "at_ns": given.at_ns,
            "until_ns": given.until_ns,
        }
        async with self._store.transaction(is_urgent=True) as unit:
            await unit.connection.execute(insert_new(unit.connection, ACKNOWLEDGEMENT), [values])
            await keep_newest_acknowledgements(unit.connection, unit.retention)

"""Silences, from when to when and whose."""

import msgspec
from sqlalchemy import select, update

from marginwatch.model.silence import Matcher, Silence
from marginwatch.store.store import Store
from marginwatch.store.tables import SILENCE
from marginwatch.store.upsert import insert_or_replace

_MATCHERS = msgspec.json.Decoder(tuple[Matcher, ...])


class StoredSilences:
    """The silences in a store.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def standing(self, now_ns: int) -> tuple[Silence, ...]:
        """Return silences that hold at a moment or will, the first to begin first."""
        query = select(SILENCE).where(SILENCE.c.over_at_ns > now_ns)
        return tuple(
            Silence(
                silence_id=row.silence_id,
                matchers=_MATCHERS.decode(row.matchers),
                author=row.author,
                comment=row.comment,
                from_ns=row.from_ns,
                until_ns=row.until_ns,
                ended_at_ns=row.ended_at_ns,
            )
            for row in await self._store.rows(query.order_by(SILENCE.c.from_ns, SILENCE.c.silence_id))
        )

    async def add(self, silence: Silence) -> None:
        """Add a silence, in place of one with the same id.

        Raises
        ------
        ConnectivityError
            If the database cannot be written.
        """
        ended_ns = silence.ended_at_ns
        values = {
            "silence_id": silence.silence_id,
            "matchers": msgspec.json.encode(silence.matchers).decode(),
            "author": silence.author,
            "comment": silence.comment,
            "from_ns": silence.from_ns,
            "until_ns": silence.until_ns,
            "ended_at_ns": ended_ns,
            "over_at_ns": silence.until_ns if ended_ns is None else min(silence.until_ns, ended_ns),
        }
        async with self._store.transaction(is_urgent=True) as unit:
            await unit.connection.execute(insert_or_replace(unit.connection, SILENCE), [values])

    async def end(self, silence_id: str, at_ns: int) -> bool:
        """End a silence that is not over at ``at_ns``, even before it begins; False if there is none.

        Raises
        ------
        ConnectivityError
            If the database cannot be written.
        """
        standing = (SILENCE.c.silence_id == silence_id, SILENCE.c.over_at_ns > at_ns)
        change = update(SILENCE).where(*standing).values(ended_at_ns=at_ns, over_at_ns=at_ns)
        async with self._store.transaction(is_urgent=True) as unit:
            return (await unit.connection.execute(change)).rowcount > 0

"""What people were told of alerts, kept in memory: whoever looks does not wait for the database behind the dispatcher."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from marginwatch.clock import Clock
from marginwatch.errors import ConnectivityError
from marginwatch.model.alert import Transition, TransitionKind
from marginwatch.model.delivery import ChannelStanding, OutboxRow, RowState
from marginwatch.store.alerts import StoredAlerts

READ_EVERY_S = 0.5
"""In a storm messages go out all the time; what became of them is read together."""

READ_AT_ONCE = 500
KEPT_MAX = 20_000

FIRST = (TransitionKind.PENDING, TransitionKind.FIRED)
"""Before these there is no message of an alert."""


class ToldBoard:
    """What became of the newest message about each alert in each channel.

    Of an alert whose messages change it is read again, within about half a second; until then it is as it was. A message
    that was just made waits, which needs no reading.

    Parameters
    ----------
    stored : StoredAlerts
        The database.
    clock : Clock
        Time.

    Attributes
    ----------
    version : int
        Rises when anything of it changes.
    """

    def __init__(self, stored: StoredAlerts, clock: Clock) -> None:
        self._stored = stored
        self._clock = clock
        self._known: dict[str, tuple[ChannelStanding, ...]] = {}
        self._stale: dict[str, None] = {}
        self._asked: set[str] = set()
        self._wake = asyncio.Event()
        self.version = 0

    async def standings(self, alert_ids: Sequence[str]) -> Mapping[str, tuple[ChannelStanding, ...]]:
        """Return for each of these alerts that was to be told its standing in each channel, in order of their names.

        Raises
        ------
        ConnectivityError
            If one of them must be read and the database cannot be.
        """
        unknown = [one for one in alert_ids if one not in self._known]
        read: Mapping[str, tuple[ChannelStanding, ...]] = {}
        if unknown:
            self._asked.update(unknown)
            try:
                read = await self._stored.channel_standings(unknown)
                for one in unknown:
                    # What was heard meanwhile is newer.
                    _ = self._known.setdefault(one, read.get(one, ()))
            finally:
                self._asked.difference_update(unknown)
        found = {one: self._known.get(one) or read.get(one, ()) for one in alert_ids}
        self._trim()
        return {one: told for one, told in found.items() if told}

    def hear(self, transitions: Sequence[Transition], rows: Iterable[OutboxRow]) -> None:
        """Learn of transitions that are written down, and of the messages that were written with them."""
        for one in transitions:
            if one.kind in FIRST:
                _ = self._known.setdefault(one.alert.alert_id, ())
        self.hear_rows(rows)

    def hear_rows(self, rows: Iterable[OutboxRow]) -> None:
        """Learn of new messages."""
        for row in rows:
            alert_id = row.alert.alert_id
            if (told := self._known.get(alert_id)) is not None:
                others = [one for one in told if one.channel != row.channel]
                self._known[alert_id] = tuple(
                    sorted((*others, _waiting(row)), key=lambda standing: standing.channel)
                )
                self.version += 1
            # One like it may have been there already.
            self.note((alert_id,))
        self._trim()

    def note(self, alert_ids: Iterable[str]) -> None:
        """Have read again what became of messages about these alerts."""
        for one in alert_ids:
            if one in self._known or one in self._asked:
                self._stale[one] = None
        if self._stale:
            self._wake.set()

    async def run(self) -> None:
        """Read what changed until cancelled; a database that cannot be read is asked again."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.read()
            await self._clock.sleep(READ_EVERY_S)

    async def read(self) -> None:
        """Read some of what changed; the rest, or all of it if the database cannot be read, is left for the next time."""
        wanted = {one: None for one in self._stale if one in self._known or one in self._asked}
        # What somebody reads for the first time just now may be older than what is said of it here.
        chosen = dict.fromkeys([one for one in wanted if one in self._known][:READ_AT_ONCE])
        self._stale = {one: None for one in wanted if one not in chosen}
        try:
            read = await self._stored.channel_standings(list(chosen))
        except ConnectivityError:
            self.note(chosen)
            return
        for one in chosen:
            # What changed while this was read is read again.
            if one in self._known and one not in self._stale and self._known[one] != read.get(one, ()):
                self._known[one] = read.get(one, ())
                self.version += 1
        self.note(())

    def _trim(self) -> None:
        while len(self._known) > KEPT_MAX:
            oldest = next(iter(self._known))
            del self._known[oldest]
            _ = self._stale.pop(oldest, None)


def _waiting(row: OutboxRow) -> ChannelStanding:
    return ChannelStanding(
        channel=row.channel,
        state=RowState.WAITING,
        reason=row.reason,
        detail="",
        attempts=0,
        at_ns=row.made_at_ns,
    )

"""Takes rows out of the outbox and tells people; one worker a channel."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence

from marginwatch.clock import Clock
from marginwatch.errors import ConnectivityError
from marginwatch.model.alert import Alert
from marginwatch.model.delivery import OutboxRow
from marginwatch.notify.channels.base import Channel
from marginwatch.notify.handing_over import hand_over
from marginwatch.notify.health import ChannelHealth
from marginwatch.notify.memory import Memory
from marginwatch.notify.messages.compose import compose as compose_message
from marginwatch.notify.ports import Compose, Desk, Outbox
from marginwatch.notify.settings import DispatchSettings, NotifySetup
from marginwatch.notify.worker import Shared, Tally, Worker

OWNER = "marginwatch"
"""One service works on one database, which its lock makes sure of: whoever has this name and starts is its successor, and
goes on at once with what its predecessor had claimed. Others wait for the end of the lease."""

SLACK_S = 15.0
"""A worker that has brought nothing to an end for so long beyond what it may take does not work."""


class Dispatcher:
    """Delivers what waits in the outbox: at least once, in the order of urgency, as often as each channel bears.

    Parameters
    ----------
    setup : NotifySetup
        Routes, channels and what holds alerts back.
    channels : mapping of str to Channel
        The channels themselves, by name.
    outbox, desk : Outbox, Desk
        The store's side.
    alerts : callable
        Returns the open alerts, for inhibition.
    compose : Compose
        Finds words.
    clock : Clock
        Time.
    settings : DispatchSettings or None
        Intervals and bounds.
    owner : str
        Under which rows are claimed.
    chance : random.Random or None
        For the jitter of waits.
    on_sent : callable, optional
        Hears of each message that a channel has taken: the channel, the rows in it, and when, UTC nanoseconds.

    Attributes
    ----------
    memory : Memory
        What channels were told; also for :class:`marginwatch.notify.followups.FollowUps`.
    """

    def __init__(
        self,
        setup: NotifySetup,
        channels: Mapping[str, Channel],
        outbox: Outbox,
        desk: Desk,
        alerts: Callable[[], Sequence[Alert]],
        compose: Compose = compose_message,
        *,
        clock: Clock,
        settings: DispatchSettings | None = None,
        owner: str = OWNER,
        chance: random.Random | None = None,
        on_sent: Callable[[str, Sequence[OutboxRow], int], None] = lambda _channel, _rows, _at_ns: None,
    ) -> None:
        self.memory = Memory()
        self._clock = clock
        self._setup = setup
        self._outbox = outbox
        self._owner = owner
        self._settings = settings or DispatchSettings()
        shared = Shared(
            setup=setup,
            outbox=outbox,
            desk=desk,
            alerts=alerts,
            compose=compose,
            memory=self.memory,
            clock=clock,
            settings=self._settings,
            owner=owner,
            chance=chance or random.Random(),
            on_rows=self.wake_for,
            on_sent=on_sent,
        )
        self._workers = {
            name: Worker(channel, channels[name], shared)
            for name, channel in setup.channels.items()
            if name in channels
        }

    async def run(self) -> None:
        """Deliver until cancelled. Only defects end it otherwise; a restart goes on where it stopped."""
        await self._load()
        await self._hand_over()
        async with asyncio.TaskGroup() as tasks:
            for name, worker in self._workers.items():
                tasks.create_task(worker.run(), name=f"dispatcher {name}")

    def wake(self) -> None:
        """Look into the outbox now; to be called after rows were committed."""
        for worker in self._workers.values():
            worker.wake()

    def wake_for(self, rows: Sequence[OutboxRow]) -> None:
        """Look into the outbox now for the channels of these rows."""
        for name in {row.channel for row in rows}:
            if (worker := self._workers.get(name)) is not None:
                worker.wake()

    def channel_health(self) -> Mapping[str, ChannelHealth]:
        """Return how each channel does, by name."""
        return {name: worker.health for name, worker in self._workers.items()}

    def tallies(self) -> Mapping[str, Tally]:
        """Return what was done since the start, by channel."""
        return {name: worker.tally for name, worker in self._workers.items()}

    def is_working(self) -> bool:
        """Return whether every worker has lately brought something to an end and the database can be used."""
        now_s = self._clock.monotonic_s()
        return all(
            not worker.is_store_failing and now_s - worker.tally.last_turn_s < worker.lease_s + SLACK_S
            for worker in self._workers.values()
        )

    async def drain(self, timeout_s: float) -> bool:
        """Wait until nothing waits that is due within ``timeout_s``; return whether it came to that in this time."""
        give_up_ns = self._clock.now_ns() + int(timeout_s * 1e9)
        while True:
            # Asked before the outbox and after it: what a worker has in hand is leased, and so not due.
            before = self._turns()
            dues = [await self._outbox.next_due_ns(name) for name in self._workers]
            is_idle = before == self._turns() and all(n_turns and not busy for n_turns, busy in before)
            if is_idle and all(due_ns is None or due_ns > give_up_ns for due_ns in dues):
                return True
            if self._clock.now_ns() >= give_up_ns:
                return False
            await self._clock.sleep(0.05)

    def _turns(self) -> list[tuple[int, bool]]:
        return [(worker.n_turns, worker.is_busy) for worker in self._workers.values()]

    async def _hand_over(self) -> None:
        while True:
            try:
                await hand_over(self._setup, self._outbox, self._owner, self._clock.now_ns())
            except ConnectivityError:
                await self._clock.sleep(self._settings.store_retry_s)
            else:
                return

    async def _load(self) -> None:
        while True:
            try:
                await self.memory.load(self._outbox)
            except ConnectivityError:
                await self._clock.sleep(self._settings.store_retry_s)
            else:
                return

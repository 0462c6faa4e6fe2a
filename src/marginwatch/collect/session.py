"""One account from key check to live: poll, connect, hold back, snapshot, replay, reconcile.

A session has two tasks, one for its REST snapshots and one for its socket; frames cost it none.
"""

import asyncio

import structlog

from marginwatch.collect.backfill import Backfill
from marginwatch.collect.event_buffer import EventBuffer
from marginwatch.collect.forced_actions import notices_of_fills, notices_of_orders
from marginwatch.collect.freshness import Health
from marginwatch.collect.key_watch import KeyWatch
from marginwatch.collect.link import Link
from marginwatch.collect.services import Services, VenueServices
from marginwatch.collect.statuses import AccountStatus, SessionCounts
from marginwatch.collect.supervisor import supervise
from marginwatch.collect.sweeps import SweepTimes, is_fatal
from marginwatch.collect.wakeup import Wakeup
from marginwatch.errors import AuthError, MarginwatchError
from marginwatch.model.account import AccountSpec
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import (
    BalancesUpdate,
    ConnectivityUpdate,
    Event,
    FillsUpdate,
    OrdersUpdate,
    PositionsUpdate,
)
from marginwatch.model.notice import Notice
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.venues.base import VenueClient

log = structlog.get_logger(__name__)

SOCKET_PATIENCE_S = 1.0
"""How long the first snapshot waits for a socket that is free at once: taken after it, one snapshot does for two."""

FAILURES_MAX = 3
"""Failed snapshots in a row after which an account counts as lost, though its last one may still be fresh."""


class Session:
    """Follows one account.

    Parameters
    ----------
    spec : AccountSpec
        The account.
    venue, services
        Shared collaborators.
    """

    __slots__ = (
        "_backfill",
        "_buffer",
        "_client",
        "_epoch",
        "_failure",
        "_fatal",
        "_health",
        "_is_live",
        "_is_subscribed",
        "_is_sweep_asked",
        "_key",
        "_link",
        "_n_resyncs",
        "_services",
        "_times",
        "_venue",
        "_wakeup",
        "has_unsaid_switches",
        "held_categories",
        "spec",
    )

    def __init__(self, spec: AccountSpec, venue: VenueServices, services: Services) -> None:
        settings = services.settings
        self.spec = spec
        self._venue = venue
        self._services = services
        self._client: VenueClient | None = None
        self._health = Health(spec.account_id, services.clock, settings.socket_alive_for_s)
        self._link = Link(spec, venue, services, self)
        self._buffer = EventBuffer(settings.buffer_max)
        self._backfill = Backfill(spec.account_id, venue, services)
        self._key = KeyWatch(spec, venue, services)
        self._wakeup = Wakeup(services.timers)
        self._times = SweepTimes(settings, services.chance)
        self._fatal: MarginwatchError | None = None
        self._failure: MarginwatchError | None = None
        self._is_subscribed = False
        self._is_live = False
        self._is_sweep_asked = False
        self._epoch = 0
        self._n_resyncs = 0
        self.held_categories: frozenset[str] = frozenset()
        self.has_unsaid_switches = False
        self._report(0)

    # ---- the whole life -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the account, forever; where only its owner can mend it, ask again after a long while."""
        services = self._services
        while True:
            # Every start and restart is the same path: nothing of the last one is trusted.
            self._on_socket_gone()
            self._fatal = None
            self._backfill.begin()
            try:
                await self._follow(await self._check_key())
            except MarginwatchError as error:
                if not is_fatal(error):
                    raise
                self._stop(error)
            await self._wakeup.wait(services.settings.stopped_retry_s)

    def retry_if_stopped(self) -> None:
        """Ask now whether the owner has mended what stopped the account."""
        if self._health.link_state is LinkState.STOPPED:
            self._wakeup.ring()

    def relabel(self, spec: AccountSpec) -> None:
        """Take names and tags that matter to people only; the socket stays."""
        self.spec = spec

    def refuse(self, error: MarginwatchError) -> None:
        """Stop the account from outside, with the sentence for its owner."""
        self._fatal = error
        self._wakeup.ring()

    def _stop(self, error: MarginwatchError) -> None:
        before = (self._health.link_state, self._health.reason)
        self._set_state(LinkState.STOPPED, error)
        if before != (LinkState.STOPPED, self._health.reason):
            self._services.on_notice(Notice("account_refused", self.spec.account_id, str(error)))

    async def _check_key(self) -> VenueClient:
        """Ask what the key may do until there is an answer; raise if the account must not be followed."""
        client = self._client or self._venue.port.rest.client(self.spec)
        self._client = client
        while True:
            if self._fatal is not None:
                raise self._fatal
            try:
                await self._key.check(client)
            except MarginwatchError as error:
                if is_fatal(error):
                    raise
                self._on_failed(error)
                await self._wakeup.wait(self._times.wait_s(self._venue.intervals, is_live=False))
            else:
                return client

    async def _judge_key_again(self, client: VenueClient) -> None:
        """Find out a key that became able to trade; it waits for its turn behind the snapshots."""
        try:
            await self._key.check(client)
        except MarginwatchError as error:
            if is_fatal(error):
                self._fatal = error
            else:
                log.info("key not checked", account_id=self.spec.account_id, reason=str(error))

    async def _follow(self, client: VenueClient) -> None:
        services = self._services
        has_place = self._venue.private_queue.has_free_place()
        link = asyncio.create_task(
            supervise(f"socket of {self.spec.account_id}", self._link.run, services.clock)
        )
        try:
            if has_place:
                await self._wakeup.wait(SOCKET_PATIENCE_S)
            while self._fatal is None:
                await self._sweep(client)
                if self._fatal is None and self._failure is None and self._key.is_due():
                    await self._judge_key_again(client)
                await self._until_due()
            raise self._fatal
        finally:
            link.cancel()
            await asyncio.gather(link, return_exceptions=True)
            self._on_socket_gone()

    async def _until_due(self) -> None:
        clock = self._services.clock
        since_s = clock.monotonic_s()
        while self._fatal is None and not self._is_sweep_asked:
            # Asked anew after every ring: what rang may have changed the interval.
            left_s = since_s + self._times.wait_s(self._venue.intervals, self._is_live) - clock.monotonic_s()
            if left_s <= 0:
                return
            await self._wakeup.wait(left_s)

    # ---- snapshots ------------------------------------------------------------------------------------------

    async def _sweep(self, client: VenueClient) -> None:
        async with self._services.sweep_places:
            # Only a snapshot begun after the subscription contains all that the stream did not say.
            epoch = self._epoch if self._is_subscribed else None
            self._times.is_doubted = self._is_sweep_asked = False
            if self._buffer.has_overflown:
                self._buffer.restart()
            now_s, began_ns = self._services.clock.monotonic_s(), self._services.clock.now_ns()
            has_orders = self._times.are_orders_due(now_s)
            try:
                snapshot = await client.fetch_account(include_orders=has_orders)
            except MarginwatchError as error:
                self._on_sweep_failed(error)
                return
            if has_orders:
                self._times.on_orders(now_s)
        self._take_snapshot(snapshot, epoch, began_ns)
        if self._is_live:
            await self._fill_gap(client)

    async def _fill_gap(self, client: VenueClient) -> None:
        try:
            update = await self._backfill.fetch(client)
        except MarginwatchError as error:
            self._fatal = error
            return
        if update is not None:
            self._services.sink(update)
            self._tell(notices_of_fills(update))

    def _take_snapshot(self, snapshot: AccountSnapshot, epoch: int | None, began_ns: int) -> None:
        # Its calls may wait seconds for the budget, so its end says nothing of how old its first rows are.
        self._health.reconciled_at_ns = began_ns
        self._venue.wishes.note_positions(snapshot.positions)
        self._venue.wishes.note_balances(snapshot.balances)
        self.held_categories = frozenset(one.instrument.category for one in snapshot.positions)
        self.has_unsaid_switches = any(one.is_collateral is None for one in snapshot.balances)
        self._services.sink(snapshot)
        if not self._is_live and epoch is not None and epoch == self._epoch and self._is_subscribed:
            self._replay()
        self._failure = None
        self._times.on_success(self._services.needs_second_look(self.spec.account_id))
        self._set_state(LinkState.STREAMING if self._is_live else LinkState.POLLING)

    def _replay(self) -> None:
        if self._buffer.has_overflown:
            self._n_resyncs += 1
            self._times.is_doubted = True
            log.warning(
                "resync overflow",
                account_id=self.spec.account_id,
                events_max=self._services.settings.buffer_max,
            )
            return
        self._is_live = True
        for event in self._buffer.drain():
            self._deliver(event)

    def _on_sweep_failed(self, error: MarginwatchError) -> None:
        if is_fatal(error):
            self._fatal = error
        elif not self._is_live:
            self._on_failed(error)
        else:
            self._times.on_failure(error)
            self._failure = error
            # The stream goes on, so the account still counts; should it turn stale, this is why.
            if self._health.reason is None:
                log.warning("reconciliation failed", account_id=self.spec.account_id, reason=str(error))
            self._set_state(LinkState.STREAMING, error)

    def _on_failed(self, error: MarginwatchError) -> None:
        """Learn that REST failed and there is no stream: what was read last counts until it is too old."""
        self._times.on_failure(error)
        self._failure = error
        is_lost = self._times.n_failures >= FAILURES_MAX or not self._is_young()
        self._set_state(LinkState.LOST if is_lost else LinkState.POLLING, error)

    def _is_young(self) -> bool:
        reconciled_ns = self._health.reconciled_at_ns
        if reconciled_ns is None:
            return False
        age_ns = self._services.clock.now_ns() - reconciled_ns
        return age_ns <= self._venue.intervals.poll_fresh_s * 1e9

    # ---- what the socket says -------------------------------------------------------------------------------

    def on_opened(self) -> None:
        """Hold back from now on."""
        self._epoch += 1
        self._is_live = False
        self._buffer.restart()

    def on_event(self, event: Event) -> None:
        """Take one event of the stream: deliver it, or hold it back until the snapshot is in."""
        if self._is_live:
            self._deliver(event)
        else:
            self._buffer.hold(event)

    def _deliver(self, event: Event) -> None:
        if type(event) is PositionsUpdate:
            self._venue.wishes.note_positions(event.positions)
        elif isinstance(event, BalancesUpdate):
            self._venue.wishes.note_balances(event.balances)
        elif isinstance(event, FillsUpdate):
            new = self._backfill.only_new(event)
            if new is None:
                return
            event = new
            self._tell(notices_of_fills(event))
        elif isinstance(event, OrdersUpdate):
            self._tell(notices_of_orders(event))
        self._services.sink(event)

    def _tell(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            self._services.on_notice(notice)

    def on_subscribed(self) -> None:
        """Take a snapshot at once."""
        self._is_subscribed = self._is_sweep_asked = True
        self._wakeup.ring()

    def on_lost(self) -> None:
        """Go back to polling at once."""
        was_up = self._is_subscribed
        self._on_socket_gone()
        if was_up:
            self._times.on_gap(self._services.clock.monotonic_s())
            if self._health.link_state is LinkState.STREAMING:
                self._set_state(LinkState.POLLING, self._failure)
            self._is_sweep_asked = True
            self._wakeup.ring()

    def _on_socket_gone(self) -> None:
        self._backfill.on_gap(was_live=self._is_live)
        self._epoch += 1
        self._is_subscribed = self._is_live = False
        self._buffer.restart()

    def on_doubt(self) -> None:
        """Take a snapshot soon."""
        if not self._times.is_doubted:
            self._times.is_doubted = True
            self._wakeup.ring()

    async def on_login_refused(self, error: AuthError) -> None:
        """Ask by REST whether the key is good: if it is, the account is polled; if not, it is stopped."""
        client = self._client or self._venue.port.rest.client(self.spec)
        try:
            await client.fetch_key_report()
        except MarginwatchError as failure:
            if is_fatal(failure):
                self.refuse(failure)
            return
        self._services.on_notice(
            Notice(
                "stream_refused",
                self.spec.account_id,
                f"the stream refused the log-in although the key is good ({error.message}); polled instead",
            )
        )

    # ---- health ---------------------------------------------------------------------------------------------

    def beat(self, now_s: float) -> None:
        """Look after socket and health; called about every second."""
        self._link.lifeline.beat(now_s)
        if (
            self._failure is not None
            and self._health.link_state is LinkState.POLLING
            and not self._is_live
            and not self._is_young()
        ):
            self._set_state(LinkState.LOST, self._failure)
        settings = self._services.settings
        # What is told is old by then: a third of the room that pongs leave keeps a quiet socket from looking dead.
        room_s = max(0.0, settings.socket_alive_for_s - settings.ping_s) / 3
        self._report(int(min(settings.report_s, room_s) * 1e9))

    def _set_state(self, state: LinkState, error: MarginwatchError | None = None) -> None:
        self._health.become(state, error)
        self._report(0)

    def _report(self, least_ns: int) -> None:
        health, intervals = self._health, self._venue.intervals
        fresh_s = intervals.reconcile_fresh_s if self._is_live else intervals.poll_fresh_s
        health.fresh_for_ns = int(fresh_s * 1e9)
        health.replied_at_ns = self._link.lifeline.replied_at_ns
        health.data_at_ns = self._link.data_at_ns
        told = health.take_report(least_ns)
        if told is not None:
            self._services.sink(ConnectivityUpdate(told))

    def status(self) -> AccountStatus:
        """Return what is shown of this session."""
        key = self._key.report
        return AccountStatus(
            account_id=self.spec.account_id,
            connectivity=self._health.as_connectivity(),
            uid=self._key.uid,
            poll_s=self._venue.intervals.poll_s,
            reconcile_s=self._venue.intervals.reconcile_s,
            is_waiting_for_socket=self._link.lifeline.is_waiting,
            warnings=self._key.warnings,
            n_connects=self._link.lifeline.n_connects,
            n_messages=self._link.n_messages,
            n_malformed=self._link.n_malformed,
            n_resyncs=self._n_resyncs,
            key_expires_at_ns=None if key is None else key.expires_at_ns,
            is_key_unsafe=key is not None and not key.is_read_only,
        )

    def add_counts(self, counts: SessionCounts) -> None:
        """Add what it has counted to that of others."""
        counts.n_sessions += 1
        counts.n_waiting_for_socket += self._link.lifeline.is_waiting
        counts.n_connects += self._link.lifeline.n_connects
        counts.n_messages += self._link.n_messages
        counts.n_malformed += self._link.n_malformed
        counts.n_resyncs += self._n_resyncs
        if (key := self._key.report) is None:
            counts.unchecked_keys.append(self.spec.account_id)
        elif not key.is_read_only:
            counts.unsafe_keys.append(self.spec.account_id)

    def is_at(self, venue: VenueServices) -> bool:
        """Return whether it belongs to a venue."""
        return self._venue is venue

    @property
    def client(self) -> VenueClient | None:
        """Its calls, once a snapshot was taken with them and unless its owner must mend something."""
        is_good = (
            self._health.reconciled_at_ns is not None and self._health.link_state is not LinkState.STOPPED
        )
        return self._client if is_good else None

    @property
    def is_streaming(self) -> bool:
        """Whether its socket is live."""
        return self._is_live

    @property
    def link_state(self) -> LinkState:
        """Where it stands."""
        return self._health.link_state

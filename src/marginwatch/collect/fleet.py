"""All sessions: start, change at run time, stop."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import structlog

from marginwatch.clock import Clock
from marginwatch.collect.account_facts import AccountFacts
from marginwatch.collect.connection_queue import ConnectionQueue
from marginwatch.collect.contract_lookup import ContractLookup
from marginwatch.collect.facts import VenueFacts
from marginwatch.collect.ledger import LedgerKeeper, LedgerReader
from marginwatch.collect.market import MarketFeed
from marginwatch.collect.planning import plan_intervals
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.price_history import ClosesKeeper, PriceHistory
from marginwatch.collect.price_wishes import PriceWishes
from marginwatch.collect.prices import PriceFeed
from marginwatch.collect.services import Services, VenueServices
from marginwatch.collect.session import Session
from marginwatch.collect.settings import CollectSettings
from marginwatch.collect.socket import Connector, connector_for
from marginwatch.collect.socket_places import SocketPlaces, open_files_max
from marginwatch.collect.statuses import AccountStatus, Progress, SessionCounts
from marginwatch.collect.supervisor import supervise
from marginwatch.collect.timers import Timers
from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import AccountRemoved, EventSink
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.venue_facts import Maintenance
from marginwatch.venues.base import EndpointLimit

log = structlog.get_logger(__name__)

BEAT_S = 1.0
LOOKUP_S = 2.0


def connection_of(spec: AccountSpec) -> tuple[object, ...]:
    """Return what of an account its session depends on; the rest is labels for people."""
    return (
        spec.venue,
        spec.endpoints,
        spec.api_key,
        spec.api_secret,
        spec.passphrase,
        spec.uid,
        spec.allow_unsafe_key,
        spec.topics,
    )


RoomKey: TypeAlias = tuple[VenueId, str, str, tuple[tuple[str, str], ...]]


def room_key(spec: AccountSpec) -> RoomKey:
    """Return what accounts must have in common to share prices, contracts and a REST side: the venue at its hosts."""
    hosts = spec.endpoints
    return spec.venue, hosts.rest, hosts.private, tuple(sorted(hosts.public.items()))


class _Room:
    """One venue with what belongs to it: shared by its sessions, with tasks of its own."""

    def __init__(self, venue: VenueServices, feed: PriceFeed, lookup: ContractLookup) -> None:
        self.venue = venue
        self.feed = feed
        self.lookup = lookup
        self.market: MarketFeed | None = None
        self.facts: tuple[VenueFacts, AccountFacts] | None = None
        self.history: PriceHistory | None = None
        self.tasks: list[asyncio.Task[None]] = []

    async def stop(self) -> None:
        """Close the public sockets."""
        await self.feed.stop()
        if self.market is not None:
            await self.market.stop()


class Fleet:
    """Every configured account's session, and the price feeds of their venues.

    Parameters
    ----------
    open_venue : callable
        Makes the port of an account's venue; called once for each venue and its hosts.
    sink : EventSink
        Hears every event, synchronously.
    clock : Clock
        Time.
    settings : CollectSettings
        Intervals and bounds.
    on_quarantine, on_notice : callable
        Hear payloads that did not decode, and sentences for owners.
    danger : callable
        How endangered an account is, any float, larger first; orders the connection queue.
    needs_second_look : callable
        Whether the book doubts the account's last snapshot, which is then fetched again soon.
    connect : Connector or None
        How sockets are opened; by default with the library that the settings name.
    files_max : callable
        How many files this process may have open; None for any number.
    chance : random.Random or None
        Source of all jitter.
    closes : ClosesKeeper or None
        Keeps price histories; without one none are fetched.
    ledgers : LedgerKeeper or None
        Keeps lines of ledgers; without one none are read.
    """

    def __init__(
        self,
        open_venue: Callable[[AccountSpec], VenuePort],
        sink: EventSink,
        clock: Clock,
        settings: CollectSettings,
        *,
        on_quarantine: Callable[[Quarantined], None] = lambda _: None,
        on_notice: Callable[[Notice], None] = lambda _: None,
        danger: Callable[[AccountId], float] = lambda _: 0.0,
        needs_second_look: Callable[[AccountId], bool] = lambda _: False,
        connect: Connector | None = None,
        files_max: Callable[[], int | None] = open_files_max,
        chance: random.Random | None = None,
        closes: ClosesKeeper | None = None,
        ledgers: LedgerKeeper | None = None,
    ) -> None:
        self._open_venue = open_venue
        self._closes = closes
        self._ledgers = ledgers
        self._danger = danger
        self._services = Services(
            sink=sink,
            clock=clock,
            timers=Timers(clock),
            settings=settings,
            connect=connect or connector_for(settings.websocket_library),
            on_quarantine=on_quarantine,
            on_notice=on_notice,
            needs_second_look=needs_second_look,
            evict=self._evict,
            sweep_places=asyncio.Semaphore(settings.sweeps_at_once),
            places=SocketPlaces(files_max(), settings.sweeps_at_once, on_notice),
            chance=chance or random.Random(),
        )
        self._specs: dict[AccountId, AccountSpec] = {}
        self._sessions: dict[AccountId, Session] = {}
        self._tasks: dict[AccountId, asyncio.Task[None]] = {}
        self._rooms: dict[RoomKey, _Room] = {}
        self._queues: dict[str, ConnectionQueue] = {}
        self._own_tasks: list[asyncio.Task[None]] = []

    # ---- start, change, stop --------------------------------------------------------------------------------

    async def start(self, specs: Sequence[AccountSpec]) -> None:
        """Start a session for every enabled account; returns at once, :meth:`progress` tells how far they are.

        Raises
        ------
        ConfigError
            If two accounts have the same name.
        """
        if not self._own_tasks:
            clock = self._services.clock
            self._own_tasks = [
                self._spawn("timers", self._services.timers.run),
                self._spawn("heartbeat", lambda: self._beat_forever(clock)),
            ]
        await self.apply(specs)

    async def apply(self, specs: Sequence[AccountSpec]) -> None:
        """Make the sessions those of ``specs``; accounts that did not change keep their sockets.

        Removed and disabled accounts are closed and told as removed; one whose key, venue or settings changed starts
        anew, and its rows stay until its first snapshot replaces them.

        Raises
        ------
        ConfigError
            If two accounts have the same name; nothing was changed.
        """
        wanted: dict[AccountId, AccountSpec] = {}
        for spec in specs:
            if spec.account_id in wanted:
                raise ConfigError(f"account id {spec.account_id!r} stands twice in the configuration")
            wanted[spec.account_id] = spec
        wanted = {name: spec for name, spec in wanted.items() if spec.is_enabled}
        removed = [name for name in self._specs if name not in wanted]
        changed = [
            name
            for name, spec in wanted.items()
            if name in self._specs and connection_of(spec) != connection_of(self._specs[name])
        ]
        moved = [name for name in changed if wanted[name].venue != self._specs[name].venue]
        self._services.uids.set_order(list(wanted))
        await self._close([*removed, *changed])
        for name in [*removed, *moved]:
            self._services.sink(AccountRemoved(name))
        self._specs = wanted
        self._services.places.expect(len(wanted))
        for name, spec in wanted.items():
            if name in self._sessions:
                self._sessions[name].relabel(spec)
                self._sessions[name].retry_if_stopped()
            else:
                self._start_session(spec)
        await self._close_empty_rooms()
        self._plan()
        log.info("accounts applied", accounts=len(wanted), removed=len(removed), changed=len(changed))

    async def stop(self) -> None:
        """Close everything within the settings' bound."""
        tasks = [*self._tasks.values(), *self._own_tasks]
        tasks += [task for room in self._rooms.values() for task in room.tasks]
        for task in tasks:
            task.cancel()
        closing = [asyncio.create_task(room.stop()) for room in self._rooms.values()]
        pending = {*tasks, *closing}
        if pending:
            _, pending = await asyncio.wait(pending, timeout=self._services.settings.stop_timeout_s)
        if pending:
            log.warning("stopped with tasks still running", tasks=len(pending))
        self._tasks.clear()
        self._sessions.clear()
        self._rooms.clear()
        self._specs = {}
        self._own_tasks = []

    def _start_session(self, spec: AccountSpec) -> None:
        room = self._room_of(spec)
        session = Session(spec, room.venue, self._services)
        self._sessions[spec.account_id] = session

        def on_crash(error: Exception) -> None:
            message = f"its session crashed ({type(error).__name__}) and starts anew from a snapshot."
            self._services.on_notice(Notice("session_crashed", spec.account_id, message))

        self._tasks[spec.account_id] = asyncio.create_task(
            supervise(f"session of {spec.account_id}", session.run, self._services.clock, on_crash)
        )

    async def _close(self, names: Sequence[AccountId]) -> None:
        tasks = [self._tasks.pop(name) for name in names if name in self._tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self._services.settings.stop_timeout_s)
        for name in names:
            self._sessions.pop(name, None)
            self._services.uids.release(name)

    def _evict(self, loser: AccountId, winner: AccountId) -> None:
        session = self._sessions.get(loser)
        if session is not None:
            session.refuse(
                ConfigError(
                    f"its key belongs to the same account as that of {winner!r}, which stands before it: "
                    "remove one of the two, or give this one the key of its own account",
                    venue=session.spec.venue,
                    account_id=loser,
                    reason="duplicate_uid",
                )
            )

    # ---- venues ---------------------------------------------------------------------------------------------

    def _room_of(self, spec: AccountSpec) -> _Room:
        key = room_key(spec)
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = self._open_room(spec)
        return room

    def _open_room(self, spec: AccountSpec) -> _Room:
        port, services = self._open_venue(spec), self._services
        settings = services.settings
        wishes = PriceWishes(port.stream)
        intervals = plan_intervals(0, 0, 0.0, settings.poll_s, settings.reconcile_s)
        private_queue = self._queue_of(port.endpoints.private, port.connect_limit)
        venue = VenueServices(port, private_queue, wishes, intervals)
        public_url = next(iter(port.endpoints.public.values()), port.endpoints.private)
        feed = PriceFeed(port, self._queue_of(public_url, port.connect_limit), services, wishes)
        lookup = ContractLookup(port, services.sink, services.on_notice)
        room = _Room(venue, feed, lookup)
        if settings.depth:
            room.market = MarketFeed(port, self._queue_of(public_url, port.connect_limit), services, wishes)
        room.tasks = [
            self._spawn(f"prices of {port.venue}", feed.run),
            self._spawn(f"contracts of {port.venue}", lambda: self._look_up(room.lookup)),
        ]
        if port.facts is not None:
            facts = VenueFacts(port, port.facts, lookup, wishes, services)
            of_accounts = AccountFacts(port, services, lambda: self._sessions_of(venue))
            room.facts = (facts, of_accounts)
            room.tasks.append(self._spawn(f"facts of {port.venue}", facts.run))
            room.tasks.append(self._spawn(f"account facts of {port.venue}", of_accounts.run))
        if port.closes is not None and self._closes is not None:
            room.history = PriceHistory(port, port.closes, self._closes, wishes, services)
            room.tasks.append(self._spawn(f"price history of {port.venue}", room.history.run))
        if self._ledgers is not None:
            reader = LedgerReader(port, services, lambda: self._sessions_of(venue), self._ledgers)
            room.tasks.append(self._spawn(f"ledgers of {port.venue}", reader.run))
        return room

    def _sessions_of(self, venue: VenueServices) -> list[Session]:
        return [session for session in self._sessions.values() if session.is_at(venue)]

    def _queue_of(self, url: str, limit: EndpointLimit) -> ConnectionQueue:
        """Return the queue of a stream host, which private and public sockets share."""
        host = urlsplit(url).netloc
        if host not in self._queues:
            services = self._services
            self._queues[host] = ConnectionQueue(
                limit,
                services.settings.share_of_limit,
                services.settings.connect_timeout_s,
                services.clock,
                services.timers,
                self._danger,
            )
        return self._queues[host]

    async def _close_empty_rooms(self) -> None:
        used = {room_key(spec) for spec in self._specs.values()}
        for key in [key for key in self._rooms if key not in used]:
            room = self._rooms.pop(key)
            for task in room.tasks:
                task.cancel()
            await room.stop()

    def _spawn(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        return asyncio.create_task(supervise(name, run, self._services.clock))

    # ---- once a second --------------------------------------------------------------------------------------

    async def _beat_forever(self, clock: Clock) -> None:
        while True:
            self.beat()
            await clock.sleep(BEAT_S)

    def beat(self) -> None:
        """Plan anew, and look after every session's socket, health and prices."""
        self._plan()
        now_s = self._services.clock.monotonic_s()
        for room in self._rooms.values():
            room.feed.beat(now_s)
            if room.market is not None:
                room.market.beat(now_s)
        for session in self._sessions.values():
            session.beat(now_s)

    async def _look_up(self, lookup: ContractLookup) -> None:
        while True:
            await lookup.run_once()
            await self._services.clock.sleep(LOOKUP_S)

    def _plan(self) -> None:
        settings = self._services.settings
        ports = {key: room.venue.port for key, room in self._rooms.items()}
        # Planned together are all who share a budget, whichever host of the exchange they are at.
        counts = {port.seconds_per_call: [0, 0] for port in ports.values()}
        for session in self._sessions.values():
            if session.link_state is not LinkState.STOPPED:
                budget = ports[room_key(session.spec)].seconds_per_call
                counts[budget][0 if session.is_streaming else 1] += 1
        for key, port in ports.items():
            n_streaming, n_polled = counts[port.seconds_per_call]
            self._rooms[key].venue.intervals = plan_intervals(
                n_streaming,
                n_polled,
                port.calls_per_sweep * port.seconds_per_call(),
                settings.poll_s,
                settings.reconcile_s,
            )

    # ---- what is shown --------------------------------------------------------------------------------------

    def progress(self) -> Progress:
        """Return how far the start has come."""
        settings = self._services.settings
        statuses = self.statuses()
        return Progress(
            n_accounts=len(statuses),
            n_heard=sum(one.connectivity.reconciled_at_ns is not None for one in statuses),
            n_streaming=sum(one.connectivity.link_state is LinkState.STREAMING for one in statuses),
            n_stopped=sum(one.connectivity.link_state is LinkState.STOPPED for one in statuses),
            n_waiting_for_socket=sum(one.is_waiting_for_socket for one in statuses),
            poll_s=max((one.poll_s for one in statuses), default=settings.poll_s),
            reconcile_s=max((one.reconcile_s for one in statuses), default=settings.reconcile_s),
        )

    def closes_version(self) -> int:
        """Return a number that grows with every series of closes that got newer."""
        return sum(room.history.version for room in self._rooms.values() if room.history is not None)

    def are_closes_read(self) -> bool:
        """Return whether the histories of all that is held reach up to the last finished interval."""
        return all(room.history.is_complete() for room in self._rooms.values() if room.history is not None)

    def are_facts_read(self) -> bool:
        """Return whether all slow facts that margins need were asked for at least once, whatever came of it."""
        rooms = [room.facts for room in self._rooms.values() if room.facts is not None]
        return all(of_venue.is_complete() and of_accounts.is_complete() for of_venue, of_accounts in rooms)

    def maintenances(self) -> Mapping[VenueId, tuple[Maintenance, ...]]:
        """Return the interruptions that each venue has announced and that have not ended, as far as it was asked."""
        rooms = [room for room in self._rooms.values() if room.facts is not None]
        return {room.venue.port.venue: room.facts[0].announced for room in rooms if room.facts is not None}

    def statuses(self) -> tuple[AccountStatus, ...]:
        """Return every account's status, in the order of the configuration."""
        return tuple(self._sessions[name].status() for name in self._specs if name in self._sessions)

    def status_of(self, account_id: AccountId) -> AccountStatus | None:
        """Return one account's status; None if it has no session."""
        session = self._sessions.get(account_id)
        return None if session is None else session.status()

    def counts(self) -> Mapping[VenueId, SessionCounts]:
        """Return what the sessions of each venue have counted, together; cheaper than all of their statuses."""
        found: dict[VenueId, SessionCounts] = {}
        for session in self._sessions.values():
            session.add_counts(found.setdefault(session.spec.venue, SessionCounts()))
        return found

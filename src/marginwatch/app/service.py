"""Sessions, book, engine and store of one configuration."""

import asyncio
import contextlib
import math
import random
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence

import aiohttp
import structlog

from marginwatch.app.alerting.alerting import Alerting
from marginwatch.app.alerting.self_watch import SelfWatch
from marginwatch.app.alerting.setup import AlertSetup
from marginwatch.app.connections import open_http
from marginwatch.app.equity import EquityKeeper
from marginwatch.app.exposures import LiveExposures
from marginwatch.app.model_errors import ModelErrorKeeper
from marginwatch.app.past_prices import PastPrices
from marginwatch.app.registration import Registration, configured
from marginwatch.app.risk_days import RiskDayKeeper
from marginwatch.app.settings import collect_settings, heavy_settings, refuse_unsupported, risk_settings
from marginwatch.app.watched import VenueClock, WatchedService
from marginwatch.book.position_book import PositionBook
from marginwatch.bookfile.writing import Gathered, PastReturn, gather
from marginwatch.clock import Clock, SystemClock
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.bybit import bybit_port
from marginwatch.collect.closes_in_memory import ClosesInMemory
from marginwatch.collect.fleet import Fleet
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.statuses import AccountStatus, Progress, SessionCounts
from marginwatch.collect.supervisor import supervise
from marginwatch.config.settings import Config
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.engine.heavy_process import HeavyProcess
from marginwatch.errors import ConfigError, ProtocolError
from marginwatch.model.account import AccountSpec
from marginwatch.model.alert import Transition
from marginwatch.model.events import AccountRemoved, Event, EventSink
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.snapshots import Break
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.margin.model_error import ErrorColumns
from marginwatch.risk.var.exposures import Exposures
from marginwatch.store import Store
from marginwatch.store.price_closes import PriceCloses
from marginwatch.store.recorder import Recorder
from marginwatch.store.risk_days import RiskDays
from marginwatch.venues.bybit.adapter import BybitVenue
from marginwatch.venues.bybit.manifest import MANIFEST as BYBIT

log = structlog.get_logger(__name__)

COMPLETE_POLL_S = 0.05
FRAME_STUCK_S = 10.0
"""Frames come at least every second; ten without one is no delay any more."""

RESTART_TABLES = (
    "service",
    "limits",
    "prices",
    "collect",
    "risk",
    "alerts",
    "rules",
    "routes",
    "channels",
    "mutes",
    "inhibits",
)
"""What of the configuration is read at the start alone."""

TELL_DANGER_EVERY_S = 2.0
ENDANGERED_FROM = 0.5
"""Maintenance margin usage from which an account's calls get a head start."""


class Service:
    """Sessions, book, engine and store of one configuration.

    Parameters
    ----------
    config : Config
        What to watch.
    clock : Clock, optional
        Time; the system's by default.
    on_frame : callable, optional
        Hears every full frame, synchronously.
    on_event : callable, optional
        Hears every event after the book has applied it, synchronously.
    is_recording : bool, default=True
        Whether breaks, quarantined payloads and notices are written to the data folder.
    chance : random.Random, optional
        Source of all jitter; seeded, the same service does the same again.
    wants_closes : bool, default=False
        Whether price histories are fetched even where nothing is recorded; they are forgotten then.
    is_heavy : bool, default=True
        Whether what is too heavy for a frame is reckoned, over and over.
    is_apart : bool, default=False
        Whether that is done in a process of its own, and not in threads.
    alerts : AlertSetup, optional
        What is watched for and who is told; needs recording. Without it no rule is evaluated.
    on_transitions : callable, optional
        Hears of changes of alerts once they are stored.

    Attributes
    ----------
    alerting : Alerting or None
        Rules, outbox and channels, once started.
    equity : EquityKeeper or None
        Equity by the minute and ledgers, once started and where there is recording.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        on_frame: Callable[[Frame], None] | None = None,
        on_event: EventSink | None = None,
        is_recording: bool = True,
        chance: random.Random | None = None,
        wants_closes: bool = False,
        is_heavy: bool = True,
        is_apart: bool = False,
        alerts: AlertSetup | None = None,
        on_transitions: Callable[[Sequence[Transition]], None] | None = None,
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.book = PositionBook(self.clock)
        self.engine = Engine(
            self.book,
            self.clock,
            on_frame=() if on_frame is None else on_frame,
            on_breaks=self._record_breaks,
            on_notices=self._record_notices,
            on_unreadable=self._record_unreadable,
            risk_settings=risk_settings(config),
        )
        self.heavy = HeavyWork(
            self.engine,
            self.clock,
            heavy_settings(config),
            self._past_returns,
            scenarios=config.scenarios,
            process=HeavyProcess(self.clock) if is_apart else None,
        )
        self.store: Store | None = None
        self.closes: PriceCloses | ClosesInMemory | None = ClosesInMemory() if wants_closes else None
        self.budgets: dict[str, RateBudget] = {}
        self.alerting: Alerting | None = None
        self.equity: EquityKeeper | None = None
        self.n_breaks = 0
        self._alert_setup = alerts
        self._on_transitions = on_transitions
        self.clocks: dict[VenueId, tuple[str, VenueClock]] = {}
        self._recorder: Recorder | None = None
        self._on_event = on_event
        self._is_recording = is_recording
        self._is_heavy = is_heavy
        self._past: PastPrices | None = None
        self._chance = chance or random.Random()
        self._http: aiohttp.ClientSession | None = None
        self._registration = Registration(self.book, self.engine.sink, self._record_notice)
        self._exposures = LiveExposures(self.book, risk_settings(config))
        self._fleet: Fleet | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # ---- start, change, stop --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the store, start the engine and every session; returns at once, see :meth:`progress`.

        Raises
        ------
        ConfigError
            If the data folder or its database cannot be used.
        """
        if self._is_recording:
            self.store = await Store.open(self.config.service.store)
            self._recorder = Recorder(self.store, self.clock)
            self._tasks.append(asyncio.create_task(supervise("recorder", self._recorder.run, self.clock)))
            self.closes = PriceCloses(self.store)
            kept = RiskDays(self.store)
            days = RiskDayKeeper(kept, self.closes, self.clock, self._exposures_of_all)
            self._tasks.append(asyncio.create_task(supervise("risk days", days.run, self.clock)))
            errors = ModelErrorKeeper(kept, self.clock, self._model_errors, self._name_of)
            self._tasks.append(asyncio.create_task(supervise("model errors", errors.run, self.clock)))
        equity = self._keep_equity()
        self._http = open_http()
        self._tasks.append(asyncio.create_task(supervise("engine", self.engine.run, self.clock)))
        self._fleet = Fleet(
            self._open_venue,
            self._sink,
            self.clock,
            collect_settings(self.config),
            on_quarantine=self._record_quarantined,
            on_notice=self._record_notice,
            danger=self.danger,
            needs_second_look=self.book.needs_second_look,
            chance=self._chance,
            closes=self.closes,
            ledgers=None if equity is None else equity.ledgers,
        )
        if self._alert_setup is not None and self.store is not None and equity is not None:
            await self._start_alerting(self._alert_setup, self.store, equity)
        self._tasks.append(asyncio.create_task(supervise("danger", self._tell_danger, self.clock)))
        self._registration.register(self.config, {})
        await self._fleet.start(self.config.accounts)
        if self.closes is not None:
            self._past = PastPrices(
                self.closes,
                self.closes_version,
                self.clock,
                None if self.store is None else RiskDays(self.store),
            )
        if self._is_heavy:
            if self._past is not None:
                self._tasks.append(asyncio.create_task(supervise("past prices", self._past.run, self.clock)))
            self._tasks.append(asyncio.create_task(supervise("heavy measures", self.heavy.run, self.clock)))

    def _keep_equity(self) -> EquityKeeper | None:
        """Return the running keeper of equity and ledgers; None where nothing is recorded."""
        if self.store is None:
            return None
        zone = self.config.alerts.day_zone
        self.equity = keeper = EquityKeeper(
            self.store, self.clock, self.book, self.latest_frame, zone, PriceCloses(self.store)
        )
        self._tasks.append(asyncio.create_task(supervise("equity", keeper.run, self.clock)))
        return keeper

    async def _start_alerting(self, setup: AlertSetup, store: Store, equity: EquityKeeper) -> None:
        http, fleet = self._http, self._running_fleet()
        if http is None:
            raise RuntimeError("the service was not started")
        self.alerting = Alerting(
            setup,
            store,
            WatchedService(fleet, self.engine, self.budgets, self.clocks, self.clock),
            SelfWatch(self.config.service.data_dir, self.clock, self.heavy.helper),
            equity.figures,
            http,
            self.clock,
            on_transitions=self._on_transitions,
        )
        await self.alerting.start()
        self.engine.rules.append(self.alerting.look)

    async def answer(self, asked: Asked) -> None:
        """Reckon what is too heavy for a frame once, for whoever looks once; the next frame has it."""
        if self._past is not None:
            await self._past.refresh()
        await self.heavy.answer(asked)

    def _past_returns(self) -> PastReturns:
        return PastReturns() if self._past is None else self._past.returns

    async def _tell_danger(self) -> None:
        """Let the calls of endangered accounts go before those of the others."""
        told: set[AccountId] = set()
        while True:
            await self.clock.sleep(TELL_DANGER_EVERY_S)
            endangered = {one.account_id: self.danger(one.account_id) for one in self.config.accounts}
            now = {account_id for account_id, usage in endangered.items() if usage >= ENDANGERED_FROM}
            for budget in self.budgets.values():
                for account_id in now | told:
                    budget.set_danger(
                        str(account_id), endangered.get(account_id, 0.0) if account_id in now else 0.0
                    )
            told = now

    async def reload(self, config: Config) -> None:
        """Watch the accounts of ``config`` from now on; those that did not change are not disturbed.

        Changes outside of the accounts need a restart, and a warning names them.

        Raises
        ------
        ConfigError
            If the accounts cannot be used as configured; the old ones stay in force.
        """
        before, fleet = self.config, self._running_fleet()
        gone = {one.spec.account_id for one in before.refused} - set(configured(config))
        # The sink looks here for what becomes of an account that is removed.
        self.config = config
        try:
            self._registration.register(config, {one.spec.account_id: one.reason for one in before.refused})
            await fleet.apply(config.accounts)
        except ConfigError:
            self.config = before
            raise
        for account_id in gone:
            self.engine.sink(AccountRemoved(account_id))
        if changed := [name for name in RESTART_TABLES if getattr(config, name) != getattr(before, name)]:
            log.warning("restart to apply the changes in these tables", tables=changed)

    async def stop(self) -> None:
        """Close sockets, write down what is queued, close the store; bounded in time."""
        if self._fleet is not None:
            await self._fleet.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for budget in self.budgets.values():
            budget.close()
        try:
            if self._recorder is not None:
                await self._recorder.flush()
            if self.equity is not None:
                await self.equity.flush()
            if self.alerting is not None:
                await self.alerting.stop()
        finally:
            if self._http is not None:
                await self._http.close()
            if self.store is not None:
                await self.store.close()

    # ---- what is known --------------------------------------------------------------------------------------

    def progress(self) -> Progress:
        """Return how far the start has come."""
        return self._running_fleet().progress()

    def statuses(self) -> tuple[AccountStatus, ...]:
        """Return every session's status in the order of the configuration."""
        return self._running_fleet().statuses()

    def status_of(self, account_id: AccountId) -> AccountStatus | None:
        """Return one session's status; None if the account has none."""
        return self._running_fleet().status_of(account_id)

    def session_counts(self) -> Mapping[VenueId, SessionCounts]:
        """Return what the sessions of each venue have counted since they started."""
        return self._running_fleet().counts()

    def is_complete(self) -> bool:
        """Return whether every account that is not in *not included* has answered all of its first sweep."""
        progress = self.progress()
        return progress.n_heard + progress.n_stopped >= progress.n_accounts

    def are_facts_read(self) -> bool:
        """Return whether all slow facts that margins need were asked for at least once, whatever came of it."""
        return self._running_fleet().are_facts_read()

    def are_closes_read(self) -> bool:
        """Return whether the price histories of all that is held were asked for up to now."""
        return self._running_fleet().are_closes_read()

    def closes_version(self) -> int:
        """Return a number that grows with every price history that got newer."""
        return self._running_fleet().closes_version()

    def gather_book(self) -> Gathered:
        """Return references to all that the book holds now, for a book file."""
        past = self._past_returns()
        returns = tuple(
            PastReturn(name, table.interval_s, int(table.times_s[-1]), table.values[:, column])
            for table in (past.daily, past.hourly)
            if table is not None and table.times_s.shape[0]
            for column, name in enumerate(table.names)
        )
        return gather(self.book.columns, self.clock.now_ns(), returns)

    def exposures(self) -> Exposures:
        """Return what every account is exposed to now; see :meth:`LiveExposures.at`."""
        return self._exposures.at(self.clock.now_ns())

    async def wait_until_complete(self, timeout_s: float) -> bool:
        """Wait for the first complete picture; False if it did not come in ``timeout_s`` seconds."""
        give_up_at = self.clock.monotonic_s() + timeout_s
        while not self.is_complete():
            if self.clock.monotonic_s() >= give_up_at:
                return False
            await self.clock.sleep(COMPLETE_POLL_S)
        return True

    def latest_frame(self) -> Frame | None:
        """Return the latest full frame; None before the first."""
        return self.engine.frame

    def is_alive(self) -> bool:
        """Return whether frames still come."""
        frame = self.engine.frame
        return frame is not None and self.clock.now_ns() - frame.at_ns < FRAME_STUCK_S * 1e9

    def danger(self, account_id: AccountId) -> float:
        """Return the account's maintenance margin usage, the measure of who goes first; 0 where it is not known.

        Where ours is missing the venue's figures have to do: this decides who is heard first and is shown to nobody.
        """
        frame, entry = self.engine.frame, self.book.entry(account_id)
        if frame is None or entry is None or entry.row >= frame.accounts.maintenance_margin_usage.shape[0]:
            return 0.0
        of, row = frame.accounts, entry.row
        usage = float(of.maintenance_margin_usage[row])
        if not math.isfinite(usage) and of.venue_adjusted_equity_usd[row] > 0.0:
            usage = float(of.venue_maintenance_margin_usd[row] / of.venue_adjusted_equity_usd[row])
        return usage if math.isfinite(usage) else 0.0

    # ---- wiring ---------------------------------------------------------------------------------------------

    def _running_fleet(self) -> Fleet:
        if self._fleet is None:
            raise RuntimeError("the service was not started")
        return self._fleet

    def _exposures_of_all(self) -> Exposures | None:
        """Return the exposures once every account has been heard: before, the book of a day's end would lack some."""
        return self.exposures() if self.is_complete() else None

    def _model_errors(self) -> ErrorColumns | None:
        frame = self.engine.frame
        return None if frame is None else frame.model_errors

    def _name_of(self, row: int) -> AccountId | None:
        entries = self.book.columns.accounts.entries
        entry = entries[row] if row < len(entries) else None
        return None if entry is None else entry.spec.account_id

    def _sink(self, event: Event) -> None:
        self.engine.sink(event)
        if type(event) is AccountRemoved:
            self._registration.make_room_again(self.config, event.account_id)
        if self._on_event is not None:
            self._on_event(event)

    def _open_venue(self, spec: AccountSpec) -> VenuePort:
        refuse_unsupported(spec)
        if self._http is None:
            raise RuntimeError("the service was not started")
        # One budget for all hosts: the exchange counts what comes from our address, whichever host it goes to.
        budget = self.budgets.get(spec.exchange)
        if budget is None:
            budget = RateBudget(BYBIT, self.clock, share_of_limit=self.config.limits.share_of_limit)
            self.budgets[spec.exchange] = budget
        rest = BybitVenue(
            spec.venue,
            spec.endpoints,
            budget,
            self.clock,
            self._http,
            on_notice=self._record_notice,
            on_quarantine=self._record_quarantined,
            ban_wait_s=self.config.limits.ban_wait_s,
            chance=self._chance,
        )
        self.clocks[spec.venue] = (spec.exchange, rest.clock_offset)
        return bybit_port(rest, spec.endpoints, budget)

    def _record_breaks(self, breaks: Iterable[Break]) -> None:
        found = tuple(breaks)
        self.n_breaks += len(found)
        if self.alerting is not None:
            self.alerting.hear_breaks(found)
        if self._recorder is not None:
            self._recorder.add_breaks(found)

    def _record_quarantined(self, payload: Quarantined) -> None:
        if self._recorder is not None:
            self._recorder.add_quarantined(payload)

    def _record_notices(self, notices: Iterable[Notice]) -> None:
        for notice in notices:
            self._record_notice(notice)

    def _record_unreadable(self, event: Event, error: ProtocolError) -> None:
        account_id = getattr(event, "account_id", None)
        self._record_notice(Notice("unreadable_number", account_id, str(error)))

    def _record_notice(self, notice: Notice) -> None:
        log.warning(notice.message, kind=notice.kind, account=notice.account_id)
        if self.alerting is not None:
            self.alerting.hear_notice(notice)
        if self._recorder is not None:
            self._recorder.add_notice(notice)


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncGenerator[Service]:
    """Start ``service``, and stop it at the end of the block, however that ends."""
    try:
        await service.start()
        yield service
    finally:
        await service.stop()

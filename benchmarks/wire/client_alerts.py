"""The service as it runs, all default rules and two channels included: how long a message takes to an alert in the outbox.

Its venue is the desk of the other clients: frames and prices from real sockets, REST answers from memory. What is measured
is taken down beside the service: when each message that puts an account into danger was received, and when the service says
that the alert about it is committed.
"""

import asyncio
import dataclasses
import logging
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from benchmarks.bench_frame import tell_facts
from benchmarks.wire import desk
from benchmarks.wire.frames import BREACH_USD, FALLING, FALLING_PRICE, SYMBOLS, base_price
from benchmarks.wire.meter import Meter, settle
from benchmarks.wire.plan import Plan
from benchmarks.wire.rest import instrument_row
from marginwatch.app.alerting.setup import alert_setup
from marginwatch.app.service import Service
from marginwatch.collect.ports import VenuePort
from marginwatch.config.loader import load
from marginwatch.config.settings import Config
from marginwatch.daemon import THREAD_TURN_S
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.activity import LedgerEntry
from marginwatch.model.alert import Transition, TransitionKind
from marginwatch.model.balance import Balance
from marginwatch.model.events import Event, FeeRatesUpdate, MarksUpdate, PositionsUpdate
from marginwatch.model.ids import AccountId
from marginwatch.model.instrument import Instrument
from marginwatch.model.position import Position
from marginwatch.model.price import Mark
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import FeeRate
from marginwatch.notify.planner import rows_for
from marginwatch.risk.tables import not_included
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts
from marginwatch.venues.bybit.parse.instruments import parse_instruments
from marginwatch.venues.bybit.stream import BybitStream

START_LIMIT_S = 60.0
LAST_WAIT_S = 0.5
REPLAYED_MAX = 200
RULE = "maintenance-margin"
FALLING_QUANTITY = 6_000.0
"""Of each falling contract in its account: at half the price it has lost more than the account's 250,000 USDT."""

CONFIG = """
[service]
data_dir = "data"
[collect]
depth = false       # no order books here
reconcile_s = 600.0 # REST is not what is measured
[[channel]]
name = "desk"
type = "webhook"
url = "{rest}/hook"
[[channel]]
name = "phone"
type = "webhook"
url = "{rest}/hook"
[[route]]
name = "all"
channels = ["desk", "phone"]
"""


class AlertClient(desk.DeskClient):
    """REST calls of one account whose margins can be reckoned; the first ones hold a falling contract."""

    def __init__(self, spec: AccountSpec, number: int, plan: Plan, venue: "AlertVenue") -> None:
        super().__init__(spec, number, plan, venue.catalog)
        falling = (venue.falling_position(number, plan),) if number < len(FALLING) else ()
        money = Balance(
            asset="USDT",
            wallet_balance="250000",
            equity="250000",
            usd_value="250000",
            order_initial_margin="0",
            is_collateral=True,
        )
        self._snapshot: AccountSnapshot = msgspec.structs.replace(
            self._snapshot, positions=(*self._snapshot.positions, *falling), balances=(money,)
        )

    async def fetch_ledger(self, from_ns: int, to_ns: int) -> tuple[LedgerEntry, ...]:
        del from_ns, to_ns
        return ()


class AlertVenue(desk.DeskVenue):
    """The desk's venue with contracts whose prices will fall."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        rows = [instrument_row(symbol, FALLING_PRICE) for symbol in FALLING]
        listing = msgspec.Raw(msgspec.json.encode({"category": "linear", "list": rows, "nextPageCursor": ""}))
        self.catalog.learn(parse_instruments(listing, self.catalog).rows)

    def contracts(self) -> list[Instrument]:
        """Return all contracts that anybody holds."""
        return [self.catalog.resolve("linear", symbol) for symbol in (*SYMBOLS, *FALLING)]

    def falling_position(self, number: int, plan: Plan) -> Position:
        """Return what account ``number`` holds of its falling contract."""
        return Position(
            instrument=self.catalog.resolve("linear", FALLING[number]),
            position_side="net",
            quantity=str(FALLING_QUANTITY),
            entry_price=str(FALLING_PRICE),
            leverage_setting="30",
            sequence=1,
            ts_venue_ns=plan.epoch_ms * 1_000_000,
        )

    def client(self, spec: AccountSpec) -> AlertClient:
        return AlertClient(spec, int(spec.account_id.rpartition("-")[2]), self._plan, self)

    def _mark(self, instrument: Instrument, now_ns: int) -> Mark:
        if instrument.venue_symbol not in FALLING:
            return super()._mark(instrument, now_ns)
        price = str(FALLING_PRICE)
        return Mark(
            instrument=instrument,
            mark_price=price,
            index_price=price,
            usd_index_price=price,
            last_price=price,
            ts_venue_ns=now_ns,
        )


class DeskService(Service):
    """The service at the desk's venue."""

    def __init__(self, plan: Plan, config: Config, watch: "Watch") -> None:
        super().__init__(
            config,
            on_event=watch.hear,
            alerts=alert_setup(config),
            on_transitions=watch.stored,
            is_heavy=plan.is_heavy,
            is_apart=True,
        )
        self.plan = plan
        self.venue = AlertVenue(plan)

    def _open_venue(self, spec: AccountSpec) -> VenuePort:
        port = desk.port_for(self.plan, spec.endpoints)
        return dataclasses.replace(port, rest=self.venue, stream=BybitStream(self.venue.catalog))

    def tell_facts(self) -> None:
        """Tell the book what the venue says of margins, fees included."""
        now_ns = time.time_ns()
        tell_facts(self.book, self.venue.contracts(), now_ns)
        rates = tuple(
            FeeRate(venue_symbol=symbol, base_asset=None, taker_fee_rate="0.00055", maker_fee_rate="0.0002")
            for symbol in (*SYMBOLS, *FALLING)
        )
        for spec in self.config.accounts:
            self.engine.sink(FeeRatesUpdate(spec.account_id, "linear", rates, now_ns))


class Watch:
    """What happened when, taken down beside the service.

    Attributes
    ----------
    message_ms, price_ms : list of float
        From the message, or the price, that put an account into danger to the commit of the alert.
    judged_ms : list of float
        Of messages: until the lane or frame that judged them was measured.
    commits : list of (float, tuple of Transition)
        Each commit with its moment, s.
    kinds : Counter
        Transitions by rule and kind.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._breached: dict[AccountId, int] = {}
        self._fallen: dict[AccountId, int] = {}
        self.is_on = False
        self.n_breaches = 0
        self.message_ms: list[float] = []
        self.price_ms: list[float] = []
        self.judged_ms: list[float] = []
        self.commits: list[tuple[float, tuple[Transition, ...]]] = []
        self.kinds: Counter[str] = Counter()

    def hear(self, event: Event) -> None:
        """Count position messages, and note those that put an account into danger."""
        if type(event) is PositionsUpdate:
            if any(is_large(position) for position in event.positions):
                self._breached[event.account_id] = event.ts_received_ns
                self.n_breaches += 1
            self._meter.message()
        elif type(event) is MarksUpdate and len(event.marks) == 1:
            mark = event.marks[0]
            symbol = mark.instrument.venue_symbol
            if symbol in FALLING and float(mark.mark_price or 0.0) < FALLING_PRICE:
                self._fallen[AccountId(f"account-{FALLING.index(symbol)}")] = event.ts_received_ns

    def stored(self, transitions: Sequence[Transition]) -> None:
        """Hear what was just committed."""
        now_ns = time.time_ns()
        self.commits.append((time.monotonic(), tuple(transitions)))
        self.kinds.update(f"{one.alert.rule} {one.kind.value}" for one in transitions)
        for one in transitions:
            if one.kind is not TransitionKind.FIRED or one.alert.rule != RULE:
                continue
            account_id = one.alert.subject.account_id
            if account_id is None:
                continue
            if (received_ns := self._breached.pop(account_id, None)) is not None:
                self.message_ms.append((now_ns - received_ns) / 1e6)
                self.judged_ms.append((one.at_ns - received_ns) / 1e6)
            elif (received_ns := self._fallen.pop(account_id, None)) is not None:
                self.price_ms.append((now_ns - received_ns) / 1e6)


def is_large(position: Position) -> bool:
    """Return whether a position is one that puts its account into danger."""
    symbol = position.instrument.venue_symbol
    if symbol not in PRICES:
        return False
    return abs(float(position.quantity)) * PRICES[symbol] > BREACH_USD / 2


PRICES = {symbol: base_price(number) for number, symbol in enumerate(SYMBOLS)}


def configured(plan: Plan, folder: Path, private: str, rest: str) -> Config:
    """Return a configuration with the desk's accounts and two channels."""
    file = folder / "marginwatch.toml"
    file.write_text(CONFIG.format(rest=rest))
    endpoints = Endpoints(rest=rest, private=private, public={"linear": private})
    accounts = tuple(
        msgspec.structs.replace(spec, endpoints=endpoints) for spec in desk.specs_for(plan, private, rest)
    )
    config = load(file, needs_accounts=False)
    limits = msgspec.structs.replace(config.limits, share_of_limit=1.0)
    return msgspec.structs.replace(config, accounts=accounts, limits=limits)


async def replayed(watch: Watch, config: Config, folder: Path) -> dict[str, list[float]]:
    """Commit the same rows again, at the same pace and with nothing else to do, ms: through the store, and plainly."""
    setup = alert_setup(config).notification
    store = await Store.open(folder / "again.sqlite")
    stored, plain = StoredAlerts(store), plain_file(folder / "plain.sqlite")
    times: dict[str, list[float]] = {"store_ms": [], "plain_ms": []}
    due_s = None
    for at_s, transitions in watch.commits[:REPLAYED_MAX]:
        if due_s is not None:
            await asyncio.sleep(max(0.0, min(1.0, at_s - due_s)))
        due_s = at_s
        rows = rows_for(transitions, setup, time.time_ns())
        started = time.perf_counter()
        async with store.transaction() as unit:
            await stored.write(unit, transitions, rows)
        times["store_ms"].append((time.perf_counter() - started) * 1e3)
        texts = [(msgspec.json.encode(one),) for one in (*transitions, *rows)]
        started = time.perf_counter()
        plain.execute("BEGIN IMMEDIATE")
        plain.executemany("INSERT INTO kept VALUES (?)", texts)
        plain.execute("COMMIT")
        times["plain_ms"].append((time.perf_counter() - started) * 1e3)
    plain.close()
    await store.close()
    return times


def plain_file(path: Path) -> sqlite3.Connection:
    """Return a database with one table of one column, as durable as the store's."""
    made = sqlite3.connect(path, isolation_level=None)
    made.execute("PRAGMA journal_mode=WAL")
    made.execute("PRAGMA synchronous=FULL")
    made.execute("CREATE TABLE kept (what BLOB)")
    return made


async def run(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Start the service, receive the whole stream, stop; return what became of alerts."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    sys.setswitchinterval(THREAD_TURN_S)
    with tempfile.TemporaryDirectory(prefix="marginwatch-bench-") as place:
        config = configured(plan, Path(place), private, rest)
        watch = Watch(meter)
        service = DeskService(plan, config, watch)
        await service.start()
        service.tell_facts()
        try:
            async with asyncio.timeout(START_LIMIT_S):
                while service.progress().n_streaming < len(config.accounts):  # noqa: ASYNC110  # no event tells it
                    await asyncio.sleep(0.2)
            settle()
            await meter.finished()
            await asyncio.sleep(LAST_WAIT_S)
            facts = facts_of(service, watch)
        finally:
            await service.stop()
        return facts | await replayed(watch, config, Path(place))


def facts_of(service: DeskService, watch: Watch) -> dict[str, object]:
    """Return what was measured and counted."""
    alerting, frame = service.alerting, service.engine.run_frame()
    if alerting is None:
        raise RuntimeError("the service does not evaluate rules")
    return {
        "accounts": len(service.config.accounts),
        "positions": service.book.columns.positions.in_use,
        "breaches": watch.n_breaches,
        "message_ms": watch.message_ms,
        "judged_ms": watch.judged_ms,
        "price_ms": watch.price_ms,
        "writer_ms": list(alerting.writer.latencies_ms),
        "kinds": dict(watch.kinds),
        "commits": len(watch.commits),
        "fired": alerting.writer.n_fired,
        "rows": alerting.writer.n_rows,
        "lanes": service.engine.n_lanes,
        "frames": service.engine.n_frames,
        "problem": alerting.look.problem,
        "not_included": len(not_included(frame)),
        "unknown_notices": sum(one.is_unknown_notice for one in alerting.open_alerts()),
    }

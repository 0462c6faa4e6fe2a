"""A venue on a desk: real frames of Bybit, a scripted REST side, sockets in memory, and time that is moved by hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from marginwatch.clock import ManualClock
from marginwatch.collect.fleet import Fleet
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.services import Services
from marginwatch.collect.settings import CollectSettings
from marginwatch.collect.socket import Socket, SocketOwner
from marginwatch.collect.timers import Timers
from marginwatch.errors import ConnectivityError, MarginwatchError
from marginwatch.model.account import AccountSpec, Endpoints, KeyReport
from marginwatch.model.activity import Fill
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.events import Event
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.instrument import Instrument
from marginwatch.model.notice import Notice
from marginwatch.model.position import Position
from marginwatch.model.price import Mark
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.venues.base import EndpointLimit, VenueClient
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.key_check import judge_key
from marginwatch.venues.bybit.stream import BybitStream

VENUE = VenueId("bybit")
ENDPOINTS = Endpoints(
    rest="http://127.0.0.1:1",
    private="ws://stream.test/v5/private",
    public={name: f"ws://stream.test/v5/public/{name}" for name in ("linear", "inverse", "option", "spot")},
)


def spec_of(name: str, **changes: object) -> AccountSpec:
    values: dict[str, object] = {
        "account_id": AccountId(name),
        "exchange": "bybit",
        "venue": VENUE,
        "endpoints": ENDPOINTS,
        "api_key": Secret(f"key-{name}"),
        "api_secret": Secret(f"secret-{name}"),
    }
    return AccountSpec(**(values | changes))  # type: ignore[arg-type]


@dataclass
class Account:
    """What the scripted REST side says of one account."""

    uid: str
    clock: ManualClock
    positions: tuple[Position, ...] = ()
    balances: tuple[Balance, ...] = ()
    state: AccountState = field(
        default_factory=lambda: AccountState(margin_mode="cross", account_type="UTA2.0")
    )
    fills: tuple[Fill, ...] = ()
    is_read_only: bool = True
    expires_at_ns: int | None = None
    key_error: MarginwatchError | None = None
    sweep_error: MarginwatchError | None = None
    gate: asyncio.Event | None = None
    n_key_reports: int = 0
    swept_at_s: list[float] = field(default_factory=list)
    fills_since: list[int] = field(default_factory=list)
    orders_asked_at_s: list[float] = field(default_factory=list)


class ScriptedClient:
    """REST calls of one account, answered from a script."""

    def __init__(self, spec: AccountSpec, account: Account) -> None:
        self._spec = spec
        self.account = account

    @property
    def spec(self) -> AccountSpec:
        return self._spec

    async def fetch_key_report(self) -> KeyReport:
        self.account.n_key_reports += 1
        if self.account.key_error is not None:
            raise self.account.key_error
        return KeyReport(
            uid=self.account.uid,
            is_read_only=self.account.is_read_only,
            expires_at_ns=self.account.expires_at_ns,
            bound_ips=("10.0.0.1",),
        )

    async def fetch_account(self, *, include_orders: bool = False) -> AccountSnapshot:
        account = self.account
        if include_orders:
            account.orders_asked_at_s.append(account.clock.monotonic_s())
        account.swept_at_s.append(account.clock.monotonic_s())
        asked_ns = account.clock.now_ns()
        if account.gate is not None:
            await account.gate.wait()
        if account.sweep_error is not None:
            raise account.sweep_error
        return AccountSnapshot(
            account_id=self._spec.account_id,
            positions=account.positions,
            balances=account.balances,
            account=account.state,
            as_of_ns=asked_ns,
            ts_received_ns=account.clock.now_ns(),
        )

    async def fetch_fills_since(self, since_ns: int) -> tuple[Fill, ...]:
        self.account.fills_since.append(since_ns)
        return tuple(fill for fill in self.account.fills if (fill.ts_venue_ns or 0) >= since_ns)


class ScriptedVenue:
    """The venue's own REST calls, and its accounts."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.catalog = InstrumentCatalog(VENUE)
        self.accounts: dict[str, Account] = {}
        self.n_clock_syncs = 0
        self.marks: dict[str, tuple[Mark, ...]] = {}
        self.marks_error: MarginwatchError | None = None
        self.marks_asked: list[tuple[float, str]] = []
        self.contracts: dict[str, Instrument] = {}

    def client(self, spec: AccountSpec) -> VenueClient:
        return ScriptedClient(spec, self.account(spec.account_id))

    def account(self, name: str) -> Account:
        if name not in self.accounts:
            self.accounts[name] = Account(uid=f"uid-{name}", clock=self.clock)
        return self.accounts[name]

    async def sync_clock(self) -> None:
        self.n_clock_syncs += 1

    async def fetch_marks(self, category: str, instruments: Sequence[Instrument]) -> tuple[Mark, ...]:
        self.marks_asked.append((self.clock.monotonic_s(), category))
        if self.marks_error is not None:
            raise self.marks_error
        return self.marks.get(category, ())

    async def load_contracts(self, instruments: Sequence[Instrument]) -> tuple[Instrument, ...]:
        found = tuple(self.contracts[i.venue_symbol] for i in instruments if i.venue_symbol in self.contracts)
        self.catalog.learn(found)
        return found

    def take_unknown(self) -> tuple[Instrument, ...]:
        return self.catalog.take_unknown()

    def venue_now_ns(self) -> int:
        return self.clock.now_ns()


class Peer:
    """The venue's end of one socket in memory."""

    def __init__(self, url: str, owner: SocketOwner, wire: "Wire") -> None:
        self.url, self.owner, self.wire = url, owner, wire
        self.said: list[dict[str, object]] = []
        self.is_open = True
        self.is_mute = False
        self.answers: Callable[[Peer, dict[str, object]], None] = wire.answers

    def send(self, payload: bytes) -> None:
        if self.is_open:
            message = json.loads(payload)
            self.said.append(message)
            if not self.is_mute:
                asyncio.get_running_loop().call_soon(self._answer, message)

    def _answer(self, message: dict[str, object]) -> None:
        if self.is_open and not self.is_mute:
            self.answers(self, message)

    def close(self) -> None:
        self.is_open = False

    def push(self, message: dict[str, object] | bytes) -> None:
        """Say something to our side."""
        if self.is_open and not self.is_mute:
            self.owner.on_message(message if isinstance(message, bytes) else json.dumps(message).encode())

    def cut(self) -> None:
        """End the connection without a word."""
        if self.is_open:
            self.is_open = False
            self.owner.on_closed("the connection ended without a closing frame")

    @property
    def topics(self) -> list[list[str]]:
        return [message["args"] for message in self.said if message["op"] == "subscribe"]  # type: ignore[misc]

    @property
    def key(self) -> str | None:
        return next((m["args"][0] for m in self.said if m["op"] == "auth"), None)  # type: ignore[index]


def usual_answers(peer: Peer, message: dict[str, object]) -> None:
    """Answer as the reference says (private and linear shapes)."""
    if message["op"] == "ping":
        peer.push({"req_id": "", "op": "pong", "args": ["1675418560633"], "conn_id": "c"})
    else:
        peer.push({"success": True, "ret_msg": "", "op": message["op"], "conn_id": "c"})


class Wire:
    """Opens sockets in memory and remembers when."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.peers: list[Peer] = []
        self.opened_at_s: list[float] = []
        self.is_down = False
        self.answers: Callable[[Peer, dict[str, object]], None] = usual_answers

    async def connect(self, url: str, owner: SocketOwner, timeout_s: float) -> Socket:
        self.opened_at_s.append(self.clock.monotonic_s())
        if self.is_down:
            raise ConnectivityError("the socket could not be opened: refused", endpoint=url)
        peer = Peer(url, owner, self)
        self.peers.append(peer)
        return peer

    @property
    def private(self) -> list[Peer]:
        return [peer for peer in self.peers if peer.url.endswith("private")]

    def public(self, category: str) -> list[Peer]:
        return [peer for peer in self.peers if peer.url.endswith(f"public/{category}")]


class Desk:
    """A fleet on the scripted venue, and everything it said."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.venue = ScriptedVenue(self.clock)
        self.wire = Wire(self.clock)
        self.events: list[Event] = []
        self.notices: list[Notice] = []
        self.quarantined: list[Quarantined] = []
        self.danger: dict[str, float] = {}
        self.doubted: set[str] = set()
        self.connect_limit = EndpointLimit(500, 300.0)
        self.seconds_per_call = 0.0
        self.settings = CollectSettings(depth=False)
        self.files_max: int | None = None
        self.fleet: Fleet | None = None

    def budgeted_s(self) -> float:
        return self.seconds_per_call

    async def start(self, *specs: AccountSpec) -> Fleet:
        self.fleet = Fleet(
            lambda spec: VenuePort(
                venue=spec.venue,
                endpoints=spec.endpoints,
                rest=self.venue,
                stream=BybitStream(self.venue.catalog),
                connect_limit=self.connect_limit,
                calls_per_sweep=5,
                seconds_per_call=self.budgeted_s,
                judge_key=judge_key,
            ),
            self.events.append,
            self.clock,
            self.settings,
            on_quarantine=self.quarantined.append,
            on_notice=self.notices.append,
            danger=lambda name: self.danger.get(name, 0.0),
            needs_second_look=lambda name: name in self.doubted,
            connect=self.wire.connect,
            files_max=lambda: self.files_max,
        )
        await self.fleet.start(specs)
        return self.fleet

    def services(self) -> Services:
        """Return what parts of collecting share, for one that works without a fleet."""
        return Services(
            sink=self.events.append,
            clock=self.clock,
            timers=Timers(self.clock),
            settings=self.settings,
            connect=self.wire.connect,
            on_quarantine=self.quarantined.append,
            on_notice=self.notices.append,
            needs_second_look=lambda _: False,
            evict=lambda *_: None,
            sweep_places=asyncio.Semaphore(1),
        )

    def of(self, kind: type, name: str | None = None) -> list[Event]:
        return [
            event
            for event in self.events
            if isinstance(event, kind) and (name is None or getattr(event, "account_id", name) == name)
        ]

    def state(self, name: str) -> str:
        assert self.fleet is not None
        found = [status for status in self.fleet.statuses() if status.account_id == name]
        return found[0].connectivity.link_state.value


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    if desk.fleet is not None:
        await desk.fleet.stop()


@pytest.fixture
def make_spec() -> Callable[..., AccountSpec]:
    return spec_of


def position_push(symbol: str, size: str, seq: int, at_ms: int) -> dict[str, object]:
    """Return a push of one long linear position, in the shape of the reference's live capture of 2026-03."""
    row = {
        "positionIdx": 0,
        "symbol": symbol,
        "side": "Buy" if size != "0" else "",
        "size": size,
        "entryPrice": "66473.5",
        "leverage": "10",
        "positionValue": "66.4735",
        "markPrice": "66472.02",
        "positionIM": "6.70702815",
        "positionMM": "0.32571423",
        "unrealisedPnl": "-0.00148",
        "curRealisedPnl": "-0.0664735",
        "liqPrice": "10736.47573672",
        "category": "linear",
        "adlRankIndicator": 2,
        "seq": seq,
        "updatedTime": str(at_ms),
    }
    return {"id": "1", "topic": "position", "creationTime": at_ms, "data": [row]}


@pytest.fixture
def push_position() -> Callable[[str, str, int, int], dict[str, object]]:
    return position_push

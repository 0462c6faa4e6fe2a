"""What the desk holds before the stream begins, and the port through which the product learns of it.

The port is the product's own in everything that concerns frames. REST answers come from memory: a thousand accounts
would need minutes for their first sweep within the exchange's limits, and REST is not what is measured here.
"""

import random
import time
from collections.abc import Sequence

import msgspec

from benchmarks.bench_frame import tell_facts as tell_margin_facts
from benchmarks.wire.frames import POSITIONS_PER_ACCOUNT, SYMBOLS, base_price, render, symbol_number_of
from benchmarks.wire.plan import Plan
from benchmarks.wire.rest import instrument_row
from marginwatch.book.position_book import PositionBook
from marginwatch.collect.ports import VenuePort
from marginwatch.model.account import AccountSpec, Endpoints, KeyReport
from marginwatch.model.activity import Fill
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.events import FeeRatesUpdate, PositionsUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.instrument import Instrument
from marginwatch.model.position import Position
from marginwatch.model.price import Mark
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import FeeRate
from marginwatch.venues.base import EndpointLimit
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.key_check import judge_key
from marginwatch.venues.bybit.parse.instruments import parse_instruments
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame
from marginwatch.venues.bybit.stream import BybitStream

VENUE = VenueId("bybit")
DESKS = ("market-making", "basis", "momentum", "options")
HEADSTART_S = 10
FIRST_TIER_USD = 20_000
"""Size of the first tier; positions are up to as large at entry."""


def specs_for(plan: Plan, private: str, rest: str) -> list[AccountSpec]:
    """Return the configured accounts, one a socket, spread over a few desks."""
    endpoints = Endpoints(rest=rest, private=private, public={})
    return [
        AccountSpec(
            account_id=AccountId(f"account-{number}"),
            exchange="bybit",
            venue=VENUE,
            endpoints=endpoints,
            api_key=Secret(f"key-{number}"),
            api_secret=Secret("secret"),
            owner="fund-1",
            desk=DESKS[number % len(DESKS)],
            tags=("usdt",),
        )
        for number in range(plan.sockets)
    ]


def opening_positions(number: int, plan: Plan, catalog: InstrumentCatalog) -> tuple[Position, ...]:
    """Return what an account holds before the stream, read by the product's own parser from the same kind of frame."""
    randomness = random.Random(number)
    stamp_ms = plan.epoch_ms - HEADSTART_S * 1000
    found: list[Position] = []
    for slot in range(POSITIONS_PER_ACCOUNT):
        frame = render(slot - 1_000_000, symbol_number_of(number, slot), stamp_ms, randomness)
        events = parse_private_frame(frame, AccountId("opening"), catalog, 0)
        if isinstance(events, tuple) and isinstance(update := events[0], PositionsUpdate):
            found.extend(update.positions)
    return tuple(found)


def snapshot_of(
    account_id: AccountId, number: int, plan: Plan, catalog: InstrumentCatalog
) -> AccountSnapshot:
    """Return an account's opening snapshot: its positions and one coin."""
    as_of_ns = (plan.epoch_ms - HEADSTART_S * 1000) * 1_000_000
    return AccountSnapshot(
        account_id=account_id,
        positions=opening_positions(number, plan, catalog),
        balances=(
            Balance(
                asset="USDT",
                wallet_balance="250000",
                equity="250000",
                usd_value="250000",
                borrowed="0",
                locked="0",
                unrealized_pnl="0",
                initial_margin="7000",
                maintenance_margin="1200",
                order_initial_margin="0",
                is_collateral=True,
            ),
        ),
        account=AccountState(
            wallet_balance="250000",
            equity="250000",
            adjusted_equity="250000",
            available_balance="180000",
            initial_margin="7000",
            maintenance_margin="1200",
            margin_mode="cross",
            account_type="UTA2.0",
            as_of_ns=as_of_ns,
        ),
        as_of_ns=as_of_ns,
        ts_received_ns=time.time_ns(),
        open_orders=(),
    )


class DeskClient:
    """REST calls of one account: a read-only key and the opening snapshot, as often as it is asked for."""

    def __init__(self, spec: AccountSpec, number: int, plan: Plan, catalog: InstrumentCatalog) -> None:
        self.spec = spec
        self._report = KeyReport(uid=str(1000 + number), is_read_only=True, bound_ips=("127.0.0.1",))
        self._snapshot = snapshot_of(spec.account_id, number, plan, catalog)

    async def fetch_key_report(self) -> KeyReport:
        return self._report

    async def fetch_account(self, *, include_orders: bool = False) -> AccountSnapshot:
        del include_orders
        return msgspec.structs.replace(self._snapshot, ts_received_ns=time.time_ns())

    async def fetch_fills_since(self, since_ns: int) -> tuple[Fill, ...]:
        del since_ns
        return ()


class DeskVenue:
    """The venue's REST side, from memory."""

    def __init__(self, plan: Plan) -> None:
        self.catalog = InstrumentCatalog(VENUE)
        self._plan = plan
        self._randomness = random.Random(1)
        rows = [instrument_row(symbol, base_price(number)) for number, symbol in enumerate(SYMBOLS)]
        listing = msgspec.Raw(msgspec.json.encode({"category": "linear", "list": rows, "nextPageCursor": ""}))
        self.catalog.learn(parse_instruments(listing, self.catalog).rows)

    def client(self, spec: AccountSpec) -> DeskClient:
        return DeskClient(spec, int(spec.account_id.rpartition("-")[2]), self._plan, self.catalog)

    async def sync_clock(self) -> None:
        """Both sides have one clock."""

    async def fetch_marks(self, category: str, instruments: Sequence[Instrument]) -> tuple[Mark, ...]:
        del category
        now_ns = time.time_ns()
        return tuple(self._mark(instrument, now_ns) for instrument in instruments)

    def _mark(self, instrument: Instrument, now_ns: int) -> Mark:
        if instrument.base_asset == "BTC":
            # Bitcoin in USD, USDT and USDC is what turns these currencies into each other.
            price = f"{base_price(0):.6g}"
            return Mark(
                instrument=instrument,
                mark_price=price,
                index_price=price,
                usd_index_price=price,
                last_price=price,
                ts_venue_ns=now_ns,
            )
        if instrument.venue_symbol not in SYMBOLS:
            return Mark(
                instrument=instrument,
                mark_price="1",
                index_price="1",
                usd_index_price="1",
                ts_venue_ns=now_ns,
            )
        middle = base_price(SYMBOLS.index(instrument.venue_symbol))
        price = f"{middle * (1 + 0.001 * (self._randomness.random() - 0.5)):.6g}"
        return Mark(
            instrument=instrument, mark_price=price, index_price=price, last_price=price, ts_venue_ns=now_ns
        )

    async def load_contracts(self, instruments: Sequence[Instrument]) -> tuple[Instrument, ...]:
        del instruments
        return ()

    def take_unknown(self) -> tuple[Instrument, ...]:
        return ()

    def venue_now_ns(self) -> int:
        return time.time_ns()


def tell_facts(book: PositionBook, catalog: InstrumentCatalog, specs: Sequence[AccountSpec]) -> None:
    """Tell a book what a venue says of margins, as it has been told soon after every start.

    A few of the positions are above the first tier of their contract.
    """
    now_ns = time.time_ns()
    contracts = [catalog.resolve("linear", symbol) for symbol in SYMBOLS]
    tell_margin_facts(book, contracts, now_ns, first_limit=FIRST_TIER_USD)
    rates = tuple(
        FeeRate(venue_symbol=symbol, base_asset=None, taker_fee_rate="0.00055", maker_fee_rate="0.0002")
        for symbol in SYMBOLS
    )
    for spec in specs:
        book.apply(FeeRatesUpdate(spec.account_id, "linear", rates, now_ns))


def port_for(plan: Plan, endpoints: Endpoints) -> VenuePort:
    """Return the venue's port: our frames, answers from memory, and as many sockets at once as are wanted."""
    venue = DeskVenue(plan)
    return VenuePort(
        venue=VENUE,
        endpoints=endpoints,
        rest=venue,
        stream=BybitStream(venue.catalog),
        connect_limit=EndpointLimit(calls=100_000, per_s=1.0),
        calls_per_sweep=1.0,
        seconds_per_call=lambda: 0.0,
        judge_key=judge_key,
    )

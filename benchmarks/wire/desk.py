"""What the desk holds before the stream begins: accounts with twenty positions each, and a price of every contract."""

import random
import time

from benchmarks.wire.frames import POSITIONS_PER_ACCOUNT, SYMBOLS, base_price, render, symbol_number_of
from benchmarks.wire.plan import Plan
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import ConnectivityUpdate, MarksUpdate, PositionsUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.position import Position
from marginwatch.model.price import Mark
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame

VENUE = VenueId("bybit")
DESKS = ("market-making", "basis", "momentum", "options")
HEADSTART_S = 10


def specs_for(plan: Plan, private: str, rest: str) -> list[AccountSpec]:
    """Return the configured accounts, one a socket, spread over a few desks."""
    endpoints = Endpoints(rest=rest, private=private, public={})
    return [
        AccountSpec(
            account_id=AccountId(f"account-{number:04d}"),
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
        balances=(Balance(asset="USDT", wallet_balance="250000", equity="250000", usd_value="250000"),),
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


def streaming(account_id: AccountId) -> ConnectivityUpdate:
    """Return the news that an account's socket is up."""
    now_ns = time.time_ns()
    return ConnectivityUpdate(
        Connectivity(
            account_id=account_id,
            link_state=LinkState.STREAMING,
            socket_replied_at_ns=now_ns,
            reconciled_at_ns=now_ns,
            data_at_ns=now_ns,
        )
    )


def marks(catalog: InstrumentCatalog, randomness: random.Random) -> MarksUpdate:
    """Return a fresh price of every contract."""
    now_ns = time.time_ns()
    found: list[Mark] = []
    for number, symbol in enumerate(SYMBOLS):
        price = f"{base_price(number) * (1 + 0.001 * (randomness.random() - 0.5)):.6g}"
        found.append(
            Mark(
                instrument=catalog.resolve("linear", symbol),
                mark_price=price,
                index_price=price,
                last_price=price,
                ts_venue_ns=now_ns,
            )
        )
    return MarksUpdate(tuple(found), now_ns)

"""The whole collector against the simulated exchange over real sockets, with faults: the book ends at the truth."""

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import aiohttp
import pytest

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import SystemClock
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.bybit import open_bybit
from marginwatch.collect.fleet import Fleet
from marginwatch.collect.settings import CollectSettings
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import Event, FillsUpdate, MarksUpdate, PositionsUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults
from marginwatch.venues.bybit.manifest import MANIFEST

SEED = 20_261_121
VENUE = VenueId("bybit@sim")
SETTINGS = CollectSettings(
    share_of_limit=1.0,
    poll_s=1.0,
    reconcile_s=2.0,
    second_look_s=0.5,
    backoff_first_s=0.1,
    backoff_max_s=1.0,
    ping_s=0.5,
    socket_alive_for_s=2.0,
)


class Desk:
    """A fleet, its book and what they heard."""

    def __init__(self, server: BybitSimServer, exchange: Exchange, http: aiohttp.ClientSession) -> None:
        self.server, self.exchange = server, exchange
        clock = SystemClock()
        self.book = PositionBook(clock, settle_s=0.5)
        self.events: list[Event] = []
        self.quarantined: list[Quarantined] = []
        urls = server.urls
        endpoints = Endpoints(rest=urls.rest, private=urls.private, public=urls.public)
        self.specs = [
            AccountSpec(
                account_id=AccountId(info.name),
                exchange="bybit",
                venue=VENUE,
                endpoints=endpoints,
                api_key=Secret(info.key.api_key),
                api_secret=Secret(info.key.api_secret),
                topics="categorised" if number % 2 else "all-in-one",
            )
            for number, info in enumerate(exchange.accounts())
        ]
        for spec in self.specs:
            self.book.register(spec)
        self.fleet = Fleet(
            lambda spec: open_bybit(
                VENUE, spec.endpoints, RateBudget(MANIFEST, clock, share_of_limit=1.0), clock, http
            ),
            self.hear,
            clock,
            SETTINGS,
            on_quarantine=self.quarantined.append,
            needs_second_look=self.book.needs_second_look,
        )

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self.book.apply(event)

    def is_true(self) -> bool:
        return self.difference() is None

    def difference(self) -> str | None:
        """Return the first difference between book and truth, None if there is none."""
        picture = self.book.freeze()
        for info in self.exchange.accounts():
            truth = self.exchange.truth(info.uid)
            entry = self.book.entry(AccountId(info.name))
            if entry is None:
                return f"{info.name} is not in the book"
            theirs = {
                (row.symbol, row.position_idx): Decimal(row.size) * (1 if row.side == "Buy" else -1)
                for row in truth.positions
                if Decimal(row.size)
            }
            sides = {"net": 0, "long": 1, "short": 2}
            ours = {
                (position.instrument.venue_symbol, sides[position.position_side]): Decimal(position.quantity)
                for position in picture.positions_of(entry.row).values()
                if Decimal(position.quantity)
            }
            if ours != theirs:
                return f"{info.name}: ours {ours}, theirs {theirs}"
        return None


async def until(condition: Callable[[], bool], seconds: float, say: Callable[[], object]) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # the truth lives in the exchange, which rings no bell
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"not within {seconds} s: {say()}")


@pytest.fixture
def faults() -> Faults:
    return Faults(
        parse_faults("drop=0.05,duplicate=0.1,reorder=0.05,malformed=0.01,disconnect=3s,half_open=8s"), SEED
    )


@pytest.fixture
async def desk(faults: Faults) -> AsyncIterator[Desk]:
    faults.stop()
    clock = SystemClock()
    exchange = Exchange(SEED, clock, n_accounts=8, activity_per_s=5.0, tick_s=0.2)
    async with BybitSimServer(exchange, faults) as server, aiohttp.ClientSession() as http:
        desk = Desk(server, exchange, http)
        yield desk
        await desk.fleet.stop()


async def test_every_account_streams_and_the_book_holds_the_truth(desk: Desk) -> None:
    await desk.fleet.start(desk.specs)
    await until(lambda: desk.fleet.progress().n_streaming == 8, 40, desk.fleet.statuses)
    await until(desk.is_true, 40, desk.difference)
    assert {status.connectivity.link_state for status in desk.fleet.statuses()} == {LinkState.STREAMING}
    held = {
        position.instrument.venue_symbol
        for info in desk.exchange.accounts()
        for entry in [desk.book.entry(AccountId(info.name))]
        if entry is not None
        for position in desk.book.freeze().positions_of(entry.row).values()
    }

    def marked() -> set[str]:
        return {
            mark.instrument.venue_symbol
            for event in desk.events
            if isinstance(event, MarksUpdate)
            for mark in event.marks
            if mark.mark_price is not None
        }

    await until(lambda: held <= marked(), 40, lambda: held - marked())
    assert held
    assert not desk.quarantined


async def test_the_book_equals_the_truth_after_seconds_of_faults(desk: Desk, faults: Faults) -> None:
    await desk.fleet.start(desk.specs)
    await until(lambda: desk.fleet.progress().n_heard == 8, 40, desk.fleet.statuses)
    faults.start()
    for _ in range(40):
        desk.exchange.step(0.2)
        await asyncio.sleep(0.2)
    faults.stop()
    assert sum(status.n_connects for status in desk.fleet.statuses()) > 8
    assert any(isinstance(event, PositionsUpdate) for event in desk.events)
    await until(
        lambda: desk.fleet.progress().n_streaming == 8 and desk.is_true(),
        20,
        lambda: (desk.difference(), SEED),
    )


async def test_a_fill_during_a_gap_is_told_afterwards(desk: Desk) -> None:
    await desk.fleet.start(desk.specs)
    await until(lambda: desk.fleet.progress().n_streaming == 8, 40, desk.fleet.statuses)
    info = desk.exchange.accounts()[1]
    account_id = AccountId(info.name)
    await asyncio.sleep(0.5)
    desk.exchange.step(0.2)
    await asyncio.sleep(0.3)
    desk.server.cut_account(info.uid)
    desk.exchange.open_position(info.uid, "ETHUSDT", Decimal("0.5"))

    def backfilled() -> set[str]:
        return {
            fill.instrument.venue_symbol
            for event in desk.events
            if isinstance(event, FillsUpdate) and event.account_id == account_id and event.is_backfill
            for fill in event.fills
        }

    await until(lambda: "ETHUSDT" in backfilled(), 40, lambda: desk.fleet.statuses()[1])
    ids = [
        fill.fill_id
        for event in desk.events
        if isinstance(event, FillsUpdate) and event.account_id == account_id
        for fill in event.fills
    ]
    assert len(ids) == len(set(ids))


async def test_accounts_come_and_go_without_disturbing_the_others(desk: Desk) -> None:
    first, rest = desk.specs[:3], desk.specs[3:5]
    await desk.fleet.start(first)
    await until(lambda: desk.fleet.progress().n_streaming == 3, 40, desk.fleet.statuses)
    before = {status.account_id: status.n_connects for status in desk.fleet.statuses()}
    await desk.fleet.apply([first[0], first[2], *rest])
    await until(lambda: desk.fleet.progress().n_streaming == 4, 40, desk.fleet.statuses)
    after = {status.account_id: status.n_connects for status in desk.fleet.statuses()}
    for spec in (first[0], first[2]):
        assert after[spec.account_id] == before[spec.account_id] == 1
    assert first[1].account_id not in after
    assert not desk.server.private.of_account(desk.exchange.accounts()[1].uid)

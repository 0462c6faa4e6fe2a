"""Slow facts: contracts replace guesses silently, tiers are cached and paced, announcements are told once."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace

import aiohttp
import pytest

from marginwatch.clock import SystemClock
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.bybit import bybit_port
from marginwatch.collect.contract_lookup import ContractLookup
from marginwatch.collect.facts import SINGLY_MAX, VenueFacts
from marginwatch.collect.fleet import Fleet
from marginwatch.collect.pace import HURRIED_CALLS
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.price_wishes import PriceWishes
from marginwatch.collect.settings import CollectSettings
from marginwatch.errors import ConnectivityError, MarginwatchError
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.events import CollateralTiersUpdate, FactUnread, InstrumentsUpdate, TiersUpdate
from marginwatch.model.instrument import Instrument, MarginTier
from marginwatch.model.position import Position
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import CollateralTier, Maintenance
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.venues.bybit.adapter import BybitVenue
from marginwatch.venues.bybit.contract_names import infer_instrument
from marginwatch.venues.bybit.manifest import MANIFEST

BEGIN_NS = 1_790_000_000_000_000_000


class ScriptedFacts:
    """A venue's slow facts from a script, with the moments at which they were asked for."""

    def __init__(self, desk) -> None:
        self.desk = desk
        self.listed: list[Instrument] = []
        self.announced: tuple[Maintenance, ...] = ()
        self.error: MarginwatchError | None = None
        self.asked: list[tuple[float, str]] = []

    def _ask(self, what: str) -> None:
        self.asked.append((self.desk.clock.monotonic_s(), what))
        if self.error is not None:
            raise self.error

    def times(self, what: str) -> list[float]:
        return [at_s for at_s, asked in self.asked if asked == what]

    async def load_instruments(self) -> Sequence[Instrument]:
        self._ask("contracts")
        self.desk.venue.catalog.learn(self.listed)
        return self.listed

    def take_replaced(self) -> tuple[Instrument, ...]:
        return self.desk.venue.catalog.take_replaced()

    async def fetch_tiers(self, category, instruments=None) -> tuple[MarginTier, ...]:
        self._ask(category if instruments is None else instruments[0].venue_symbol)
        return tuple(
            MarginTier(
                instrument_id=one.instrument_id,
                venue_symbol=one.venue_symbol,
                tier=1,
                limit="1000",
                initial_margin_rate="0.1",
                maintenance_margin_rate="0.05",
            )
            for one in (self.listed if instruments is None else instruments)
        )

    async def fetch_collateral_tiers(self) -> tuple[CollateralTier, ...]:
        self._ask("collateral")
        return (CollateralTier(asset="BTC", quantity_from="0", quantity_to=None, collateral_rate="0.9"),)

    async def fetch_system_status(self) -> tuple[Maintenance, ...]:
        self._ask("status")
        return self.announced


def listed(symbol: str) -> Instrument:
    guess = infer_instrument("bybit", "linear", symbol)
    return Instrument(
        **{name: getattr(guess, name) for name in guess.__struct_fields__} | {"is_inferred": False}
    )


@pytest.fixture
async def bench(desk):
    """Facts asked by hand on manual time; the desk has no fleet, whose every second would have to be lived through."""
    facts = ScriptedFacts(desk)
    port = replace(
        VenuePort(
            venue="bybit",
            endpoints=Endpoints(rest="http://127.0.0.1:1", private="ws://stream.test", public={}),
            rest=desk.venue,
            stream=None,  # type: ignore[arg-type]  # facts speak to no stream
            connect_limit=desk.connect_limit,
            calls_per_sweep=5,
            seconds_per_call=lambda: 0.1,
            judge_key=lambda *_: None,  # type: ignore[arg-type, return-value]  # and judge no key
        ),
        facts=facts,
        tiered_categories=("linear", "inverse"),
    )

    class NoDialect:
        def conversion_instruments(self) -> tuple[Instrument, ...]:
            return ()

    services = desk.services()
    wishes = PriceWishes(NoDialect())  # type: ignore[arg-type]
    lookup = ContractLookup(port, services.sink, services.on_notice)

    class Bench:
        pass

    made = Bench()
    made.desk, made.facts, made.wishes, made.lookup = desk, facts, wishes, lookup
    made.job = VenueFacts(port, facts, lookup, wishes, services)
    return made


def hold(bench, *symbols: str) -> None:
    bench.wishes.note_positions(
        Position(
            instrument=bench.desk.venue.catalog.resolve("linear", symbol),
            position_side="net",
            quantity="1",
        )
        for symbol in symbols
    )


async def run_once(bench, seconds: float = 60.0) -> None:
    task = asyncio.create_task(bench.job.run_once())
    await bench.desk.clock.advance(seconds)
    await task


async def test_guesses_made_before_the_list_came_are_replaced_without_a_word(bench) -> None:
    bench.desk.venue.catalog.resolve("linear", "AAAUSDT")
    bench.facts.listed = [listed("AAAUSDT"), listed("BBBUSDT")]
    assert await bench.lookup.run_once() == ()
    assert not bench.lookup.is_ready
    await run_once(bench)
    (update,) = bench.desk.of(InstrumentsUpdate)
    assert [one.venue_symbol for one in update.instruments] == ["AAAUSDT"]
    assert await bench.lookup.run_once() == ()
    assert bench.desk.notices == []


async def test_a_contract_that_the_list_lacks_is_told_once_when_it_is_loaded(bench) -> None:
    bench.desk.venue.catalog.resolve("linear", "NEWUSDT")
    bench.desk.venue.contracts["NEWUSDT"] = listed("NEWUSDT")
    await run_once(bench)
    for _ in range(3):
        await bench.lookup.run_once()
    (notice,) = bench.desk.notices
    assert (notice.kind, "NEWUSDT" in notice.message) == ("unknown_contract", True)
    assert "has been loaded" in notice.message


async def test_a_contract_that_nobody_knows_is_told_once_as_a_guess(bench) -> None:
    bench.desk.venue.catalog.resolve("linear", "GONEUSDT")
    await run_once(bench)
    for _ in range(9):
        await bench.lookup.run_once()
    (notice,) = bench.desk.notices
    assert "GONEUSDT" in notice.message
    assert "what its symbol says is used" in notice.message


async def test_without_the_list_contracts_are_looked_up_singly_and_the_list_is_tried_again(bench) -> None:
    bench.facts.error = ConnectivityError("away")
    await run_once(bench)
    assert bench.lookup.is_ready
    bench.facts.error = None
    await run_once(bench)
    await run_once(bench)
    assert len(bench.facts.times("contracts")) == 2


async def test_tiers_of_what_is_held_are_asked_once_in_hours_with_pauses_but_for_the_first(bench) -> None:
    symbols = [f"A{number:02}USDT" for number in range(HURRIED_CALLS + 4)]
    hold(bench, *symbols)
    assert not bench.job.is_complete()
    await run_once(bench)
    await run_once(bench)
    asked = [at_s for symbol in symbols for at_s in bench.facts.times(symbol)]
    assert len(asked) == len(symbols)
    pauses = [round(later - sooner, 3) for sooner, later in itertools.pairwise(asked)]
    # One call takes 0.1 s of the plan, so at a tenth of it the next one may come 0.9 s later.
    assert pauses == [0.0] * HURRIED_CALLS + [0.9] * 3
    told = [tier.venue_symbol for update in bench.desk.of(TiersUpdate) for tier in update.tiers]
    assert told == symbols
    assert bench.job.is_complete()
    await bench.desk.clock.advance(6 * 3600)
    await run_once(bench)
    assert len(bench.facts.times(symbols[0])) == 2


async def test_collateral_tiers_are_asked_first_and_every_few_hours(bench) -> None:
    await run_once(bench)
    await run_once(bench)
    assert next(what for _, what in bench.facts.asked) == "collateral"
    assert len(bench.facts.times("collateral")) == 1
    (update,) = bench.desk.of(CollateralTiersUpdate)
    assert (update.venue, [tier.asset for tier in update.tiers]) == ("bybit", ["BTC"])
    await bench.desk.clock.advance(6 * 3600)
    await run_once(bench)
    assert len(bench.facts.times("collateral")) == 2


async def test_what_could_not_be_read_is_told_to_the_book_with_its_reason(bench) -> None:
    hold(bench, "AAAUSDT")
    bench.facts.error = ConnectivityError("away")
    await run_once(bench, 1.0)
    unread = {(one.kind, one.reason) for one in bench.desk.of(FactUnread)}
    assert unread == {("collateral_tiers", "away"), ("margin_tiers", "away")}
    assert bench.desk.of(CollateralTiersUpdate) == []
    bench.facts.error = None
    await bench.desk.clock.advance(60)
    await run_once(bench)
    assert len(bench.desk.of(CollateralTiersUpdate)) == 1


async def test_many_contracts_are_asked_for_as_a_whole_category(bench) -> None:
    hold(bench, *(f"A{number}USDT" for number in range(SINGLY_MAX + 1)))
    await run_once(bench)
    await run_once(bench)
    assert len(bench.facts.times("linear")) == 1
    assert bench.facts.times("A1USDT") == []


async def test_an_option_has_no_tiers(bench) -> None:
    option = infer_instrument("bybit", "option", "BTC-25DEC26-100000-C")
    bench.wishes.note_positions([Position(instrument=option, position_side="net", quantity="1")])
    await run_once(bench)
    assert bench.desk.of(TiersUpdate) == []


async def test_tiers_that_failed_are_asked_again_after_a_minute(bench) -> None:
    hold(bench, "AAAUSDT")
    bench.facts.error = ConnectivityError("away")
    await run_once(bench, 1.0)
    bench.facts.error = None
    await run_once(bench, 1.0)
    assert bench.desk.of(TiersUpdate) == []
    await bench.desk.clock.advance(60)
    await run_once(bench)
    assert len(bench.desk.of(TiersUpdate)) == 1


async def test_an_announcement_is_told_once_and_again_when_it_is_moved(bench) -> None:
    def announced(**changes) -> Maintenance:
        fields = {"maintenance_id": "7", "title": "Upgrade", "state": "scheduled", "begins_at_ns": BEGIN_NS}
        return Maintenance(**(fields | changes))

    bench.facts.announced = (announced(), announced(maintenance_id="6", state="completed"))
    for _ in range(3):
        await run_once(bench, 400.0)
    (notice,) = bench.desk.notices
    assert (notice.kind, notice.account_id) == ("maintenance_announced", None)
    assert "2026-09-21 14:13 to ? UTC (scheduled): Upgrade" in notice.message
    bench.facts.announced = (announced(state="ongoing"),)
    await run_once(bench, 400.0)
    assert len(bench.desk.notices) == 1
    bench.facts.announced = (announced(ends_at_ns=BEGIN_NS + 3_600_000_000_000),)
    await run_once(bench, 400.0)
    assert "to 2026-09-21 15:13 UTC" in bench.desk.notices[-1].message
    assert len(bench.facts.times("status")) == 5


async def test_a_running_fleet_knows_every_contract_and_its_tiers_and_calls_none_unknown() -> None:
    clock, events, notices = SystemClock(), [], []
    exchange = Exchange(2, clock, n_accounts=4)
    async with BybitSimServer(exchange) as server, aiohttp.ClientSession() as http:
        urls = server.urls
        endpoints = Endpoints(rest=urls.rest, private=urls.private, public=urls.public)
        budget = RateBudget(MANIFEST, clock, share_of_limit=1.0)
        fleet = Fleet(
            lambda spec: bybit_port(
                BybitVenue(spec.venue, endpoints, budget, clock, http), endpoints, budget
            ),
            events.append,
            clock,
            CollectSettings(),
            on_notice=notices.append,
        )
        specs = [
            AccountSpec(
                account_id=one.name,
                exchange="bybit",
                venue="bybit@sim",
                endpoints=endpoints,
                api_key=Secret(one.key.api_key),
                api_secret=Secret(one.key.api_secret),
            )
            for one in exchange.accounts()
        ]
        await fleet.start(specs)
        held: set[str] = set()
        tiered: set[str] = set()
        for _ in range(200):
            await asyncio.sleep(0.05)
            held = {
                row.instrument.instrument_id
                for event in events
                if isinstance(event, AccountSnapshot)
                for row in event.positions
            }
            tiered = {
                tier.instrument_id
                for event in events
                if isinstance(event, TiersUpdate)
                for tier in event.tiers
            }
            if fleet.progress().n_heard == 4 and held and held <= tiered:
                break
        await fleet.stop()
        budget.close()
    assert held
    assert held <= tiered
    assert [notice for notice in notices if notice.kind == "unknown_contract"] == []

"""Price history: fetched once, kept, topped up when an interval ends, and nothing asked for twice."""

import asyncio
from types import SimpleNamespace

import aiohttp
import pytest

from marginwatch.clock import ManualClock, SystemClock
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.bybit import bybit_port
from marginwatch.collect.price_history import DAY_S, GRACE_S, HOUR_S, ROWS_MAX, PriceHistory
from marginwatch.collect.price_wishes import PriceWishes
from marginwatch.errors import ConnectivityError, RejectedError
from marginwatch.model.account import Endpoints
from marginwatch.model.balance import Balance
from marginwatch.model.position import Position
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.store import Store
from marginwatch.store.price_closes import PriceCloses
from marginwatch.venues.bybit.adapter import BybitVenue
from marginwatch.venues.bybit.contract_names import infer_instrument
from marginwatch.venues.bybit.manifest import MANIFEST


class Kept:
    """A keeper in memory that counts what it is asked for."""

    def __init__(self):
        self.rows: dict[PriceSeries, dict[int, str]] = {}
        self.error = None
        self.n_adds = 0

    async def last_ends(self, venue):
        if self.error:
            raise self.error
        return {series: max(rows) for series, rows in self.rows.items() if series.venue == venue}

    async def add(self, series, closes):
        if self.error:
            raise self.error
        self.n_adds += 1
        if closes:
            self.rows.setdefault(series, {}).update({one.ended_at_s: one.close for one in closes})


class Scripted:
    """A venue with closes of everything since ``listed_s``, of which it says each call."""

    def __init__(self, clock):
        self.clock = clock
        self.asked = []
        self.error = None
        self.refused = set()
        self.listed_s = 0

    async def fetch_closes(self, category, symbol, interval_s, since_s, rows_max):
        self.asked.append((category, symbol, interval_s))
        if symbol in self.refused:
            raise RejectedError("params error: symbol invalid")
        if self.error:
            raise self.error
        now_s = self.clock.now_ns() // 1_000_000_000
        first = max(-(-since_s // interval_s), self.listed_s // interval_s)
        ends = [number * interval_s for number in range(first + 1, now_s // interval_s + 1)]
        return tuple(PriceClose(end_s, "7.5") for end_s in ends[-rows_max:])


class Dialect:
    def conversion_instruments(self):
        return (infer_instrument("bybit", "linear", "BTCUSDT"),)

    def collateral_instrument(self, asset):
        return None if asset == "USDT" else infer_instrument("bybit", "spot", f"{asset}USDT")


@pytest.fixture
def bench():
    clock = ManualClock()
    venue, kept, wishes = Scripted(clock), Kept(), PriceWishes(Dialect())
    port = SimpleNamespace(
        venue="bybit",
        rest=SimpleNamespace(venue_now_ns=clock.now_ns),
        stream=Dialect(),
        seconds_per_call=lambda: 0.1,
    )
    services = SimpleNamespace(clock=clock)

    def history():
        return PriceHistory(port, venue, kept, wishes, services)

    return SimpleNamespace(clock=clock, venue=venue, kept=kept, wishes=wishes, make=history, job=history())


def hold(bench, *contracts):
    bench.wishes.note_positions(
        Position(instrument=infer_instrument("bybit", *one), position_side="net", quantity="1")
        for one in contracts
    )


async def all_due(bench):
    calls = 0
    while await bench.job.run_once():
        calls += 1
        assert calls < 50
    return calls


async def test_days_come_before_hours_and_the_benchmark_first(bench):
    hold(bench, ("linear", "ETHUSDT"), ("linear", "AVAXUSDT"))
    assert not bench.job.is_complete()
    await all_due(bench)
    assert [(symbol, interval) for _, symbol, interval in bench.venue.asked] == [
        ("BTCUSDT", DAY_S),
        ("AVAXUSDT", DAY_S),
        ("ETHUSDT", DAY_S),
        ("BTCUSDT", HOUR_S),
        ("AVAXUSDT", HOUR_S),
        ("ETHUSDT", HOUR_S),
    ]
    assert bench.job.is_complete()
    assert bench.job.version == 6
    assert {len(rows) for rows in bench.kept.rows.values()} == {ROWS_MAX - 1}


async def test_an_hour_later_each_coin_costs_one_call_and_brings_one_close(bench):
    hold(bench, ("linear", "ETHUSDT"))
    await all_due(bench)
    assert await all_due(bench) == 0
    now_s = bench.clock.now_ns() // 1_000_000_000
    await bench.clock.advance(HOUR_S - now_s % HOUR_S + GRACE_S)
    bench.venue.asked.clear()
    await all_due(bench)
    hourly = [(symbol, interval) for _, symbol, interval in bench.venue.asked if interval == HOUR_S]
    assert hourly == [("BTCUSDT", HOUR_S), ("ETHUSDT", HOUR_S)]
    rows = next(
        rows
        for series, rows in bench.kept.rows.items()
        if series.symbol == "ETHUSDT" and series.interval_s == HOUR_S
    )
    assert len(rows) == ROWS_MAX
    assert max(rows) == (bench.clock.now_ns() // 1_000_000_000) // HOUR_S * HOUR_S


async def test_a_restart_asks_only_for_what_was_missed(bench):
    hold(bench, ("linear", "ETHUSDT"))
    await all_due(bench)
    before = {series: set(rows) for series, rows in bench.kept.rows.items()}
    bench.job = bench.make()
    assert await all_due(bench) == 0
    await bench.clock.advance(5 * HOUR_S)
    bench.job = bench.make()
    await all_due(bench)
    for series, rows in bench.kept.rows.items():
        if series.interval_s == HOUR_S:
            assert len(set(rows) - before[series]) == 5


async def test_after_a_very_long_pause_the_newest_thousand_are_taken(bench):
    await bench.clock.advance(1)
    hold(bench, ("linear", "ETHUSDT"))
    await all_due(bench)
    await bench.clock.advance(3_000 * HOUR_S)
    bench.job = bench.make()
    # The wishes of so long ago are renewed by the first snapshot.
    hold(bench, ("linear", "ETHUSDT"))
    await all_due(bench)
    hourly = next(
        rows
        for series, rows in bench.kept.rows.items()
        if series.symbol == "ETHUSDT" and series.interval_s == HOUR_S
    )
    newest = sorted(hourly)[-(ROWS_MAX - 1) :]
    assert newest[-1] - newest[0] == (ROWS_MAX - 2) * HOUR_S


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ([("linear", "SOLUSDT"), ("spot", "SOLUSDT"), ("inverse", "SOLUSD")], ("linear", "SOLUSDT")),
        ([("inverse", "SOLUSD"), ("spot", "SOLUSDT")], ("inverse", "SOLUSD")),
        ([("linear", "SOLPERP"), ("linear", "SOLUSDT")], ("linear", "SOLUSDT")),
        ([("option", "SOL-25DEC26-200-C-USDT")], ("spot", "SOLUSDT")),
        ([("linear", "SOLUSDT-25DEC26")], ("spot", "SOLUSDT")),
    ],
)
async def test_each_coin_has_one_history_of_its_most_traded_contract(bench, held, asked):
    hold(bench, *held)
    await all_due(bench)
    assert {(category, symbol) for category, symbol, _ in bench.venue.asked if symbol != "BTCUSDT"} == {asked}


async def test_a_coin_in_a_wallet_has_a_history_too_and_keeps_its_series_when_a_contract_is_bought(bench):
    bench.wishes.note_balances([Balance(asset="SOL", wallet_balance="3")])
    await all_due(bench)
    hold(bench, ("linear", "SOLUSDT"))
    await bench.clock.advance(2 * HOUR_S)
    await all_due(bench)
    assert {category for category, symbol, _ in bench.venue.asked if symbol == "SOLUSDT"} == {"spot"}


async def test_a_failure_is_tried_again_after_a_minute_and_costs_nothing_else(bench):
    hold(bench, ("linear", "ETHUSDT"))
    bench.venue.error = ConnectivityError("away")
    await all_due(bench)
    assert bench.kept.rows == {}
    bench.venue.error = None
    assert await all_due(bench) == 0
    await bench.clock.advance(61)
    assert await all_due(bench) == 4


async def test_a_refused_contract_is_left_alone_for_hours_and_the_others_go_on(bench):
    hold(bench, ("linear", "GONEUSDT"), ("linear", "ETHUSDT"))
    bench.venue.refused = {"GONEUSDT"}
    await all_due(bench)
    bench.venue.asked.clear()
    await bench.clock.advance(3 * HOUR_S)
    await all_due(bench)
    assert "GONEUSDT" not in {symbol for _, symbol, _ in bench.venue.asked}
    assert "ETHUSDT" in {symbol for _, symbol, _ in bench.venue.asked}
    await bench.clock.advance(4 * HOUR_S)
    await all_due(bench)
    assert "GONEUSDT" in {symbol for _, symbol, _ in bench.venue.asked}


async def test_what_cannot_be_kept_is_not_taken_for_kept(bench):
    hold(bench, ("linear", "ETHUSDT"))
    bench.kept.error = ConnectivityError("disk full", reason="store")
    assert not await bench.job.run_once()
    bench.kept.error = None
    assert await bench.job.run_once()
    bench.kept.error = ConnectivityError("disk full", reason="store")
    await all_due(bench)
    bench.kept.error = None
    await bench.clock.advance(61)
    assert await all_due(bench) == 3


async def test_a_young_coin_has_what_there_is(bench):
    bench.venue.listed_s = bench.clock.now_ns() // 1_000_000_000 - 10 * DAY_S
    hold(bench, ("linear", "NEWUSDT"))
    await all_due(bench)
    rows = {
        series.interval_s: len(rows) for series, rows in bench.kept.rows.items() if series.symbol == "NEWUSDT"
    }
    assert rows[DAY_S] in (9, 10)
    assert bench.job.is_complete()


async def test_from_the_simulated_exchange_into_the_store_and_again_after_a_restart(tmp_path):
    clock = SystemClock()
    exchange = Exchange(5, clock, n_accounts=1)
    async with BybitSimServer(exchange) as server, aiohttp.ClientSession() as http:
        urls = server.urls
        endpoints = Endpoints(rest=urls.rest, private=urls.private, public=urls.public)
        budget = RateBudget(MANIFEST, clock, share_of_limit=1.0)
        venue = BybitVenue("bybit", endpoints, budget, clock, http)
        port = bybit_port(venue, endpoints, budget)
        wishes = PriceWishes(port.stream)
        for symbol in ("ETHUSDT", "1000PEPEUSDT", "OPUSDT"):
            contract = infer_instrument("bybit", "linear", symbol)
            wishes.note_positions([Position(instrument=contract, position_side="net", quantity="1")])
        store = await Store.open(tmp_path / "x.sqlite")
        services = SimpleNamespace(clock=clock)
        job = PriceHistory(port, port.closes, PriceCloses(store), wishes, services)
        async with asyncio.timeout(30):
            while await job.run_once():
                pass
        assert job.is_complete()
        daily = {series.coin: closes for series, closes in (await PriceCloses(store).closes(DAY_S)).items()}
        assert set(daily) == {"BTC", "ETH", "PEPE", "OP"}
        assert len(daily["BTC"]) >= ROWS_MAX - 2
        assert 190 < len(daily["OP"]) < 205
        n_calls = budget.state().calls
        await store.close()
        again = await Store.open(tmp_path / "x.sqlite")
        job = PriceHistory(port, port.closes, PriceCloses(again), wishes, services)
        while await job.run_once():
            pass
        assert budget.state().calls == n_calls
        # The newest close lies near the present price: the past leads there.
        ticker = float(exchange.tickers("linear", "BTCUSDT")[0].last_price)
        assert float(daily["BTC"][-1].close) == pytest.approx(ticker, rel=0.15)
        await again.close()

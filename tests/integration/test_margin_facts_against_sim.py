"""Everything that margins need, from the simulated exchange over real sockets into the book's columns."""

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import aiohttp
import numpy as np
import pytest

from marginwatch.book.fees import FeeSource
from marginwatch.book.position_book import PositionBook
from marginwatch.clock import SystemClock
from marginwatch.collect import sweeps
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.bybit import open_bybit
from marginwatch.collect.fleet import Fleet
from marginwatch.collect.settings import CollectSettings
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.coins import collateral_ratio
from marginwatch.sim.exchange import Exchange
from marginwatch.venues.bybit.manifest import MANIFEST

SEED = 20_261_122
VENUE = VenueId("bybit@sim")
N_ACCOUNTS = 6


class Desk:
    """A fleet and its book, and the exchange they watch; the market stands still."""

    def __init__(self, server: BybitSimServer, exchange: Exchange, http: aiohttp.ClientSession) -> None:
        self.exchange = exchange
        self.notices: list[Notice] = []
        clock = SystemClock()
        self.book = PositionBook(clock, settle_s=0.2)
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
                owner="one" if number % 2 else None,
            )
            for number, info in enumerate(exchange.accounts())
        ]
        for spec in self.specs:
            self.book.register(spec)
        budget = RateBudget(MANIFEST, clock, share_of_limit=1.0)
        self.fleet = Fleet(
            lambda spec: open_bybit(VENUE, spec.endpoints, budget, clock, http),
            self.book.apply,
            clock,
            CollectSettings(share_of_limit=1.0, reconcile_s=1.0, second_look_s=0.3),
            needs_second_look=self.book.needs_second_look,
            on_notice=self.notices.append,
        )

    def legs(self):
        """Yield account, position and the row of each open position, with facts up to date."""
        self.book.columns.facts.sync()
        for info in self.exchange.accounts():
            entry = self.book.entry(AccountId(info.name))
            assert entry is not None
            for row in entry.rows.values():
                position = self.book.columns.positions.positions[row]
                assert position is not None
                yield info, position, row

    def orders_differ(self) -> str | None:
        """Return the first contract whose orders count otherwise for the tier than the exchange's own engine says."""
        legs = self.book.columns.facts.legs
        for info, position, row in self.legs():
            symbol = position.instrument.venue_symbol
            margins = self.exchange._account(info.uid).order_margins
            theirs = (
                margins[symbol].value
                if symbol in margins and position.instrument.category != "option"
                else 0.0
            )
            if position.instrument.category != "option" and legs.order_value[row] != pytest.approx(
                theirs, rel=1e-12
            ):
                return f"{info.name} {symbol}: ours {legs.order_value[row]}, theirs {theirs}"
        return None


async def until(condition: Callable[[], bool], seconds: float, say: Callable[[], object]) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # the truth lives in the exchange, which rings no bell
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"not within {seconds} s: {say()}")


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(sweeps, "ORDERS_AFTER_S", 0.0)
    monkeypatch.setattr(sweeps, "ORDERS_EVERY_S", 1.0)
    exchange = Exchange(SEED, SystemClock(), n_accounts=N_ACCOUNTS, activity_per_s=0.0, tick_s=1000.0)
    async with BybitSimServer(exchange) as server, aiohttp.ClientSession() as http:
        desk = Desk(server, exchange, http)
        await desk.fleet.start(desk.specs)
        await until(lambda: desk.fleet.progress().n_streaming == N_ACCOUNTS, 40, desk.fleet.statuses)
        await until(desk.fleet.are_facts_read, 40, lambda: "facts")
        yield desk
        await desk.fleet.stop()


async def test_columns_hold_what_the_exchange_states(desk: Desk) -> None:
    columns, exchange = desk.book.columns, desk.exchange
    facts, contracts = columns.facts, columns.instruments
    seen = 0
    for info, position, row in desk.legs():
        symbol, contract = position.instrument.venue_symbol, columns.positions.instrument[row]
        (fee,) = {
            float(one.taker)
            for one in exchange.fee_rates(info.uid, position.instrument.category)
            if position.instrument.category == "option" or one.symbol == symbol
        }
        assert facts.legs.taker_fee[row] == fee
        assert facts.legs.fee_source[row] == FeeSource.OWN
        truth = next(
            one
            for one in exchange.positions(info.uid, position.instrument.category, symbol=symbol)
            if one.size
        )
        if truth.leverage is None:
            assert np.isnan(facts.legs.leverage_setting[row])
        else:
            assert facts.legs.leverage_setting[row] == float(truth.leverage)
        if position.instrument.category in ("linear", "inverse"):
            rows = exchange.risk_limits(position.instrument.category, symbol)
            n = contracts.risk_limits.n_steps[contract]
            assert n == len(rows)
            limits = contracts.risk_limits.array("limit")[contract][:n]
            deductions = contracts.risk_limits.array("maintenance_deduction")[contract][:n]
            assert list(limits) == [float(one.limit) for one in rows]
            assert list(deductions) == pytest.approx([float(one.deduction or 0) for one in rows], rel=1e-9)
            seen += 1
        else:
            assert contracts.strike_price[contract] == float(position.instrument.strike_price or "nan")
            assert contracts.expiry_ns[contract] > 0
    assert seen > 3


async def test_coins_count_as_the_exchange_counts_them(desk: Desk) -> None:
    columns = desk.book.columns
    columns.facts.sync()
    facts, assets = columns.facts, columns.assets
    bands = facts.collateral
    for coin in ("BTC", "ETH", "SOL", "USDT", "DOGE"):
        row = assets.row(VENUE, coin)
        columns.facts.sync()
        for quantity in (0.5, 60.0, 700.0, 30_000.0):
            low = np.minimum(quantity, bands.array("quantity_from")[row])
            high = np.minimum(quantity, bands.array("quantity_to")[row])
            counted = ((high - low) * bands.array("collateral_rate")[row]).sum()
            assert counted == pytest.approx(quantity * collateral_ratio(coin, quantity), rel=1e-12)
    btc = assets.row(VENUE, "BTC")
    expected = [
        (float(one.limit), float(one.maintenance_margin_rate)) for one in desk.exchange.borrow_tiers("BTC")
    ]
    n = facts.borrow.n_steps[btc]
    ours = zip(
        facts.borrow.array("limit")[btc][:n],
        facts.borrow.array("maintenance_margin_rate")[btc][:n],
        strict=True,
    )
    assert list(ours) == expected
    for info in desk.exchange.accounts():
        entry = desk.book.entry(AccountId(info.name))
        assert entry is not None
        for held in desk.exchange.wallet(info.uid).coins:
            if held.wallet_balance:
                row = entry.coins[held.coin]
                assert facts.coins.wallet_balance[row] == float(held.wallet_balance)
                is_on = held.margin_collateral and held.collateral_switch
                assert facts.coins.is_collateral[row] == int(is_on)


async def test_open_orders_count_as_they_do_at_the_exchange(desk: Desk) -> None:
    exchange = desk.exchange
    await until(lambda: desk.orders_differ() is None, 40, desk.orders_differ)
    placed = []
    for info, position, _ in list(desk.legs()):
        contract = position.instrument
        if contract.category != "linear":
            continue
        (ticker,) = exchange.tickers("linear", contract.venue_symbol)
        (terms,) = exchange.instruments("linear", contract.venue_symbol)
        for factor, side in (("0.5", 1), ("1.5", -1), ("0.4", 1), ("1.6", -1)):
            price = (ticker.mark_price * Decimal(factor) // terms.tick_size) * terms.tick_size
            quantity = side * terms.min_order_qty * 3
            placed.append((info.uid, exchange.place_order(info.uid, contract.venue_symbol, quantity, price)))
    assert placed
    await until(lambda: desk.orders_differ() is None, 40, desk.orders_differ)
    held = sum(len(desk.book.entry(AccountId(info.name)).orders) for info in exchange.accounts())
    assert held >= len(placed)
    for uid, order in placed[::2]:
        exchange.cancel_order(uid, order.order_id)
    for uid, order in placed[1::4]:
        exchange.fill_order(uid, order.order_id)
    await until(lambda: desk.orders_differ() is None, 40, desk.orders_differ)
    # Snapshots that were under way bring nothing back.
    await asyncio.sleep(2.5)
    assert desk.orders_differ() is None
    assert all(desk.book.entry(AccountId(info.name)).orders.is_known for info in exchange.accounts())


async def test_depth_and_early_warnings_reach_the_book(desk: Desk) -> None:
    columns, exchange = desk.book.columns, desk.exchange
    contracts = columns.instruments
    held = {
        int(columns.positions.instrument[row])
        for _, position, row in desk.legs()
        if position.instrument.category in ("linear", "inverse")
    }
    await until(lambda: held <= columns.market.depth_ns.keys(), 40, lambda: columns.market.depth_ns)
    for row in held:
        instrument = contracts.instruments[row]
        assert instrument is not None
        theirs = exchange.order_book(instrument.category, instrument.venue_symbol, 50)
        assert theirs is not None
        n_bids, n_asks = columns.market.bids.n_steps[row], columns.market.asks.n_steps[row]
        assert (n_bids, n_asks) == (len(theirs.bids), len(theirs.asks))
        prices = columns.market.bids.array("price")[row][:n_bids]
        assert list(prices) == [float(at) for at, _ in theirs.bids]
        assert theirs.bids[0][0] < theirs.asks[0][0]
        worth = sum(size if instrument.is_inverse else at * size for at, size in theirs.asks)
        assert columns.market.asks.array("value")[row][n_asks - 1] == pytest.approx(float(worth), rel=1e-9)
    await until(lambda: len(columns.market.pools) > 0, 40, lambda: columns.market.pools)
    assert not desk.notices
    exchange.set_insurance_pool("USDT", 0)
    await until(lambda: any(one.kind == "adl_begun" for one in desk.notices), 40, lambda: desk.notices)
    await until(
        lambda: any(float(pool.balance) == 0.0 for pool in columns.market.pools.values()), 5, lambda: "pools"
    )

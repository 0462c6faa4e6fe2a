"""The simulated exchange read into a book, through its own wire rendering and our parsers, without a socket."""

import random
from decimal import Decimal
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import (
    AssetPricesUpdate,
    BorrowTiersUpdate,
    CollateralTiersUpdate,
    ConnectivityUpdate,
    FeeRatesUpdate,
    InstrumentsUpdate,
    MarksUpdate,
    TiersUpdate,
)
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.risk.margin.build import SheetBuilder
from marginwatch.risk.measures.prices import price_ages, usd_prices
from marginwatch.risk.settings import RiskSettings
from marginwatch.sim.bybit import (
    render_activity,
    render_market,
    render_options,
    render_position,
    render_wallet,
)
from marginwatch.sim.exchange import Exchange
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.account import parse_fee_rates
from marginwatch.venues.bybit.parse.haircuts import parse_borrow_tiers, parse_collateral_tiers
from marginwatch.venues.bybit.parse.instruments import parse_instruments
from marginwatch.venues.bybit.parse.orders import parse_open_orders
from marginwatch.venues.bybit.parse.positions import parse_positions
from marginwatch.venues.bybit.parse.tickers import parse_tickers
from marginwatch.venues.bybit.parse.tiers import parse_tiers
from marginwatch.venues.bybit.parse.wallet import parse_wallet

START_NS = 1_795_000_000_000_000_000
CONTRACTS = ("linear", "inverse", "option")
MODES = {"REGULAR_MARGIN": "cross", "ISOLATED_MARGIN": "isolated", "PORTFOLIO_MARGIN": "portfolio"}


def listed(rows, **more):
    return msgspec.Raw(msgspec.json.encode({"list": rows, **more}))


class Desk:
    """A simulated exchange that nobody trades on but the test, and a book of it."""

    def __init__(self, seed=7):
        self.exchange = Exchange(seed, ManualClock(START_NS), n_accounts=1, activity_per_s=0.0)
        self.builder = SheetBuilder()

    @property
    def now_ns(self):
        return self.exchange.now_ms() * 1_000_000

    def account(self, name, *, mode="REGULAR_MARGIN", is_hedge_mode=False, **coins):
        uid = self.exchange.open_account(name, is_hedge_mode=is_hedge_mode, margin_mode=mode).uid
        for coin, amount in coins.items():
            self.exchange.deposit(uid, coin, str(amount))
        return uid

    def truth(self, uid):
        """What the exchange itself makes of an account now, unrounded."""
        return self.exchange._world.measure(self.exchange._account(uid))

    def read(self, *, exact_usd=True):
        """Return a book of everything as it is on the wire; ``exact_usd`` gives it the coins' unrounded prices."""
        self.clock = ManualClock(self.now_ns)
        self.book = book = PositionBook(self.clock)
        self.catalog = InstrumentCatalog("bybit")
        exchange = self.exchange
        for category in (*CONTRACTS, "spot"):
            render = render_options.option_instrument if category == "option" else render_market.instrument
            rows = [render(row) for row in exchange.instruments(category)]
            self.catalog.learn(parse_instruments(listed(rows), self.catalog, category).rows)
        tiers = [
            tier
            for category in ("linear", "inverse")
            for tier in parse_tiers(
                listed([render_market.risk_limit(row) for row in exchange.risk_limits(category)]),
                category,
                self.catalog,
            ).rows
        ]
        self.mark()
        book.apply(TiersUpdate(tuple(tiers)))
        bands = render_market.collateral_tiers(exchange.collateral_bands())
        debts = render_market.borrow_tiers(exchange.borrow_tiers())
        book.apply(CollateralTiersUpdate("bybit", parse_collateral_tiers(listed(bands)).rows, self.now_ns))
        book.apply(BorrowTiersUpdate("bybit", parse_borrow_tiers(listed(debts)).rows, self.now_ns))
        if exact_usd:
            self.tell_usd()
        for info in exchange.accounts():
            self.take(info)
        return book

    def tell_usd(self):
        """Tell the book the coins' prices as the exchange reckons with them: on the wire they are rounded to ticks."""
        usd = self.exchange._market.usd
        prices = tuple((coin, format(Decimal(price), "f")) for coin, price in usd.items())
        self.book.apply(AssetPricesUpdate(prices, self.now_ns))

    def leg(self, uid, symbol, is_long):
        """Return the exchange's own leg, its margins measured at present prices."""
        self.truth(uid)
        legs = self.exchange._account(uid).positions.items()
        return next(
            leg for (name, _), leg in legs if name == symbol and leg.size_float * (1 if is_long else -1) > 0
        )

    def mark(self):
        for category in (*CONTRACTS, "spot"):
            render = render_options.rest_option_ticker if category == "option" else render_market.rest_ticker
            rows = [render(row) for row in self.exchange.tickers(category)]
            marks = parse_tickers(listed(rows), category, self.catalog, self.now_ns).rows
            self.book.apply(InstrumentsUpdate(tuple(mark.instrument for mark in marks)))
            self.book.apply(MarksUpdate(marks, self.now_ns))

    def take(self, info):
        exchange, book, uid = self.exchange, self.book, info.uid
        if book.entry(uid) is None:
            book.register(
                AccountSpec(
                    account_id=uid,
                    exchange="bybit",
                    venue="bybit",
                    endpoints=Endpoints(rest="", private="", public={}),
                    api_key=Secret("k"),
                    api_secret=Secret("s"),
                )
            )
        positions, orders = [], []
        for category in CONTRACTS:
            held = [render_position.rest_position(row) for row in exchange.positions(uid, category)]
            positions += parse_positions(listed(held), category, self.catalog).rows
            placed = [render_activity.rest_order(row) for row in exchange.orders(uid, category)]
            orders += parse_open_orders(listed(placed), category, self.catalog).rows
            fees = [
                {
                    "symbol": "" if category == "option" else row.symbol,
                    "baseCoin": row.base_coin if category == "option" else "",
                    "takerFeeRate": str(row.taker),
                    "makerFeeRate": str(row.maker),
                }
                for row in exchange.fee_rates(uid, category)
            ]
            rates = parse_fee_rates(listed(fees)).rows
            book.apply(FeeRatesUpdate(uid, category, rates, self.now_ns))
        wallet = exchange.wallet(uid)
        page = parse_wallet(listed([render_wallet.wallet(wallet.totals, wallet.coins)]), self.now_ns)
        mode = MODES[exchange.settings(uid).margin_mode]
        book.apply(
            AccountSnapshot(
                account_id=uid,
                positions=tuple(positions),
                balances=page.balances,
                account=msgspec.structs.replace(page.account, margin_mode=mode),
                open_orders=tuple(orders),
                as_of_ns=self.now_ns,
                ts_received_ns=self.now_ns,
            )
        )
        link = Connectivity(
            account_id=uid,
            link_state=LinkState.STREAMING,
            socket_replied_at_ns=self.now_ns,
            reconciled_at_ns=self.now_ns,
        )
        book.apply(ConnectivityUpdate(link))

    def sheet(self, calibrations=None):
        columns, settings = self.book.columns, RiskSettings()
        ages = price_ages(columns.instruments, self.now_ns, settings)
        prices = usd_prices(columns.assets, columns.instruments, ages, self.now_ns, settings)
        return self.builder.build(columns, ages, prices, self.now_ns, calibrations)


COINS = (("BTC", 300), ("ETH", 8000), ("SOL", 30_000), ("USDC", 1e6), ("DOGE", 1e6))
STABLE = ("USDT", "USDC")


def random_account(desk, pick, number, *, mode="REGULAR_MARGIN", n_options=0):
    """Open an account with everything in it that the exchange allows: coins, debts, orders, legs of all sizes."""
    exchange = desk.exchange
    uid = desk.account(
        f"guest-{number}", mode=mode, is_hedge_mode=pick.random() < 0.3, USDT=pick.choice((2e3, 5e4, 3e6))
    )
    fund(desk, pick, uid, may_owe=mode == "REGULAR_MARGIN")
    exchange.set_fees(uid, pick.choice(("0.00055", "0.0004", "0.00032")), "0.0002")
    for contract in pick.sample(list(exchange._market.contracts), pick.randint(1, 8)):
        leverage = min(float(contract.max_leverage), pick.choice((1, 2.5, 5, 10, 25, 50)))
        if mode != "PORTFOLIO_MARGIN":
            exchange.set_leverage(uid, contract.symbol, str(leverage))
        for side in pick.choice(((1,), (-1,), (1, -1))):
            trade(desk, pick, uid, contract, side, 10 ** pick.uniform(2, 7.3))
    for contract in pick.sample(list(exchange._market.options.contracts), n_options):
        size, mark = Decimal(pick.choice(("-5", "-1", "2", "10"))), exchange._market.quotes[contract.symbol]
        exchange.open_position(uid, contract.symbol, str(size), on_tick(contract, mark.mark))
    return uid


def fund(desk, pick, uid, *, may_owe):
    for coin, most in COINS:
        if pick.random() < 0.5:
            continue
        amount = pick.uniform(0.001, 1.0) ** 2 * most
        # Nobody can owe DOGE: it has no borrow tiers.
        is_debt = may_owe and coin != "DOGE" and pick.random() < 0.2
        desk.exchange.deposit(uid, coin, f"{-amount if is_debt else amount:.6f}")
        if coin not in STABLE and pick.random() < 0.2:
            desk.exchange.set_collateral(uid, coin, is_on=False)


def on_tick(contract, price):
    return str(max(contract.tick, (Decimal(str(price)) / contract.tick).to_integral_value() * contract.tick))


def trade(desk, pick, uid, contract, side, worth):
    """Open a leg worth so many USD a little off the mark, and sometimes an order; what cannot be had is left out."""
    exchange, quote = desk.exchange, desk.exchange._market.quotes[contract.symbol]
    usd = exchange._market.usd[contract.quote]
    quantity = Decimal(worth if contract.is_inverse else worth / (quote.mark * usd))
    size = min(max(1, int(quantity / contract.step)) * contract.step, contract.max_qty)
    entry = on_tick(contract, quote.mark * pick.uniform(0.9, 1.1))
    try:
        exchange.open_position(uid, contract.symbol, str(side * size), entry)
        if pick.random() < 0.3:
            price = on_tick(contract, quote.mark * (1.0 - side * 0.05))
            exchange.place_order(uid, contract.symbol, str(side * size), price)
    except ValueError:
        return


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture(scope="session")
def tools():
    return SimpleNamespace(Desk=Desk, random_account=random_account, random=random.Random, np=np)

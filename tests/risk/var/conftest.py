"""Books of several venues' kinds of contract, and their exposures."""

import pytest

from marginwatch.model.balance import Balance
from marginwatch.model.instrument import InstrumentKind
from marginwatch.model.position import Greeks
from marginwatch.risk.margin.build import build_sheet
from marginwatch.risk.measures.prices import price_ages, usd_prices
from marginwatch.risk.settings import RiskSettings


@pytest.fixture(scope="session")
def sheet_of():
    def make(world):
        columns, settings = world.book.columns, RiskSettings()
        ages = price_ages(columns.instruments, world.now, settings)
        prices = usd_prices(columns.assets, columns.instruments, ages, world.now, settings)
        return build_sheet(columns, ages, prices, world.now)

    return make


@pytest.fixture(scope="session")
def call(parts):
    """Return a BTC call, struck above the market, thirty days before its expiry."""
    start_ns = parts.World().now
    return parts.contract(
        "BTC-30D-52000-C-USDT",
        "BTC",
        "USDT",
        kind=InstrumentKind.OPTION,
        strike_price="52000",
        option_kind="call",
        expiry_ns=start_ns + 30 * 86_400 * parts.NS,
    )


@pytest.fixture(scope="session")
def priced(parts, call):
    """Return a function that makes a world with prices of everything."""

    def make():
        world = parts.World()
        world.mark(parts.BTCUSD, "50000")
        world.mark(parts.BTCUSDT, "50000")
        world.mark(parts.BTCPERP, "50000")
        world.mark(parts.ETHUSDT, "3000")
        world.mark(parts.ETHUSD, "3000")
        world.mark(
            call,
            "2622",
            "50000",
            underlying_price="50000",
            mark_volatility="0.6",
            greeks=Greeks(delta="0.2"),
        )
        return world

    return make


@pytest.fixture
def desk_world(priced, parts):
    """Return a world of five accounts on two desks: linear, inverse, hedged, empty, and a coin without a price."""
    world = priced()
    usdt = Balance(asset="USDT", wallet_balance="100000", equity="100000")
    world.account("long", parts.position(parts.BTCUSDT, 2, "49000"), coins=[usdt], desk="mm")
    world.account(
        "inverse",
        parts.position(parts.BTCUSD, -50_000, "40000"),
        coins=[Balance(asset="BTC", wallet_balance="1", equity="0.75", unrealized_pnl="-0.25")],
        desk="mm",
    )
    world.account(
        "pair",
        parts.position(parts.BTCUSDT, -1, "50000"),
        parts.position(parts.ETHUSDT, 17, "3000"),
        coins=[usdt],
        desk="arb",
    )
    world.account("empty", coins=[], desk="arb")
    unpriced = parts.contract("NEWUSDT", "NEW", "USDT")
    world.account("unpriced", parts.position(unpriced, 5, "1"), coins=[usdt], desk="arb")
    return world

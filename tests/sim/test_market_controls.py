from decimal import Decimal

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(42, ManualClock(1_795_000_000 * 10**9), activity_per_s=0.0)


def price(exchange: Exchange, symbol: str) -> float:
    return float(exchange.tickers("linear", symbol)[0].index_price)


def test_a_shock_moves_all_by_their_betas_and_what_follows_follows(exchange) -> None:
    before = {symbol: price(exchange, symbol) for symbol in ("BTCUSDT", "ETHUSDT", "BTCPERP")}
    exchange.shock(-0.3)
    assert price(exchange, "BTCUSDT") / before["BTCUSDT"] == pytest.approx(0.7, rel=1e-4)
    assert price(exchange, "BTCPERP") / before["BTCPERP"] == pytest.approx(0.7, rel=1e-4)
    assert price(exchange, "ETHUSDT") / before["ETHUSDT"] == pytest.approx(0.7**1.2, rel=1e-4)
    assert exchange.stats().liquidations > 0
    exchange.check_books()


def test_a_shock_of_one_coin_leaves_the_others_alone(exchange) -> None:
    before = {symbol: price(exchange, symbol) for symbol in ("SOLUSDT", "BTCUSDT")}
    exchange.shock(0.5, "SOL")
    assert price(exchange, "SOLUSDT") / before["SOLUSDT"] == pytest.approx(1.5, rel=1e-3)
    assert price(exchange, "BTCUSDT") == before["BTCUSDT"]


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (lambda e: e.shock(-1.0), "from -0.95 to 5"),
        (lambda e: e.shock(0.1, "DOT"), "coin must be one of BTC"),
        (lambda e: e.set_regime("doom"), "regime must be one of calm, stressed"),
        (lambda e: e.set_peg("BTC", 1.0), "coin must be one of USDT, USDC"),
        (lambda e: e.set_peg("USDT", 0.0), "from 0.01 to 10"),
        (lambda e: e.set_depth(-1.0), "from 0 to 1000"),
        (lambda e: e.set_depth(1.0, "NOPE"), "listed contract"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(exchange, do, said) -> None:
    before = price(exchange, "BTCUSDT"), exchange.market_version
    with pytest.raises(ValueError, match=said):
        do(exchange)
    assert (price(exchange, "BTCUSDT"), exchange.market_version) == before


@pytest.mark.parametrize("move", [5.0, -0.95])
def test_no_shock_takes_a_coin_beyond_what_its_contracts_can_be_quoted_at(exchange, move) -> None:
    furthest = exchange.instruments("linear", "BTCUSDT")[0]
    while furthest.min_price < price(exchange, "BTCUSDT") * (1.0 + move) < furthest.max_price:
        exchange.shock(move, "BTC")
    with pytest.raises(ValueError, match="price of BTC must stay from"):
        exchange.shock(move, "BTC")
    for row in exchange.instruments("linear"):
        mark = exchange.tickers("linear", row.symbol)[0].mark_price
        assert row.min_price <= mark <= row.max_price * Decimal("1.01")  # premium and stablecoin on top
    exchange.advance(2)
    exchange.check_books()


def test_a_regime_without_end_stops_at_the_bounds(exchange) -> None:
    exchange.set_regime("crash")
    exchange.advance(60)
    for _ in range(40):
        exchange.step(60.0)
    ticks = exchange.instruments("linear", "BTCUSDT")[0].tick_size
    assert exchange.tickers("linear", "BTCUSDT")[0].mark_price <= 20 * ticks
    exchange.check_books()

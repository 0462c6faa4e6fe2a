import math
from decimal import Decimal

import pytest

from marginwatch.sim.market import Market

START_MS = 1_795_000_000_000


def walk(market: Market, n_steps: int, step_ms: int = 500) -> None:
    for _ in range(n_steps):
        market.step(market.now_ms + step_ms)


def test_same_seed_same_prices() -> None:
    one, two, other = (Market(seed, "crash", START_MS) for seed in (3, 3, 4))
    for market in (one, two, other):
        walk(market, 50)
    marks = [[quote.mark_exact for quote in market.quotes.values()] for market in (one, two, other)]
    assert marks[0] == marks[1]
    assert marks[0] != marks[2]


def test_a_crash_takes_all_coins_down_together() -> None:
    market = Market(1, "crash", START_MS)
    before = dict(market.usd)
    walk(market, 60)
    assert all(market.usd[coin] < 0.95 * before[coin] for coin in ("BTC", "ETH", "SOL", "XRP", "DOGE"))
    assert market.usd["USDT"] != 1.0


def test_a_depeg_moves_the_stablecoin() -> None:
    market = Market(1, "depeg", START_MS)
    walk(market, 240)
    assert market.usd["USDT"] < 0.95
    assert market.usd["USDC"] > 0.99


def test_a_thousand_coins_are_quoted_at_once() -> None:
    market = Market(1, "calm", START_MS)
    expected = market.usd["PEPE"] * 1000 / market.usd["USDT"]
    assert market.quotes["1000PEPEUSDT"].mark == pytest.approx(expected, rel=1e-3)


def test_a_price_can_be_set_to_the_tick_and_takes_its_coin_along() -> None:
    market = Market(1, "calm", START_MS)
    eth = market.quotes["ETHUSDT"].mark_exact
    market.set_mark("BTCUSD", Decimal("70000.5"))
    assert market.quotes["BTCUSD"].mark_exact == Decimal("70000.5")
    assert market.quotes["BTCUSDT"].mark == pytest.approx(70_000.5 / market.usd["USDT"], rel=1e-3)
    assert market.quotes["ETHUSDT"].mark_exact == eth
    with pytest.raises(ValueError, match=r"multiple of 0\.50"):
        market.set_mark("BTCUSD", Decimal("70000.3"))
    with pytest.raises(ValueError, match="positive"):
        market.set_mark("BTCUSD", Decimal(0))


def test_travel_bounds_every_move() -> None:
    market = Market(5, "crash", START_MS)
    futures = {one.symbol: market.quotes[one.symbol] for one in market.contracts}
    before = {symbol: quote.mark for symbol, quote in futures.items()}
    walk(market, 40)
    moves = [abs(math.log(quote.mark / before[symbol])) for symbol, quote in futures.items()]
    assert max(moves) <= market.travel


def test_only_perpetuals_have_funding_and_it_is_capped() -> None:
    market = Market(1, "calm", START_MS)
    market.quotes["BTCUSDT"].premium = -1.0
    rates = {contract.symbol: market.funding_rate(contract) for contract in market.contracts}
    assert rates["BTCUSDT"] == Decimal("-0.005")
    assert rates["BTCUSDH27"] is None
    assert rates["BTCUSDT-26MAR27"] is None
    ticker = market.ticker(market.quotes["BTCUSDH27"].contract, START_MS, 28_800.0)
    assert (ticker.funding_rate, ticker.next_funding_ms) == (None, None)

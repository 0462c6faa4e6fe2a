import math
import random
import statistics

import pytest

from marginwatch.sim.coins import COINS
from marginwatch.sim.market import Market
from marginwatch.sim.moves import Moves
from marginwatch.sim.scenario import CALM, REGIMES, STRESSED, scenario_named

START_MS = 1_795_000_000_000


def walk(market: Market, seconds: float) -> list[float]:
    moves = []
    for _ in range(round(seconds / 0.5)):
        before = market.usd["BTC"]
        market.step(market.now_ms + 500)
        moves.append(math.log(market.usd["BTC"] / before))
    return moves


def test_regimes_switch_between_calm_and_stressed_and_prices_feel_it() -> None:
    market = Market(2, "regimes", START_MS)
    by_regime: dict[float, list[float]] = {}
    for _ in range(4000):
        move = walk(market, 0.5)[0]
        by_regime.setdefault(market.moves.regime.volatility, []).append(move)
    assert by_regime.keys() == {CALM.volatility, STRESSED.volatility}
    # Jumps come on top in the stressed one: compare what most steps do.
    calm, stressed = (statistics.median(map(abs, by_regime[one.volatility])) for one in (CALM, STRESSED))
    assert stressed / calm == pytest.approx(STRESSED.volatility / CALM.volatility, rel=0.2)


def test_a_regime_can_be_imposed_and_lifted() -> None:
    market = Market(2, "calm", START_MS)
    market.moves.forced = REGIMES["crash"]
    assert sum(walk(market, 30.0)) == pytest.approx(-0.28, abs=0.08)
    market.moves.forced = None
    walk(market, 0.5)
    assert market.moves.regime is CALM


def test_a_stablecoin_can_lose_its_peg_and_find_it_again() -> None:
    market = Market(2, "calm", START_MS)
    market.moves.pegs["USDC"] = 0.9
    walk(market, 60.0)
    assert market.usd["USDC"] == pytest.approx(0.9, abs=0.003)
    assert market.usd["USDT"] == pytest.approx(0.9996, abs=0.001)
    # What is quoted in USDC costs more of them.
    assert market.quotes["BTCPERP"].mark > 1.09 * market.quotes["BTCUSDT"].mark
    del market.moves.pegs["USDC"]
    walk(market, 60.0)
    assert market.usd["USDC"] == pytest.approx(0.9999, abs=0.003)


def test_history_moves_coins_in_calm_acts_only() -> None:
    """The crash of a story is the model's, digit for digit up to what came before, whatever moved the coins till then."""
    acts = scenario_named("crash")
    prices = []
    for source in ("model", "history"):
        moves = Moves(4, acts, random.Random(1), source)
        usd = {coin.name: 100.0 for coin in COINS} | {"USDT": 1.0, "USDC": 1.0}
        for number in range(20):
            moves.step(usd, (number + 1) * 0.5, 0.5)
        prices.append(usd)
    assert prices[0] == prices[1]


def test_a_quiet_block_of_history_has_a_quiet_regime() -> None:
    market = Market(4, "calm", START_MS, source="history", pace=86_400.0)
    seen = set()
    for _ in range(40):
        market.step(market.now_ms + 1000)
        seen.add(round(market.moves.regime.volatility, 6))
    assert len(seen) == 4
    assert all(0.05 < one < 3.0 for one in seen)

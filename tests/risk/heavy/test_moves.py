"""Where betas and volatility come from, and what stands in before anything is known."""

import numpy as np
import pytest

from marginwatch.risk.betas import PRIOR_MEAN
from marginwatch.risk.heavy.moves import FROM_PRIOR, PRIOR_DAILY_VOLATILITY, benchmark_usd, moves_of
from marginwatch.risk.history.returns import ReturnTable


@pytest.fixture
def sheet(world, parts):
    world.account(
        "a", parts.position(parts.BTCUSDT, "1", "50000"), parts.position(parts.ETHUSDT, "1", "3000")
    )
    world.usual_marks()
    world.facts()
    world.frame()
    return world.press.sheet(world.now)


def table(n, **columns):
    rng = np.random.default_rng(1)
    btc = rng.normal(0.0, 0.02, n)
    values = np.column_stack([btc, *(factor * btc for factor in columns.values())])
    times = np.arange(n, dtype=np.int64) * 86_400
    return ReturnTable(("BTC", *columns), 86_400, times, values)


def of(sheet, moves, name):
    return moves.betas.value[sheet.coin_names.index(name)]


def test_before_anything_is_known_the_prior_holds_and_says_so(sheet):
    moves = moves_of(sheet, None)
    assert (moves.daily_volatility, moves.betas_source) == (PRIOR_DAILY_VOLATILITY, FROM_PRIOR)
    assert (of(sheet, moves, "BTC"), of(sheet, moves, "ETH"), of(sheet, moves, "USDT")) == (
        1.0,
        PRIOR_MEAN,
        0.0,
    )


def test_with_a_history_betas_lie_between_it_and_the_prior_and_bitcoin_is_1(sheet):
    moves = moves_of(sheet, table(200, ETH=2.0))
    assert of(sheet, moves, "BTC") == 1.0
    assert PRIOR_MEAN < of(sheet, moves, "ETH") < 2.0
    assert of(sheet, moves, "USDT") == 0.0
    assert moves.daily_volatility == pytest.approx(0.02, rel=0.3)
    assert moves.volatility_source == "EWMA of 200 daily returns"
    assert moves.betas_source.startswith("2 of ")


def test_a_short_history_makes_no_volatility(sheet):
    moves = moves_of(sheet, table(30))
    assert moves.daily_volatility == PRIOR_DAILY_VOLATILITY
    assert moves.volatility_source == "prior: 30 of 60 daily returns are known"


def test_a_history_without_bitcoin_is_none(sheet):
    values = ReturnTable(("ETH",), 86_400, np.arange(90) * 86_400, np.zeros((90, 1)))
    assert moves_of(sheet, values).betas_source == FROM_PRIOR


def test_the_price_of_bitcoin_is_that_of_a_venue_that_has_one(sheet):
    assert benchmark_usd(sheet) == pytest.approx(50_000, rel=0.01)

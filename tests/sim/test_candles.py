"""Candles of contracts."""

import itertools

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.past_prices import HOUR_MS

DAY_MS = 24 * HOUR_MS
NO_WINDOW = (None, None)


@pytest.fixture(scope="module")
def exchange():
    return Exchange(3, ManualClock(), n_accounts=1)


@pytest.mark.parametrize(
    ("category", "symbol"), [("linear", "1000PEPEUSDT"), ("inverse", "BTCUSD"), ("spot", "SOLUSDT")]
)
@pytest.mark.parametrize("every_ms", [HOUR_MS, DAY_MS])
def test_candles_join_newest_first_and_end_at_the_last_price(exchange, category, symbol, every_ms):
    found = exchange.candles(category, symbol, every_ms, NO_WINDOW, 200)
    assert len(found) == 200
    assert [one.start_ms - next_one.start_ms for one, next_one in itertools.pairwise(found)] == [
        every_ms
    ] * 199
    assert found[0].start_ms <= exchange.now_ms() < found[0].start_ms + every_ms
    ticker = exchange.tickers(category, symbol)[0]
    assert found[0].close == ticker.last_price
    for later, earlier in itertools.pairwise(found):
        assert earlier.close == later.open
        assert later.low <= min(later.open, later.close) <= max(later.open, later.close) <= later.high


def test_closed_candles_do_not_change_while_the_market_moves():
    exchange = Exchange(3, ManualClock(), n_accounts=1)
    before = exchange.candles("linear", "BTCUSDT", HOUR_MS, NO_WINDOW, 50)
    exchange.advance(30)
    after = exchange.candles("linear", "BTCUSDT", HOUR_MS, NO_WINDOW, 50)
    closed = {one.start_ms: one for one in before[1:]}
    assert all(closed.get(one.start_ms, one) == one for one in after)


def test_a_window_bounds_the_starts(exchange):
    newest = exchange.candles("linear", "BTCUSDT", HOUR_MS, NO_WINDOW, 1)[0].start_ms
    found = exchange.candles("linear", "BTCUSDT", HOUR_MS, (newest - 5 * HOUR_MS, newest - 2 * HOUR_MS), 100)
    assert [(newest - one.start_ms) // HOUR_MS for one in found] == [2, 3, 4, 5]
    assert len(exchange.candles("linear", "BTCUSDT", HOUR_MS, (newest - 5 * HOUR_MS, None), 3)) == 3
    assert exchange.candles("linear", "BTCUSDT", HOUR_MS, (newest + HOUR_MS, None), 3) == ()


def test_what_is_not_listed_or_an_option_has_none(exchange):
    option = exchange.tickers("option")[0].symbol
    assert exchange.candles("linear", "NOPEUSDT", HOUR_MS, NO_WINDOW, 5) is None
    assert exchange.candles("option", option, HOUR_MS, NO_WINDOW, 5) is None


def test_a_coin_listed_late_has_fewer(exchange):
    assert len(exchange.candles("linear", "OPUSDT", DAY_MS, NO_WINDOW, 1_000)) < 210
    assert len(exchange.candles("linear", "BTCUSDT", DAY_MS, NO_WINDOW, 1_000)) == 1_000

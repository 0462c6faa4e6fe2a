from decimal import Decimal

import msgspec
import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.liquidation_tape import MOST_AT_ONCE, LiquidationTape


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(3, ManualClock(1_795_000_000 * 10**9), n_accounts=1, activity_per_s=0.0)


def looks(exchange, symbol, *marks, seed=1, category="linear"):
    tape = LiquidationTape(seed, exchange.instruments(category, symbol)[0])
    ticker = exchange.tickers(category, symbol)[0]
    return [tape.look(msgspec.structs.replace(ticker, mark_price=Decimal(mark))) for mark in marks]


def test_a_fall_liquidates_longs_below_the_mark_and_a_rise_shorts_above(exchange) -> None:
    first, fallen, risen = looks(exchange, "BTCUSDT", 80_000, 78_400, 80_000)
    assert first == ()
    assert {row.side for row in fallen} == {"Buy"}
    assert {row.side for row in risen} == {"Sell"}
    assert all(row.bankruptcy_price <= 78_400 for row in fallen)
    assert all(row.bankruptcy_price >= 80_000 for row in risen)
    listed = exchange.instruments("linear", "BTCUSDT")[0]
    for row in (*fallen, *risen):
        assert row.qty >= listed.qty_step
        assert not row.qty % listed.qty_step
        assert not row.bankruptcy_price % listed.tick_size


def test_a_quiet_market_liquidates_nobody(exchange) -> None:
    quiet = looks(exchange, "BTCUSDT", *[80_000 + 10 * (number % 2) for number in range(300)])
    # A move of 0.0125 % is none; the dice never fall on a whole number.
    assert sum(map(len, quiet)) == 0


def test_larger_moves_liquidate_more_up_to_a_bound(exchange) -> None:
    numbers = [
        len(looks(exchange, "BTCUSD", 80_000, mark, category="inverse")[1])
        for mark in (79_600, 78_000, 40_000)
    ]
    assert numbers[0] < numbers[1] < numbers[2] == MOST_AT_ONCE


def test_same_seed_same_tape(exchange) -> None:
    marks = (80_000, 78_000, 79_000)
    assert looks(exchange, "BTCUSDT", *marks) == looks(exchange, "BTCUSDT", *marks)
    assert looks(exchange, "BTCUSDT", *marks) != looks(exchange, "BTCUSDT", *marks, seed=2)

"""The past of the simulated coins: recorded days that end at the prices of the start."""

import itertools
import math

import pytest

from marginwatch.sim.past_prices import DAY_HOURS, HOUR_MS, PastPrices
from marginwatch.sim.recorded_prices import recorded_days

START_MS = 1_795_000_000_000 + 5 * HOUR_MS
START = {"BTC": 80_000.0, "ETH": 3_000.0, "OP": 0.3, "USDT": 0.9996}
START_HOUR = START_MS // HOUR_MS


@pytest.fixture
def past():
    return PastPrices(7, START_MS, START)


@pytest.mark.parametrize("coin", ["BTC", "ETH", "USDT"])
def test_the_past_leads_to_the_prices_of_the_start(past, coin):
    assert past.usd_at(coin, START_HOUR) == pytest.approx(START[coin])


def test_days_before_the_start_are_the_newest_recorded_ones(past):
    midnight = START_HOUR // DAY_HOURS * DAY_HOURS
    for back, day in enumerate(reversed(recorded_days()[-30:])):
        end = past.usd_at("BTC", midnight - back * DAY_HOURS)
        begin = past.usd_at("BTC", midnight - (back + 1) * DAY_HOURS)
        assert math.log(end / begin) == pytest.approx(day.returns["BTC"], abs=1e-9)


def test_asking_twice_or_in_another_order_gives_the_same(past):
    hours = range(START_HOUR - 400, START_HOUR)
    forth = [past.usd_at("ETH", hour) for hour in hours]
    again = PastPrices(7, START_MS, START)
    assert [again.usd_at("ETH", hour) for hour in reversed(hours)][::-1] == forth
    assert [PastPrices(8, START_MS, START).usd_at("ETH", hour) for hour in hours] != forth


def test_hours_wander_together(past):
    def hourly(coin):
        prices = [past.usd_at(coin, START_HOUR - back) for back in range(500)]
        return [math.log(later / earlier) for later, earlier in itertools.pairwise(prices)]

    btc, eth = hourly("BTC"), hourly("ETH")
    together = sum(x * y for x, y in zip(btc, eth, strict=True))
    assert together / math.sqrt(sum(x * x for x in btc) * sum(y * y for y in eth)) > 0.4
    assert 0.002 < math.sqrt(sum(x * x for x in btc) / len(btc)) < 0.02


def test_a_coin_without_a_record_was_listed_late_and_all_begin_somewhere(past):
    assert past.usd_at("OP", START_HOUR - 199 * DAY_HOURS) is not None
    assert past.usd_at("OP", START_HOUR - 202 * DAY_HOURS) is None
    assert past.usd_at("BTC", START_HOUR - 1_200 * DAY_HOURS) is not None
    assert past.usd_at("BTC", START_HOUR - 2_000 * DAY_HOURS) is None


def test_full_hours_since_the_start_are_kept_as_they_were(past):
    past.note(START_MS + 10, {**START, "BTC": 1.0})
    past.note(START_MS + HOUR_MS, {**START, "BTC": 81_000.0})
    past.note(START_MS + HOUR_MS + 5, {**START, "BTC": 99_000.0})
    past.note(START_MS + 4 * HOUR_MS, {**START, "BTC": 82_000.0})
    prices = [past.usd_at("BTC", START_HOUR + hour) for hour in range(1, 6)]
    assert prices == [81_000.0, 81_000.0, 81_000.0, 82_000.0, 82_000.0]

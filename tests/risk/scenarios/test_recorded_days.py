"""Our record of crisis days against another copy of the same days, which the simulated exchange replays."""

import csv
import datetime as dt
from importlib import resources

import pytest

from marginwatch.risk.scenarios.recorded_days import DAYS, HAVE_LOWS, PRICES, recorded_moves

ROWS = [line.split() for line in PRICES.strip().splitlines()]


@pytest.fixture(scope="module")
def closes():
    with resources.files("marginwatch.sim").joinpath("data", "daily_closes.csv").open() as file:
        return {row["date"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def lows():
    with resources.files("marginwatch.sim").joinpath("data", "crash_ranges.csv").open() as file:
        return {(row["date"], row["coin"]): float(row["low"]) for row in csv.DictReader(file)}


def test_prices_are_those_of_the_other_copy(closes, lows):
    checked = lows_checked = 0
    for days, coin, before, reached in ROWS:
        first, last = DAYS[days].first, DAYS[days].last
        eve = str(dt.date.fromisoformat(first) - dt.timedelta(days=1))
        if not closes[eve].get(coin):
            continue
        assert float(before) == float(closes[eve][coin]), (days, coin)
        if coin not in HAVE_LOWS:
            assert float(reached) == float(closes[last][coin]), (days, coin)
        elif (last, coin) in lows:
            assert float(reached) == lows[last, coin]
            lows_checked += 1
        else:
            assert float(reached) < float(closes[last][coin])
        checked += 1
    assert checked > 60
    assert lows_checked >= 6


def test_every_crisis_is_there_with_its_coins():
    assert {days for days, *_ in ROWS} == set(DAYS)
    for name in DAYS:
        moves = recorded_moves(name)
        assert {"BTC", "ETH", "BNB", "XRP", "ADA", "DOGE", "LTC", "LINK"} <= set(moves)
        assert -0.6 < min(moves.values()) < -0.15
        assert max(moves.values()) < 0.03
    assert "SOL" not in recorded_moves("2020-03-12")
    assert recorded_moves("2025-10-10")["PEPE"] == pytest.approx(-0.2746, abs=1e-4)
    with pytest.raises(KeyError):
        recorded_moves("2030-01-01")

import csv
import datetime as dt
import math
from importlib import resources

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.coins import COINS
from marginwatch.sim.crash_days import CRASHES, crash_segments
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.market import Market

START_MS = 1_795_000_000_000

PUBLISHED = {
    "2020-03-12": {"BTC": (7934.52, 4800.0), "ETH": (194.61, 107.82), "LINK": (3.8169, 1.9931)},
    "2021-05-19": {"BTC": (42849.78, 36690.09), "SOL": (55.977, 34.988), "AVAX": (36.875, 23.052)},
    "2022-05": {"BTC": (34038.4, 29029.75), "AVAX": (51.62, 30.32)},
    "2022-06": {"ETH": (1662.91, 995.13)},
    "2022-11": {"SOL": (29.62, 14.08), "DOGE": (0.11123, 0.0745)},
    "2024-08-05": {"ETH": (2688.92, 2419.59), "PEPE": (0.0000081, 0.00000704)},
    "2025-10-10": {"BTC": (121662.4, 112774.5), "ADA": (0.8152, 0.6353)},
}
"""Scenario → coin → close before it and last close, USDT."""


def table(name: str) -> list[dict[str, str]]:
    text = (resources.files("marginwatch.sim") / "data" / name).read_text()
    return list(csv.DictReader(text.splitlines()))


def play(market: Market, from_s: float, to_s: float, step_s: float = 0.5) -> None:
    for number in range(round((to_s - from_s) / step_s)):
        market.step(START_MS + round((from_s + (number + 1) * step_s) * 1000))


@pytest.mark.parametrize("name", CRASHES)
def test_the_move_of_a_crash_is_the_recorded_one(name) -> None:
    closes = {row["date"]: row for row in table("daily_closes.csv")}
    crash = CRASHES[name]
    before, last = closes[str(crash.first - dt.timedelta(days=1))], closes[str(crash.last)]
    for coin, (first, final) in PUBLISHED[name].items():
        assert (float(before[coin]), float(last[coin])) == (first, final)
    market = Market(8, name, START_MS)
    play(market, 0.0, 10.0)
    start = {coin.name: market.usd[coin.name] / market.usd["USDT"] for coin in COINS}
    play(market, 10.0, 10.0 + crash.duration_s)
    recorded = 0
    for coin in COINS:
        if before.get(coin.name) and last[coin.name]:
            moved = market.usd[coin.name] / market.usd["USDT"] / start[coin.name]
            assert moved == pytest.approx(float(last[coin.name]) / float(before[coin.name]), rel=1e-9), coin
            recorded += 1
    assert recorded >= 8


def test_prices_pass_through_the_recorded_hours() -> None:
    hours = [
        float(row["ETH"]) for row in table("crash_hours.csv") if row["open_time"].startswith("2020-03-12")
    ]
    market = Market(8, "2020-03-12", START_MS)
    play(market, 0.0, 10.0)
    start = market.usd["ETH"] / market.usd["USDT"]
    for number, close in enumerate(hours):
        play(market, 10.0 + 2.5 * number, 12.5 + 2.5 * number)
        moved = market.usd["ETH"] / market.usd["USDT"] / start
        assert moved == pytest.approx(close / 194.61, rel=1e-9), number


def test_days_without_hours_reach_their_recorded_low() -> None:
    segments = crash_segments("2024-08-05")
    # Low and close before it, as published for ETHUSDT.
    assert sum(one.returns["ETH"] for one in segments[:2]) == pytest.approx(math.log(2111 / 2688.92))


def test_hours_and_days_of_the_record_agree() -> None:
    closes = {row["date"]: row for row in table("daily_closes.csv")}
    last_hours = [row for row in table("crash_hours.csv") if row["open_time"].endswith("T23:00Z")]
    assert len(last_hours) == 16
    for row in last_hours:
        for coin in ("BTC", "ETH", "SOL"):
            assert row[coin] == closes[row["open_time"][:10]][coin]


def test_coins_without_a_record_fall_as_their_proxies_do() -> None:
    fall = {coin: sum(one.returns[coin] for one in crash_segments("2020-03-12")) for coin in ("ETH", "SUI")}
    assert fall["SUI"] == pytest.approx(fall["ETH"] * 1.6 / 1.2)


def test_accounts_are_liquidated_by_the_recorded_fall_and_the_books_add_up() -> None:
    exchange = Exchange(42, ManualClock(START_MS * 1_000_000), scenario="2020-03-12")
    exchange.advance(70.0)
    assert exchange.stats().liquidations > 2
    exchange.check_books()

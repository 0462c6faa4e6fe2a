from decimal import Decimal

import pytest

from marginwatch.sim.bybit.liquidation_feed import LiquidationFeed
from marginwatch.sim.bybit.server import BybitSimServer


@pytest.fixture
def feed(exchange) -> LiquidationFeed:
    made = LiquidationFeed(BybitSimServer(exchange).front, "linear")
    exchange.subscribe(made.hear)
    return made


@pytest.fixture
def isolated(exchange):
    """A long of 1 BTC at ten times leverage, alone on its margin."""
    info = exchange.open_account("guest", margin_mode="ISOLATED_MARGIN")
    exchange.deposit(info.uid, "USDT", "20000")
    exchange.set_price("BTCUSDT", "80000")
    exchange.open_position(info.uid, "BTCUSDT", "1")
    return info


def test_a_long_taken_over_is_told_with_its_side_size_and_bankruptcy_price(exchange, feed, isolated) -> None:
    feed.open("allLiquidation.BTCUSDT")
    row = exchange.positions(isolated.uid, "linear")[0]
    bankrupt = row.entry_price * (1 - 1 / row.leverage)
    exchange.set_price("BTCUSDT", (row.liquidation_price - 10).quantize(Decimal("0.1")))
    [(topic, message)] = feed.news(0.0)
    assert (topic, message["topic"], message["type"]) == ("allLiquidation.BTCUSDT",) * 2 + ("snapshot",)
    own = [one for one in message["data"] if Decimal(one["v"]) == 1]
    assert len(own) == 1
    assert own[0].keys() == {"T", "s", "S", "v", "p"}
    assert (own[0]["s"], own[0]["S"]) == ("BTCUSDT", "Buy")
    assert Decimal(own[0]["p"]) == pytest.approx(bankrupt, abs=Decimal("0.1"))
    execution = exchange.executions(isolated.uid, "linear")[0]
    assert (execution.kind, execution.side, execution.price) == ("BustTrade", "Sell", Decimal(own[0]["p"]))
    # All others are of the many: a fall of 9 % liquidates longs only.
    assert {one["S"] for one in message["data"]} == {"Buy"}
    assert len(message["data"]) > 5


def test_a_short_is_sold_to_say_so(exchange, feed) -> None:
    info = exchange.open_account("guest")
    exchange.deposit(info.uid, "USDT", "10000")
    exchange.set_price("BTCUSDT", "80000")
    exchange.open_position(info.uid, "BTCUSDT", "-0.7")
    feed.open("allLiquidation.BTCUSDT")
    exchange.set_price("BTCUSDT", "94000")
    [(_, message)] = feed.news(0.0)
    assert exchange.account(info.uid).uid in exchange.stats().liquidated_uids
    assert any(Decimal(one["v"]) == Decimal("0.7") and one["S"] == "Sell" for one in message["data"])
    assert {one["S"] for one in message["data"]} == {"Sell"}


def test_at_most_every_half_second_and_nothing_in_between_is_lost(exchange, feed) -> None:
    feed.open("allLiquidation.ETHUSDT")
    exchange.shock(-0.05)
    first = list(feed.news(10.0))
    exchange.shock(-0.05)
    assert first
    assert not list(feed.news(10.4))
    exchange.shock(-0.05)
    [(_, message)] = feed.news(10.5)
    assert len({one["T"] for one in message["data"]}) == 1
    assert len(message["data"]) > len(first[0][1]["data"])


def test_nothing_is_made_for_topics_that_nobody_hears(exchange, feed) -> None:
    exchange.shock(-0.1)
    assert not list(feed.news(0.0))
    feed.open("allLiquidation.ETHUSDT")
    exchange.shock(-0.1)
    feed.close("allLiquidation.ETHUSDT")
    assert not list(feed.news(1.0))
    assert feed.knows("allLiquidation.SOLUSDT")
    assert not feed.knows("allLiquidation.SOLUSD")
    assert not LiquidationFeed(feed.front, "spot").knows("allLiquidation.BTCUSDT")

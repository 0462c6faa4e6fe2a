from decimal import Decimal

import msgspec

from marginwatch.sim.bybit.feed import WAITING_MAX
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.bybit.trade_feed import TradeFeed
from marginwatch.sim.rows import Change


def test_trades_have_the_takers_side_and_the_direction_of_the_price(exchange, trader) -> None:
    feed = TradeFeed(BybitSimServer(exchange).front, "linear")
    exchange.subscribe(feed.hear)
    feed.open("publicTrade.BTCUSDT")
    for quantity, price in (
        ("0.2", "80000"),
        ("-0.1", "80010"),
        ("0.1", "80010"),
        ("0.1", "79000"),
        ("0.1", "79000"),
    ):
        exchange.open_position(trader.uid, "BTCUSDT", quantity, price)
    exchange.open_position(trader.uid, "ETHUSDT", "1")
    [(topic, message)] = feed.news(0.0)
    assert (topic, message["type"]) == ("publicTrade.BTCUSDT", "snapshot")
    assert [(row["S"], row["v"], row["p"], row["L"]) for row in message["data"]] == [
        ("Buy", "0.2", "80000", "ZeroPlusTick"),
        ("Sell", "0.1", "80010", "PlusTick"),
        ("Buy", "0.1", "80010", "ZeroPlusTick"),
        ("Buy", "0.1", "79000", "MinusTick"),
        ("Buy", "0.1", "79000", "ZeroMinusTick"),
    ]
    assert message["data"][0].keys() == {"T", "s", "S", "v", "p", "L", "i", "BT"}
    assert not list(feed.news(1.0))


def test_a_resting_order_that_is_hit_was_not_the_taker(exchange, trader) -> None:
    feed = TradeFeed(BybitSimServer(exchange).front, "linear")
    exchange.subscribe(feed.hear)
    feed.open("publicTrade.BTCUSDT")
    exchange.place_order(trader.uid, "BTCUSDT", "0.3", "70000")
    exchange.set_price("BTCUSDT", "69000")
    [(_, message)] = feed.news(0.0)
    execution = next(row for row in exchange.executions(trader.uid, "linear") if row.is_maker)
    trade = next(row for row in message["data"] if row["i"] == execution.exec_id)
    assert (execution.side, trade["S"], Decimal(trade["v"])) == ("Buy", "Sell", Decimal("0.3"))


def test_options_are_told_by_coin(exchange, trader) -> None:
    feed = TradeFeed(BybitSimServer(exchange).front, "option")
    exchange.subscribe(feed.hear)
    feed.open("publicTrade.BTC")
    symbol = next(row.symbol for row in exchange.tickers("option") if row.symbol.startswith("BTC-"))
    exchange.open_position(trader.uid, symbol, "0.1")
    [(topic, message)] = feed.news(0.0)
    assert (topic, message["data"][0]["s"]) == ("publicTrade.BTC", symbol)
    assert "L" not in message["data"][0]


async def test_trades_reach_those_who_listen(server, exchange, trader, open_stream) -> None:
    client = await open_stream(server.urls.public["linear"])
    assert not server.public["linear"].hears_trades()
    await client.ask({"op": "subscribe", "args": ["publicTrade.BTCUSDT"]})
    assert server.public["linear"].hears_trades()
    exchange.open_position(trader.uid, "BTCUSDT", "0.5", "81000")
    data = (await client.hear())["data"]
    assert [(row["S"], row["v"], row["p"]) for row in data] == [("Buy", "0.5", "81000")]
    await client.ask({"op": "unsubscribe", "args": ["publicTrade.BTCUSDT"]})
    assert not server.public["linear"].hears_trades()


def test_what_waits_while_a_stream_stands_still_is_bounded(exchange, trader) -> None:
    feed = TradeFeed(BybitSimServer(exchange).front, "linear")
    feed.open("publicTrade.BTCUSDT")
    row = exchange.open_position(trader.uid, "BTCUSDT", "0.1")
    for number in range(WAITING_MAX + 7):
        changed = msgspec.structs.replace(row, exec_id=str(number))
        feed.hear(Change(kind="execution", uid=trader.uid, ts_ms=0, executions=(changed,)))
    [(_, message)] = feed.news(0.0)
    assert [one["i"] for one in message["data"]] == [str(number) for number in range(7, WAITING_MAX + 7)]

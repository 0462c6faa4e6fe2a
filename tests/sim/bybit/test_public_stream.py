"""Conversations on the public streams."""

import asyncio

import aiohttp
import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.book_feed import BookFeed
from marginwatch.sim.bybit.liquidation_feed import LiquidationFeed
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.bybit.ticker_feed import TickerFeed
from marginwatch.sim.exchange import Exchange


async def test_linear_tickers_are_a_snapshot_and_then_what_changed(server, exchange, open_stream) -> None:
    client = await open_stream(server.urls.public["linear"])
    answer = await client.ask({"op": "subscribe", "req_id": "1", "args": ["tickers.BTCUSDT"]})
    assert answer.pop("conn_id")
    assert answer == {"success": True, "ret_msg": "", "req_id": "1", "op": "subscribe"}
    snapshot = await client.hear()
    assert (snapshot["type"], snapshot["topic"]) == ("snapshot", "tickers.BTCUSDT")
    assert {"cs", "ts"} <= snapshot.keys()
    assert len(snapshot["data"]) > 15
    mark = exchange.tickers("linear", "BTCUSDT")[0].mark_price
    exchange.set_price("BTCUSDT", mark * 2)
    server.publish_tickers()
    delta = await client.hear()
    assert delta["type"] == "delta"
    assert delta["data"].keys() < snapshot["data"].keys()
    assert delta["data"]["symbol"] == "BTCUSDT"
    unchanged = {name for name in delta["data"] if delta["data"][name] == snapshot["data"][name]}
    assert unchanged == {"symbol"}
    merged = {**snapshot["data"], **delta["data"]}
    assert merged["markPrice"] == str(exchange.tickers("linear", "BTCUSDT")[0].mark_price)
    assert await client.hears_nothing()


async def test_a_second_listener_gets_its_own_snapshot(server, exchange, open_stream) -> None:
    first, second = [await open_stream(server.urls.public["linear"]) for _ in range(2)]
    await first.ask({"op": "subscribe", "args": ["tickers.ETHUSDT"]})
    assert (await first.hear())["type"] == "snapshot"
    await second.ask({"op": "subscribe", "args": ["tickers.ETHUSDT"]})
    assert (await second.hear())["type"] == "snapshot"
    assert await first.hears_nothing()
    exchange.set_price("ETHUSDT", 1234)
    assert [(await client.hear())["type"] for client in (first, second)] == ["delta", "delta"]
    await first.ask({"op": "unsubscribe", "args": ["tickers.ETHUSDT"]})
    exchange.set_price("ETHUSDT", 2345)
    assert (await second.hear())["type"] == "delta"
    assert await first.hears_nothing()


async def test_spot_has_snapshots_only_and_other_acknowledgments(server, exchange, open_stream) -> None:
    client = await open_stream(server.urls.public["spot"])
    answer = await client.ask({"op": "subscribe", "req_id": "1", "args": ["tickers.BTCUSDT"]})
    assert (answer["success"], answer["ret_msg"]) == (True, "subscribe")
    first = await client.hear()
    assert not any(name.startswith(("bid", "ask")) for name in first["data"])
    exchange.set_price("BTCUSDT", 50_000)
    second = await client.hear()
    assert (second["type"], second["data"].keys()) == ("snapshot", first["data"].keys())
    assert second["data"]["usdIndexPrice"] != first["data"]["usdIndexPrice"]
    symbols = [f"tickers.X{number}USDT" for number in range(11)]
    assert "args size" in (await client.ask({"op": "subscribe", "args": symbols}))["ret_msg"]


async def test_option_acknowledgments_name_each_topic(server, open_stream) -> None:
    client = await open_stream(server.urls.public["option"])
    answer = await client.ask({"op": "subscribe", "args": ["tickers.BTC-NONE-1-C", "publicTrade.BTC"]})
    assert answer["type"] == "COMMAND_RESP"
    assert answer["data"] == {"failTopics": ["tickers.BTC-NONE-1-C"], "successTopics": ["publicTrade.BTC"]}
    answer = await client.ask({"op": "ping"})
    assert (answer["op"], answer["args"][0].isdecimal()) == ("pong", True)


@pytest.mark.parametrize("channel", ["linear", "inverse", "spot"])
async def test_pong_is_a_successful_ping(server, open_stream, channel) -> None:
    client = await open_stream(server.urls.public[channel])
    answer = await client.ask({"op": "ping"})
    assert (answer["success"], answer["ret_msg"], answer["op"]) == (True, "pong", "ping")


async def test_topics_are_case_sensitive_and_limited_in_length(server, open_stream) -> None:
    client = await open_stream(server.urls.public["linear"])
    answer = await client.ask({"op": "subscribe", "req_id": "x", "args": ["tickers.btcusdt"]})
    assert (answer["ret_msg"], answer["req_id"]) == ("error:handler not found,topic:tickers.btcusdt", "x")
    long = [f"publicTrade.{number:020}" for number in range(601)]
    answer = await client.ask({"op": "subscribe", "args": long})
    assert (answer["success"], "21000" in answer["ret_msg"]) == (False, True)
    assert (await client.ask({"op": "subscribe", "args": long[:500]}))["success"] is True
    assert (await client.ask({"op": "subscribe", "args": long[500:600]}))["success"] is True
    assert (await client.ask({"op": "subscribe", "args": long[600:]}))["success"] is False


async def test_a_dated_future_has_its_delivery_time_in_words(server, exchange, open_stream) -> None:
    dated = next(row for row in exchange.tickers("linear") if row.delivery_ms)
    client = await open_stream(server.urls.public["linear"])
    await client.ask({"op": "subscribe", "args": [f"tickers.{dated.symbol}"]})
    data = (await client.hear())["data"]
    assert data["deliveryTime"].endswith("Z")
    assert (data["fundingRate"], data["nextFundingTime"]) == ("", "")
    assert "fundingIntervalHour" not in data


async def test_an_unknown_channel_is_no_stream(server, http) -> None:
    async with http.get(server.urls.rest + "/v5/public/nowhere") as answer:
        assert answer.status == 404


FAMILIES = ["tickers", "orderbook.50", "publicTrade", "allLiquidation"]


async def test_nothing_is_made_once_the_last_listener_has_gone(server, exchange, open_stream) -> None:
    stream = server.public["linear"]
    first, second = [await open_stream(server.urls.public["linear"]) for _ in range(2)]
    topics = [*(f"{family}.ETHUSDT" for family in FAMILIES), "insurance.USDT", "adlAlert.USDT"]
    for client in (first, second):
        await client.ask({"op": "subscribe", "args": topics})
    await first.ask({"op": "unsubscribe", "args": topics})
    assert [list(feed.topics) for feed in stream._feeds.values()] == [
        [topic] for topic in stream_order(topics)
    ]
    await second.socket.close()
    while stream.connections.keys() - {one for one in stream.connections if not one.topics}:  # no event
        await asyncio.sleep(0.01)
    assert not any(feed.topics for feed in stream._feeds.values())


def stream_order(topics: list[str]) -> list[str]:
    families = ["tickers", "orderbook", "publicTrade", "allLiquidation", "insurance", "adlAlert"]
    return sorted(topics, key=lambda topic: families.index(topic.partition(".")[0]))


async def test_a_frozen_stream_tells_later_what_it_missed(server, exchange, open_stream) -> None:
    client = await open_stream(server.urls.public["linear"])
    await client.ask({"op": "subscribe", "args": ["orderbook.50.BTCUSDT", "allLiquidation.BTCUSDT"]})
    await client.hear()
    server.public["linear"].is_frozen = True
    exchange.shock(-0.05)
    assert await client.hears_nothing()
    server.public["linear"].is_frozen = False
    assert {(await client.hear())["topic"] for _ in range(2)} == {
        "orderbook.50.BTCUSDT",
        "allLiquidation.BTCUSDT",
    }


async def test_unknown_topics_are_refused_by_family(server, open_stream) -> None:
    client = await open_stream(server.urls.public["linear"])
    for topic in (
        "orderbook.50.NOPE", "orderbook.25.BTCUSDT", "orderbook.BTCUSDT", "allLiquidation.NOPE", "insurance.inverse",
        "adlAlert.BTC", "system.status", "kline.7.BTCUSDT", "nonsense",
    ):  # fmt: skip
        answer = await client.ask({"op": "subscribe", "args": [topic]})
        assert (answer["success"], answer["ret_msg"]) == (False, f"error:handler not found,topic:{topic}")


def test_a_contract_that_is_delivered_falls_silent() -> None:
    """Its stream ends with its last price; nobody is told of what is no longer listed, and nothing breaks."""
    exchange = Exchange(
        1, ManualClock(1_795_000_000 * 10**9), n_accounts=2, activity_per_s=0.0, tick_s=21_600.0
    )
    dated = next(
        row for row in exchange.instruments("linear") if row.delivery_ms and row.settle_coin == "USDT"
    )
    feeds = [
        kind(BybitSimServer(exchange).front, "linear") for kind in (TickerFeed, BookFeed, LiquidationFeed)
    ]
    for family, feed in zip(("tickers", "orderbook.50", "allLiquidation"), feeds, strict=True):
        feed.open(f"{family}.{dated.symbol}")
        exchange.subscribe(feed.hear)
    exchange.step()
    assert sum(len(list(feed.news(0.0))) for feed in feeds) >= 2
    exchange.advance((dated.delivery_ms - exchange.now_ms()) / 1000 + 2 * exchange.tick_s)
    assert not exchange.instruments("linear", dated.symbol)
    for feed in feeds:
        list(feed.news(10.0))
    exchange.step()
    assert not [message for feed in feeds for message in feed.news(20.0)]


async def test_a_public_socket_without_topic_and_ping_is_cut_after_a_minute(open_stream) -> None:
    clock = ManualClock()
    exchange = Exchange(7, clock, n_accounts=1, activity_per_s=0.0)
    async with BybitSimServer(exchange, clock=clock) as server:
        quiet, listening, left = [await open_stream(server.urls.public["linear"]) for _ in range(3)]
        for client in (listening, left):
            await client.ask({"op": "subscribe", "args": ["kline.1.BTCUSDT"]})
        await left.ask({"op": "unsubscribe", "args": ["kline.1.BTCUSDT"]})
        await clock.advance(90.0)
        for client in (quiet, left):
            await asyncio.wait_for(client.socket.receive(), 20.0)
            assert client.socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        assert (await listening.ask({"op": "ping"}))["ret_msg"] == "pong"

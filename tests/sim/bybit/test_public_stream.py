"""Conversations on the public streams."""

import pytest


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

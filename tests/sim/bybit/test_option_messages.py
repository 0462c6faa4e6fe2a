"""Options on the wire: every key that Bybit sends, of the same type; tickers as snapshots; greeks of the account."""

import json
from pathlib import Path
from typing import Any

import pytest

from marginwatch.sim.rows import TickerRow

PAYLOADS = Path(__file__).parent / "payloads"


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


@pytest.fixture
def call(exchange) -> TickerRow:
    """The call with the most time value: at eight each morning the first one has none left."""
    calls = [row for row in exchange.tickers("option") if row.symbol.endswith("-C-USDT")]
    return max(calls, key=lambda row: row.option.vega)


def shape(row: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in row.items()}


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("rest_tickers_option_docs", "/v5/market/tickers", "category=option&baseCoin=BTC"),
        ("rest_instruments_option_usdt_settled_docs", "/v5/market/instruments-info", "category=option"),
        ("rest_coin_greeks_btc_docs", "/v5/asset/coin-greeks", ""),
    ],
)
async def test_lists_have_the_documented_rows(rest, exchange, trader, call, name, path, query) -> None:
    exchange.open_position(trader.uid, call.symbol, "1")
    ours = (await rest.get(path, query, trader.key))["result"]["list"]
    theirs = recorded(name)["result"]["list"]
    assert shape(ours[0]) == shape(theirs[0])
    assert all(row.get("symbol", "BTC-").startswith("BTC-") for row in ours)


async def test_totals_have_the_documented_rows(rest, exchange, trader, call) -> None:
    assert (await rest.get("/v5/account/option-asset-info", "", trader.key))["result"] == {"result": []}
    exchange.open_position(trader.uid, call.symbol, "-1")
    ours = (await rest.get("/v5/account/option-asset-info", "", trader.key))["result"]["result"]
    assert shape(ours[0]) == shape(recorded("rest_option_asset_info_docs")["result"]["result"][0])
    assert float(ours[0]["assetIM"]) > 0 > float(ours[0]["totalDelta"])


async def test_a_position_row_has_greeks_and_no_leverage(rest, exchange, trader, call) -> None:
    exchange.open_position(trader.uid, call.symbol, "-2")
    reply = await rest.get("/v5/position/list", "category=option", trader.key)
    (row,) = reply["result"]["list"]
    assert (row["symbol"], row["side"], row["size"]) == (call.symbol, "Sell", "2")
    assert (row["leverage"], row["liqPrice"], row["riskId"]) == ("", "", 0)
    assert -2 <= float(row["delta"]) < 0
    assert float(row["theta"]) > 0
    linear = await rest.get("/v5/position/list", "category=linear&settleCoin=USDT", trader.key)
    assert "delta" not in linear["result"]["list"][0]


async def test_greeks_and_positions_are_pushed(private, exchange, trader, call) -> None:
    await private.ask({"op": "subscribe", "args": ["greeks", "position.option"]})
    exchange.open_position(trader.uid, call.symbol, "1")
    heard = {message["topic"]: message for message in [await private.hear(), await private.hear()]}
    assert shape(heard["greeks"]) == shape(recorded("ws_greeks_eth_docs"))
    assert shape(heard["greeks"]["data"][0]) == shape(recorded("ws_greeks_eth_docs")["data"][0])
    assert heard["position.option"]["data"][0]["delta"] == heard["greeks"]["data"][0]["totalDelta"]


async def test_stream_tickers_are_whole_snapshots(server, exchange, open_stream, call) -> None:
    client = await open_stream(server.urls.public["option"])
    answer = await client.ask({"op": "subscribe", "args": [f"tickers.{call.symbol}"]})
    first = answer if "topic" in answer else await client.hear()
    exchange.set_price("BTCUSDT", exchange.tickers("linear", "BTCUSDT")[0].mark_price + 100)
    while (second := await client.hear()).get("data", {}).get("markPrice") in (
        None,
        first["data"]["markPrice"],
    ):
        pass
    for message in (first, second):
        assert message["type"] == "snapshot"
        assert shape(message["data"]) == shape(recorded("ws_tickers_option_btc_put")["data"])
    assert float(second["data"]["markPrice"]) > float(first["data"]["markPrice"])

from decimal import Decimal

import pytest

from marginwatch.sim.bybit.pool_feed import AlertFeed, PoolFeed
from marginwatch.sim.bybit.server import BybitSimServer


def test_pools_are_a_snapshot_and_then_those_that_changed(exchange) -> None:
    feed = PoolFeed(BybitSimServer(exchange).front, "inverse")
    feed.open("insurance.inverse")
    first = feed.first("insurance.inverse")
    assert first["type"] == "snapshot"
    assert {row["coin"] for row in first["data"]} == {"BTC", "ETH", "SOL", "XRP"}
    assert first["data"][0].keys() == {"coin", "symbols", "balance", "updateTime"}
    assert not list(feed.news(0.0)), "no event while no balance has changed"
    exchange.set_insurance_pool("ETH", "12.5")
    exchange.set_insurance_pool("USDT", "1")
    assert not list(feed.news(0.9)), "once a second"
    [(topic, message)] = feed.news(1.0)
    assert (topic, message["type"]) == ("insurance.inverse", "delta")
    assert [(row["coin"], row["balance"]) for row in message["data"]] == [("ETH", "12.5")]


def test_alerts_are_numbers_every_second(exchange) -> None:
    feed = AlertFeed(BybitSimServer(exchange).front, "linear")
    feed.open("adlAlert.USDT")
    exchange.adl_alerts()
    exchange.set_insurance_pool("USDT", 5_000_000)
    [(topic, message)] = feed.news(0.0)
    assert (topic, message["type"]) == ("adlAlert.USDT", "snapshot")
    row = next(row for row in message["data"] if row["s"] == "SOLUSDT")
    assert row == {
        "c": "USDT", "s": "SOLUSDT", "b": 5e6, "mb": "", "i_pr": -0.3, "pr": -0.5, "adl_tt": 10_000, "adl_sr": -0.25,
    }  # fmt: skip
    linear = {one.symbol for one in exchange.instruments("linear") if one.settle_coin == "USDT"}
    assert {one["s"] for one in message["data"]} == linear
    assert not list(feed.news(0.5))
    assert len(list(feed.news(1.0))) == 1


@pytest.mark.parametrize("kind", [PoolFeed, AlertFeed])
def test_groups_belong_to_channels(exchange, kind) -> None:
    front = BybitSimServer(exchange).front
    family = "insurance" if kind is PoolFeed else "adlAlert"
    known = {
        channel: {
            group
            for group in ("USDT", "USDC", "inverse", "BTC")
            if kind(front, channel).knows(f"{family}.{group}")
        }
        for channel in ("linear", "inverse", "spot")
    }
    assert known == {"linear": {"USDT", "USDC"}, "inverse": {"inverse"}, "spot": set()}


async def test_pools_by_rest(exchange, rest) -> None:
    exchange.set_insurance_pool("BTC", "2")
    result = (await rest.get("/v5/market/insurance", "coin=BTC"))["result"]
    assert result["updatedTime"].isdecimal()
    [row] = result["list"]
    assert (row["coin"], row["balance"]) == ("BTC", "2")
    assert row["symbols"].startswith("BTCUSD,")
    assert float(row["value"]) == pytest.approx(2 * 86_500, rel=0.01)
    assert len((await rest.get("/v5/market/insurance"))["result"]["list"]) == 6


async def test_alerts_by_rest(exchange, rest) -> None:
    exchange.adl_alerts()
    exchange.set_insurance_pool("USDC", "7500000")
    [row] = (await rest.get("/v5/market/adlAlert", "symbol=BTCPERP"))["result"]["list"]
    assert row == {
        "coin": "USDC",
        "symbol": "BTCPERP",
        "balance": "7500000",
        "maxBalance": "",
        "insurancePnlRatio": "-0.3",
        "pnlRatio": "-0.25",
        "adlTriggerThreshold": "10000",
        "adlStopRatio": "-0.25",
    }
    everything = (await rest.get("/v5/market/adlAlert"))["result"]["list"]
    contracts = [*exchange.instruments("linear"), *exchange.instruments("inverse")]
    assert {one["symbol"] for one in everything} == {one.symbol for one in contracts}
    assert (await rest.get("/v5/market/adlAlert", "symbol=NOPE"))["retCode"] == 10001
    assert Decimal(everything[0]["balance"]) == 10_000_000

"""Sessions, deliveries, the stress grid, spot orders and options' volatilities on the wire: the truth in Bybit's words."""

from decimal import Decimal
from typing import Any

import pytest

from marginwatch.clock import SystemClock
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountInfo

SETTLED, DELIVERED, GRID = (
    "/v5/asset/settlement-record",
    "/v5/asset/delivery-record",
    "/v5/asset/portfolio-margin",
)


@pytest.fixture
def guest(exchange: Exchange) -> AccountInfo:
    info = exchange.open_account("guest", margin_mode="PORTFOLIO_MARGIN")
    for coin in ("USDC", "USDT"):
        exchange.deposit(info.uid, coin, "1000000")
    return info


def past_expiry(exchange: Exchange) -> None:
    first = min(row.delivery_ms for row in exchange.instruments("option"))
    exchange.step((first - exchange.now_ms()) / 1000.0 + 1.0)


async def listed(rest: Any, path: str, query: str, info: AccountInfo) -> list[dict[str, Any]]:
    return (await rest.get(path, query, info.key))["result"]["list"]


async def test_a_session_is_a_record_and_a_piece_of_closed_profit(rest, exchange, guest) -> None:
    exchange.open_position(guest.uid, "BTCPERP", "-2", "80000")
    past_expiry(exchange)
    (row,) = await listed(rest, SETTLED, "category=linear", guest)
    assert (row["symbol"], row["side"], row["size"]) == ("BTCPERP", "Sell", "2")
    assert Decimal(row["realisedPnl"]) == 2 * (80_000 - Decimal(row["markPrice"]))
    (closed,) = await listed(rest, "/v5/position/closed-pnl", "category=linear", guest)
    assert (closed["execType"], closed["side"], closed["closedSize"]) == ("SessionSettlePnL", "Buy", "2")
    assert (closed["closedPnl"], closed["openFee"], closed["closeFee"]) == (row["realisedPnl"], "0", "0")
    (held,) = await listed(rest, "/v5/position/list", "category=linear&settleCoin=USDC", guest)
    assert held["sessionAvgPrice"] == Decimal(row["sessionAvgPrice"]).normalize().to_eng_string()
    assert await listed(rest, SETTLED, "category=linear&symbol=ETHPERP", guest) == []


async def test_deliveries_are_filtered_and_paged(rest, exchange, guest) -> None:
    first = min(row.delivery_ms for row in exchange.instruments("option"))
    due = [row.symbol for row in exchange.instruments("option") if row.delivery_ms == first][:3]
    for symbol in due:
        exchange.open_position(guest.uid, symbol, "-0.1")
    past_expiry(exchange)
    rows = await listed(rest, DELIVERED, "category=option", guest)
    assert sorted(row["symbol"] for row in rows) == sorted(due)
    for row in rows:
        strike, is_call = Decimal(row["strike"]), "-C" in row["symbol"]
        gap = Decimal(row["deliveryPrice"]) - strike
        payoff = max(Decimal(0), gap if is_call else -gap)
        assert (row["side"], row["position"]) == ("Sell", "0.1")
        received = Decimal(row["deliveryRpl"]) + payoff / 10
        assert received == pytest.approx(Decimal(row["entryPrice"]) / 10, abs=Decimal("0.000001"))
    day = due[0].split("-")[1]
    assert len(await listed(rest, DELIVERED, f"category=option&expDate={day}", guest)) == 3
    assert await listed(rest, DELIVERED, "category=option&expDate=1JAN30", guest) == []
    assert await listed(rest, DELIVERED, "category=inverse", guest) == []
    page = (await rest.get(DELIVERED, "category=option&limit=2", guest.key))["result"]
    rest_of_it = (
        await rest.get(DELIVERED, f"category=option&limit=2&cursor={page['nextPageCursor']}", guest.key)
    )["result"]
    assert page["list"] + rest_of_it["list"] == rows
    assert rest_of_it["nextPageCursor"] == ""


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (SETTLED, ""),
        (SETTLED, "category=inverse"),
        (DELIVERED, "category=spot"),
        (DELIVERED, "category=option&limit=0"),
        (DELIVERED, "category=option&startTime=1&endTime=2592000002"),
        (SETTLED, "category=linear&startTime=x"),
    ],
)
async def test_bad_parameters_are_refused(rest, guest, path: str, query: str) -> None:
    assert (await rest.get(path, query, guest.key))["retCode"] == 10001


async def test_the_grid_is_the_one_that_margins_come_from(rest, exchange, guest) -> None:
    option = next(row.symbol for row in exchange.instruments("option") if row.symbol.startswith("BTC-"))
    exchange.deposit(guest.uid, "BTC", "1")
    for symbol, size in (("BTCUSDT", "-1"), (option, "-2"), ("ETHUSDT", "3")):
        exchange.open_position(guest.uid, symbol, size)
    exchange.set_spot_hedging(guest.uid, is_on=True)
    exchange.place_order(guest.uid, "BTCUSDT", "0.5", "50000")
    result = (await rest.get(GRID, "", guest.key))["result"]
    btc, eth = result["assetPnlRange"]
    assert (btc["baseCoin"], eth["baseCoin"]) == ("BTC", "ETH")
    worst = min(float(at["pnls"][0]) for at in btc["totalPnlRanges"]["ALL"]["pnlRanges"])
    margin = float(btc["asset"]["assetMM"])
    assert margin == pytest.approx(-worst + float(btc["contingency"]["contingencyComponents"]), abs=1e-6)
    assert float(btc["asset"]["assetIM"]) == pytest.approx(1.2 * margin)
    wallet = (await rest.get("/v5/account/wallet-balance", "accountType=UNIFIED", guest.key))["result"][
        "list"
    ][0]
    total = margin + float(eth["asset"]["assetMM"])
    assert float(result["wallet"]["accountMM"]) == pytest.approx(total, abs=1e-4)
    assert result["wallet"]["accountMM"] == wallet["totalMaintenanceMargin"]
    assert result["wallet"]["accountMMRate"] == wallet["accountMMRate"]
    (future,) = btc["perpPositionPnlRanges"]
    assert (future["position"], future["orderSize"], future["contractType"]) == ("-1", "0.5", 2)
    (expiry,) = btc["optionExpiryDatePnlRanges"]
    assert expiry["expiryDateRepresentation"] in option
    assert [len(at["pnls"]) for at in expiry["pnlRanges"]] == [3] * 11
    hedge = btc["spotHedgeInfo"]
    coin = next(row for row in wallet["coin"] if row["coin"] == "BTC")
    assert float(hedge["hedgeSpotSize"]) == pytest.approx(float(coin["spotHedgingQty"])) != 0
    for place, at in enumerate(btc["totalPnlRanges"]["ALL"]["pnlRanges"]):
        parts = [
            float(part["pnlRanges"][place]["pnls"][0])
            for part in (btc["totalPnlRanges"]["PERPETUAL"], btc["totalPnlRanges"]["OPTION"], hedge)
        ]
        assert float(at["pnls"][0]) == pytest.approx(sum(parts), abs=1e-6)
    assert len((await rest.get(GRID, "baseCoin=ETH", guest.key))["result"]["assetPnlRange"]) == 1


async def test_other_modes_have_no_grid(rest, exchange, guest) -> None:
    exchange.open_position(guest.uid, "BTCUSDT", "1")
    exchange.set_margin_mode(guest.uid, "REGULAR_MARGIN")
    result = (await rest.get(GRID, "", guest.key))["result"]
    assert result["assetPnlRange"] == []
    assert float(result["wallet"]["accountMM"]) > 0


async def test_the_demo_host_knows_sessions_and_deliveries_but_no_grid(rest) -> None:
    async with BybitSimServer(Exchange(7, SystemClock(), n_accounts=1), is_demo=True) as server:
        rest.base, key = server.urls.rest, server.exchange.accounts()[0].key
        assert (await rest.get(SETTLED, "category=linear", key))["retCode"] == 0
        assert (await rest.get(DELIVERED, "category=linear", key))["retCode"] == 0
        assert (await rest.get(GRID, "", key))["retCode"] == 10017


async def test_an_option_execution_carries_its_volatilities(rest, exchange, guest) -> None:
    row = next(row for row in exchange.tickers("option") if row.option.vega > 1)
    exchange.open_position(guest.uid, row.symbol, "1")
    (execution,) = await listed(rest, "/v5/execution/list", "category=option", guest)
    assert execution["markIv"] == format(row.option.mark_volatility, "f").rstrip("0")
    assert float(execution["tradeIv"]) == pytest.approx(float(execution["markIv"]), abs=0.0002)
    assert float(execution["underlyingPrice"]) > 0
    exchange.open_position(guest.uid, "BTCUSDT", "1")
    (plain,) = await listed(rest, "/v5/execution/list", "category=linear", guest)
    assert (plain["tradeIv"], plain["markIv"], plain["underlyingPrice"]) == ("", "", "")


async def test_account_and_wallet_say_that_spot_hedges(rest, exchange, guest) -> None:
    exchange.deposit(guest.uid, "BTC", "0.5")
    exchange.open_position(guest.uid, "BTCUSDT", "-1")

    async def said() -> tuple[str, str]:
        info = (await rest.get("/v5/account/info", "", guest.key))["result"]
        (btc,) = (await listed(rest, "/v5/account/wallet-balance", "accountType=UNIFIED&coin=BTC", guest))[0][
            "coin"
        ]
        return info["spotHedgingStatus"], btc["spotHedgingQty"]

    assert await said() == ("OFF", "0")
    exchange.set_spot_hedging(guest.uid, is_on=True)
    assert await said() == ("ON", "0.5")


async def test_positions_in_a_contract_about_to_change_say_when(rest, exchange, guest) -> None:
    when_ms = exchange.announce_margin_change("SOLUSDT", "1.5", 600.0)
    for symbol in ("SOLUSDT", "ETHUSDT"):
        exchange.open_position(guest.uid, symbol, "1")
    rows = await listed(rest, "/v5/position/list", "category=linear&settleCoin=USDT", guest)
    assert [(row["symbol"], row["isReduceOnly"], row["mmrSysUpdatedTime"]) for row in rows] == [
        ("SOLUSDT", True, str(when_ms)),
        ("ETHUSDT", False, ""),
    ]


async def test_spot_orders_are_listed_pushed_and_filled(server, rest, exchange, guest, open_stream) -> None:
    client = await open_stream(server.urls.private)
    await client.log_in(guest.key)
    await client.ask({"op": "subscribe", "args": ["order.spot", "execution.spot", "wallet", "position"]})
    price = exchange.tickers("spot", "ETHUSDT")[0].last_price // 2
    exchange.place_spot_order(guest.uid, "ETHUSDT", "3", price)
    pushed, wallet = await client.hear(), await client.hear()
    (row,) = await listed(rest, "/v5/order/realtime", "category=spot&symbol=ETHUSDT", guest)
    assert pushed["topic"] == "order.spot"
    assert (row["side"], row["orderStatus"], row["isLeverage"], row["leavesValue"]) == (
        "Buy",
        "New",
        "0",
        str(3 * price),
    )
    assert row.items() <= pushed["data"][0].items()
    assert [coin["coin"] for coin in wallet["data"][0]["coin"]] == ["USDT"]
    assert wallet["data"][0]["coin"][0]["locked"] == str(3 * price)
    exchange.set_price("ETHUSDT", price - price % 1)
    heard = [await client.hear() for _ in range(3)]
    assert [message["topic"] for message in heard] == ["order.spot", "execution.spot", "wallet"]
    assert heard[0]["data"][0]["cumFeeDetail"] == {"ETH": "0.003"}
    (done,) = heard[1]["data"]
    assert (done["category"], done["feeCurrency"], done["execFee"]) == ("spot", "ETH", "0.003")
    assert {coin["coin"]: coin["locked"] for coin in heard[2]["data"][0]["coin"]} == {"USDT": "0", "ETH": "0"}
    (execution,) = await listed(rest, "/v5/execution/list", "category=spot", guest)
    assert execution.items() <= done.items()
    assert await listed(rest, "/v5/order/realtime", "category=spot", guest) == []
    log = await listed(rest, "/v5/account/transaction-log", "category=spot", guest)
    assert [(line["currency"], line["change"]) for line in log] == [
        ("ETH", "2.997"),
        ("USDT", str(-3 * price)),
    ]

"""ccxt (REST and pro) against the simulator, unmodified but for its addresses."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest
from ccxt.base.errors import AuthenticationError, PermissionDenied, RateLimitExceeded

from marginwatch.clock import SystemClock
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountInfo

BTC = "BTC/USDT:USDT"


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(11, SystemClock(), n_accounts=4, activity_per_s=0.0)


@pytest.fixture
def trader(exchange: Exchange) -> AccountInfo:
    return next(a for a in exchange.accounts() if len(exchange.positions(a.uid, "linear")) > 1)


@pytest.fixture
async def server(exchange: Exchange) -> AsyncIterator[BybitSimServer]:
    async with BybitSimServer(exchange) as running:
        yield running


@pytest.fixture
async def client(server: BybitSimServer, trader: AccountInfo) -> AsyncIterator[Any]:
    api = ccxt.pro.bybit(
        {"apiKey": trader.key.api_key, "secret": trader.key.api_secret, "enableRateLimit": False}
    )
    private = server.urls.private
    api.urls["api"] = {
        **api.urls["api"],
        "public": server.urls.rest,
        "private": server.urls.rest,
        "ws": {
            "public": server.urls.public,
            "private": {
                "spot": {"unified": private, "nonUnified": private},
                "contract": private,
                "usdc": private,
                "trade": private,
            },
        },
    }
    yield api
    await api.close()


async def test_markets_positions_and_balance_are_the_truth(client, exchange, trader) -> None:
    markets = await client.load_markets()
    ids = {market["id"] for market in markets.values()}
    assert {row.symbol for row in exchange.instruments("linear")} <= ids
    assert {row.symbol for row in exchange.instruments("inverse")} <= ids
    truth = {row.symbol: row for row in exchange.positions(trader.uid, "linear", settle_coin="USDT")}
    seen = {row["info"]["symbol"]: row for row in await client.fetch_positions()}
    assert seen.keys() == truth.keys()
    for symbol, row in truth.items():
        assert Decimal(str(seen[symbol]["contracts"])) == row.size
        assert seen[symbol]["side"] == {"Buy": "long", "Sell": "short"}[row.side]
        assert seen[symbol]["entryPrice"] == pytest.approx(float(row.entry_price), rel=1e-12)
        assert seen[symbol]["unrealizedPnl"] == pytest.approx(float(row.unrealized_pnl), abs=1e-8)
        assert seen[symbol]["maintenanceMargin"] == pytest.approx(float(row.maintenance_margin), abs=1e-8)
    balance = await client.fetch_balance()
    for coin in exchange.wallet(trader.uid).coins:
        assert balance["total"][coin.coin] == pytest.approx(float(coin.wallet_balance), rel=1e-12)


async def test_orders_trades_and_public_prices(client, exchange, trader) -> None:
    row = next(row for row in exchange.positions(trader.uid, "linear") if row.settle_coin == "USDT")
    step = exchange.instruments("linear", row.symbol)[0].qty_step
    order = exchange.place_order(trader.uid, row.symbol, step, (row.mark_price / 2).quantize(row.mark_price))
    await client.load_markets()
    symbol = next(m["symbol"] for m in client.markets_by_id[row.symbol] if m["swap"])
    orders = await client.fetch_open_orders(symbol)
    assert [(one["id"], Decimal(str(one["amount"]))) for one in orders] == [(order.order_id, step)]
    trades = await client.fetch_my_trades(symbol)
    assert {trade["id"] for trade in trades} == {
        one.exec_id for one in exchange.executions(trader.uid, "linear") if one.symbol == row.symbol
    }
    ticker = (await client.fetch_tickers([BTC]))[BTC]
    assert Decimal(ticker["info"]["markPrice"]) == exchange.tickers("linear", "BTCUSDT")[0].mark_price
    assert (await client.fetch_leverage_tiers([BTC]))[BTC][0]["maintenanceMarginRate"] == 0.005
    assert (await client.fetch_funding_rate(BTC))["fundingRate"] is not None
    assert await client.fetch_ledger("USDT")


async def test_spot_orders_and_trades_are_the_truth(client, exchange, trader) -> None:
    exchange.deposit(trader.uid, "USDT", "100000")
    price = (exchange.tickers("spot", "ETHUSDT")[0].last_price / 2).quantize(Decimal("0.01"))
    order = exchange.place_spot_order(trader.uid, "ETHUSDT", "2", price)
    fill = exchange.fill_order(trader.uid, order.order_id, "0.5")
    await client.load_markets()
    (seen,) = await client.fetch_open_orders("ETH/USDT")
    assert (seen["id"], seen["symbol"], seen["side"], seen["status"]) == (
        order.order_id,
        "ETH/USDT",
        "buy",
        "open",
    )
    assert (seen["amount"], seen["filled"], seen["remaining"]) == (2.0, 0.5, 1.5)
    (trade,) = await client.fetch_my_trades("ETH/USDT")
    assert (trade["id"], trade["order"], trade["amount"], trade["takerOrMaker"]) == (
        fill.exec_id,
        order.order_id,
        0.5,
        "maker",
    )
    assert trade["fee"]["currency"] == "ETH"
    assert trade["fee"]["cost"] == pytest.approx(float(fill.fee))
    balance = await client.fetch_balance()
    usdt = next(row for row in exchange.wallet(trader.uid).coins if row.coin == "USDT")
    assert float(usdt.locked) == pytest.approx(1.5 * float(price))
    assert balance["total"]["USDT"] == pytest.approx(float(usdt.wallet_balance), rel=1e-12)


async def test_refusals_become_the_right_errors(client, server, exchange, trader) -> None:
    client.options["enableUnifiedAccount"] = True
    await client.load_markets()
    exchange.set_key(trader.key.api_key, ips=("192.0.2.1",))
    with pytest.raises(PermissionDenied):
        await client.fetch_positions()
    server.key_rules.revoked.add(trader.key.api_key)
    with pytest.raises(AuthenticationError):
        await client.fetch_positions()
    server.limits.ip_ban_s = 1e9
    server.limits.ban("127.0.0.1", 0.0)
    with pytest.raises(RateLimitExceeded):
        await client.fetch_positions()


async def test_watched_positions_and_balance_follow_the_truth(client, server, exchange, trader) -> None:
    await client.load_markets()
    first = await asyncio.wait_for(client.watch_positions(), 40)
    assert len(first) == len(exchange.positions(trader.uid, "linear", settle_coin="USDT")), (
        "its own REST snapshot"
    )
    waiting = asyncio.create_task(client.watch_positions())
    while not any(one.topics for one in server.private.of_account(trader.uid)):  # no event
        await asyncio.sleep(0.01)
    row = next(row for row in exchange.positions(trader.uid, "linear") if row.settle_coin == "USDT")
    step = exchange.instruments("linear", row.symbol)[0].qty_step
    exchange.open_position(trader.uid, row.symbol, step * 2)
    true = exchange.positions(trader.uid, "linear", symbol=row.symbol)[0]
    for _ in range(5):
        seen = {one["info"]["symbol"]: one for one in await asyncio.wait_for(waiting, 40)}
        if row.symbol in seen and Decimal(str(seen[row.symbol]["contracts"])) == true.size:
            break
        waiting = asyncio.create_task(client.watch_positions())
    assert Decimal(str(seen[row.symbol]["contracts"])) == true.size
    balance = asyncio.create_task(client.watch_balance())
    while not any("wallet" in one.topics for one in server.private.of_account(trader.uid)):  # no event
        await asyncio.sleep(0.01)
    exchange.open_position(trader.uid, row.symbol, step)
    seen_balance = await asyncio.wait_for(balance, 40)
    coins = {coin.coin: coin for coin in exchange.wallet(trader.uid).coins}
    assert seen_balance["USDT"]["total"] == pytest.approx(float(coins["USDT"].wallet_balance), rel=1e-12)


async def test_watched_tickers_move_with_the_market(client, exchange) -> None:
    await client.load_markets()
    await asyncio.wait_for(client.watch_ticker(BTC), 40)
    exchange.set_price("BTCUSDT", 50_000)
    ticker = await asyncio.wait_for(client.watch_ticker(BTC), 40)
    assert ticker["markPrice"] == 50_000


def levels(rows: Any) -> list[tuple[float, float]]:
    return [(float(at), float(size)) for at, size, *_ in rows]


async def test_watched_order_books_are_the_exchanges(client, exchange) -> None:
    await client.load_markets()
    await asyncio.wait_for(client.watch_order_book(BTC, 50), 40)
    for _ in range(3):
        exchange.shock(-0.002)
        seen = await asyncio.wait_for(client.watch_order_book(BTC, 50), 40)
    book = exchange.order_book("linear", "BTCUSDT", 50)
    assert levels(seen["bids"]) == levels(book.bids)
    assert levels(seen["asks"]) == levels(book.asks)
    fetched = await client.fetch_order_book(BTC, 50)
    assert (levels(fetched["bids"]), levels(fetched["asks"])) == (levels(book.bids), levels(book.asks))
    best = await asyncio.wait_for(client.watch_bids_asks([BTC]), 40)
    assert best[BTC]["bid"] == float(book.bids[0][0])


async def test_watched_liquidations_and_trades(client, exchange, server, trader) -> None:
    await client.load_markets()
    liquidations = asyncio.create_task(client.watch_liquidations("ETH/USDT:USDT"))
    trades = asyncio.create_task(client.watch_trades(BTC))
    stream = server.public["linear"]
    while not any(len(one.topics) == 2 for one in stream.connections):  # no event
        await asyncio.sleep(0.01)
    exchange.shock(0.08, "ETH")
    execution = exchange.open_position(trader.uid, "BTCUSDT", "-0.2")
    [first, *_] = await asyncio.wait_for(liquidations, 40)
    assert (first["symbol"], first["side"], first["contracts"] > 0) == ("ETH/USDT:USDT", "sell", True)
    assert first["price"] > float(exchange.tickers("linear", "ETHUSDT")[0].mark_price) * 0.999
    [trade] = await asyncio.wait_for(trades, 40)
    assert (trade["id"], trade["side"], trade["amount"]) == (execution.exec_id, "sell", 0.2)

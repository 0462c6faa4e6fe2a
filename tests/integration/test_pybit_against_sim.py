"""Bybit's own client library against the simulator, unmodified but for its addresses, beside our own parser."""

import asyncio
import queue
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import msgspec
import pybit.unified_trading
import pytest
from pybit.exceptions import FailedRequestError, InvalidRequestError

from marginwatch.clock import SystemClock
from marginwatch.model.events import PositionsUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountInfo
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.positions import parse_positions
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame
from marginwatch.venues.bybit.parse.wallet import parse_wallet

EIGHT = Decimal("1e-8")


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


def session_of(server: BybitSimServer, api_key: str, api_secret: str, **options: Any) -> Any:
    session = pybit.unified_trading.HTTP(api_key=api_key, api_secret=api_secret, **options)
    session.endpoint = server.urls.rest
    return session


@pytest.fixture
def session(server: BybitSimServer, trader: AccountInfo) -> Any:
    return session_of(server, trader.key.api_key, trader.key.api_secret)


async def test_positions_are_the_truth_for_pybit_and_for_us(session, exchange, trader) -> None:
    reply = await asyncio.to_thread(session.get_positions, category="linear", settleCoin="USDT", limit=200)
    truth = {row.symbol: row for row in exchange.positions(trader.uid, "linear", settle_coin="USDT")}
    theirs = {row["symbol"]: row for row in reply["result"]["list"]}
    raw = msgspec.Raw(msgspec.json.encode(reply["result"]))
    parsed = parse_positions(raw, "linear", InstrumentCatalog(VenueId("bybit-sim")))
    ours = {position.instrument.venue_symbol: position for position in parsed.rows}
    assert not parsed.failures
    assert theirs.keys() == truth.keys() == ours.keys()
    for symbol, row in truth.items():
        signed = row.size if row.side == "Buy" else -row.size
        assert Decimal(theirs[symbol]["size"]) == row.size
        assert Decimal(ours[symbol].quantity) == signed
        assert (
            Decimal(ours[symbol].entry_price)
            == Decimal(theirs[symbol]["avgPrice"])
            == row.entry_price.quantize(EIGHT)
        )
        assert Decimal(ours[symbol].unrealized_pnl) == row.unrealized_pnl.quantize(EIGHT)
        assert Decimal(ours[symbol].maintenance_margin) == row.maintenance_margin.quantize(EIGHT)


async def test_the_wallet_is_the_truth_for_pybit_and_for_us(session, exchange, trader) -> None:
    reply = await asyncio.to_thread(session.get_wallet_balance, accountType="UNIFIED")
    totals = exchange.wallet(trader.uid).totals
    parsed = parse_wallet(msgspec.Raw(msgspec.json.encode(reply["result"])))
    assert not parsed.failures
    assert Decimal(parsed.account.equity) == totals.total_equity.quantize(EIGHT)
    assert Decimal(parsed.account.adjusted_equity) == totals.total_margin_balance.quantize(EIGHT)
    assert Decimal(parsed.account.maintenance_margin) == totals.total_maintenance_margin.quantize(EIGHT)
    coins = {coin.coin: coin.wallet_balance for coin in exchange.wallet(trader.uid).coins}
    assert {b.asset: Decimal(b.wallet_balance) for b in parsed.balances} == coins


async def test_the_other_reads_of_a_monitor_answer(session) -> None:
    for read, options in (
        (session.get_server_time, {}),
        (session.get_account_info, {}),
        (session.get_collateral_info, {}),
        (session.get_api_key_information, {}),
        (session.get_coin_greeks, {}),
        (session.get_fee_rates, {"category": "linear"}),
        (session.get_tickers, {"category": "inverse"}),
        (session.get_instruments_info, {"category": "spot"}),
        (session.get_risk_limit, {"category": "linear"}),
        (session.get_open_orders, {"category": "linear", "settleCoin": "USDT"}),
        (session.get_executions, {"category": "linear"}),
        (session.get_closed_pnl, {"category": "linear"}),
        (session.get_transaction_log, {}),
        (session.get_coins_balance, {"accountType": "FUND"}),
        (session.get_coin_balance, {"accountType": "UNIFIED", "coin": "USDT"}),
    ):
        assert (await asyncio.to_thread(read, **options))["retCode"] == 0, read


async def test_sessions_deliveries_and_spot_orders_are_the_truth_for_pybit(server, exchange) -> None:
    info = exchange.open_account("settled")
    for coin in ("USDC", "USDT"):
        exchange.deposit(info.uid, coin, "500000")
    expiry_ms = min(row.delivery_ms for row in exchange.instruments("option"))
    option = next(row for row in exchange.instruments("option") if row.delivery_ms == expiry_ms)
    for symbol in ("ETHPERP", option.symbol):
        exchange.open_position(info.uid, symbol, "2")
    order = exchange.place_spot_order(info.uid, "SOLUSDT", "5", "20")
    exchange.step((expiry_ms - exchange.now_ms()) / 1000.0 + 1.0)
    session = session_of(server, info.key.api_key, info.key.api_secret)
    reply = await asyncio.to_thread(session.get_usdc_contract_settlement, category="linear")
    truth = exchange.settlements(info.uid)
    assert [Decimal(row["realisedPnl"]) for row in reply["result"]["list"]] == [
        row.realized_pnl for row in truth
    ]
    reply = await asyncio.to_thread(session.get_option_delivery_record, category="option")
    (row,), (true,) = reply["result"]["list"], exchange.deliveries(info.uid, "option")
    assert (row["symbol"], Decimal(row["deliveryPrice"])) == (option.symbol, true.price)
    assert Decimal(row["deliveryRpl"]) == true.realized_pnl
    reply = await asyncio.to_thread(session.get_open_orders, category="spot")
    assert [row["orderId"] for row in reply["result"]["list"]] == [order.order_id]


async def test_pybit_recognizes_refusals(server, session, trader) -> None:
    wrong = session_of(server, trader.key.api_key, "not the secret")
    with pytest.raises(InvalidRequestError) as caught:
        await asyncio.to_thread(wrong.get_account_info)
    assert caught.value.status_code == 10004
    with pytest.raises(InvalidRequestError) as caught:
        await asyncio.to_thread(session.get_positions, category="linear")
    assert caught.value.status_code == 10001
    server.limits.ban("127.0.0.1", 0.0)
    server.limits.ip_ban_s = 1e9
    server.limits.ban("127.0.0.1", 0.0)
    with pytest.raises(FailedRequestError) as caught:
        await asyncio.to_thread(session.get_account_info)
    assert caught.value.status_code == 403


async def test_pybit_waits_out_a_rate_limit(server, trader) -> None:
    eager = session_of(server, trader.key.api_key, trader.key.api_secret, return_response_headers=True)
    replies = [
        await asyncio.to_thread(eager.get_fee_rates, category="linear", symbol="BTCUSDT") for _ in range(6)
    ]
    assert [reply[0]["retCode"] for reply in replies] == [0] * 6
    assert server.front.counts["retCode 10006"] >= 1


@pytest.fixture
async def sockets(server: BybitSimServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Any]]:
    monkeypatch.setattr(pybit.unified_trading, "PRIVATE_WSS", server.urls.private)
    public = server.urls.public["linear"].removesuffix("linear") + "{CHANNEL_TYPE}"
    monkeypatch.setattr(pybit.unified_trading, "PUBLIC_WSS", public)
    opened: list[Any] = []
    yield opened
    for socket in opened:
        await asyncio.to_thread(socket.exit)


async def hear(heard: "queue.Queue[dict[str, Any]]", wanted: set[str]) -> dict[str, dict[str, Any]]:
    messages: dict[str, dict[str, Any]] = {}
    while not wanted <= messages.keys():
        message = await asyncio.to_thread(heard.get, timeout=5)
        messages[message["topic"]] = message
    return messages


async def test_private_pushes_are_the_truth_for_pybit_and_for_us(server, sockets, exchange, trader) -> None:
    heard: queue.Queue[dict[str, Any]] = queue.Queue()

    def connect() -> None:
        key = trader.key
        socket = pybit.unified_trading.WebSocket(
            testnet=False, channel_type="private", api_key=key.api_key, api_secret=key.api_secret
        )
        sockets.append(socket)
        for name in ("position", "wallet", "order", "execution"):
            getattr(socket, f"{name}_stream")(heard.put)

    await asyncio.to_thread(connect)
    while sum(len(one.topics) for one in server.private.of_account(trader.uid)) < 4:  # no event
        await asyncio.sleep(0.01)
    symbol = exchange.positions(trader.uid, "linear", settle_coin="USDT")[0].symbol
    step = next(row.qty_step for row in exchange.instruments("linear", symbol))
    exchange.open_position(trader.uid, symbol, step * 3)
    messages = await hear(heard, {"position", "wallet", "execution"})
    true = exchange.positions(trader.uid, "linear", symbol=symbol)[0]
    row = messages["position"]["data"][0]
    assert (row["symbol"], row["side"], Decimal(row["size"])) == (symbol, true.side, true.size)
    frame = msgspec.json.encode(messages["position"])
    events = parse_private_frame(frame, AccountId(trader.name), InstrumentCatalog(VenueId("bybit-sim")), 1)
    assert isinstance(events, tuple)
    assert isinstance(events[0], PositionsUpdate)
    assert abs(Decimal(events[0].positions[0].quantity)) == true.size


async def test_pybit_merges_our_ticker_deltas(sockets, exchange, server) -> None:
    heard: queue.Queue[dict[str, Any]] = queue.Queue()

    def connect() -> None:
        sockets.append(pybit.unified_trading.WebSocket(testnet=False, channel_type="linear"))
        sockets[-1].ticker_stream("BTCUSDT", heard.put)

    await asyncio.to_thread(connect)
    first = (await hear(heard, {"tickers.BTCUSDT"}))["tickers.BTCUSDT"]["data"]
    exchange.set_price("BTCUSDT", 50_000)
    second = (await hear(heard, {"tickers.BTCUSDT"}))["tickers.BTCUSDT"]["data"]
    assert Decimal(second["markPrice"]) == 50_000
    assert first.keys() == second.keys()


async def test_pybit_keeps_our_order_book(sockets, exchange, server) -> None:
    heard: queue.Queue[dict[str, Any]] = queue.Queue()

    def connect() -> None:
        sockets.append(pybit.unified_trading.WebSocket(testnet=False, channel_type="linear"))
        sockets[-1].orderbook_stream(50, "BTCUSDT", heard.put)

    await asyncio.to_thread(connect)
    await hear(heard, {"orderbook.50.BTCUSDT"})
    for _ in range(4):
        exchange.shock(-0.002)
        merged = (await hear(heard, {"orderbook.50.BTCUSDT"}))["orderbook.50.BTCUSDT"]["data"]
    book = exchange.order_book("linear", "BTCUSDT", 50)
    # pybit appends new levels where they come, so that its book has to be sorted.
    for side, levels, is_bids in (("b", book.bids, True), ("a", book.asks, False)):
        rows = sorted(((Decimal(at), Decimal(size)) for at, size in merged[side]), reverse=is_bids)
        assert tuple(rows) == levels


async def test_pybit_hears_liquidations_pools_and_announcements(sockets, exchange, server) -> None:
    heard: queue.Queue[dict[str, Any]] = queue.Queue()

    def connect() -> None:
        for channel in ("linear", "misc/status"):
            sockets.append(pybit.unified_trading.WebSocket(testnet=False, channel_type=channel))
        sockets[0].all_liquidation_stream("ETHUSDT", heard.put)
        sockets[0].insurance_pool_stream("USDT", heard.put)
        sockets[0].trade_stream("BTCUSDT", heard.put)
        sockets[1].system_status_stream(heard.put)

    await asyncio.to_thread(connect)
    streams = (server.public["linear"], server.status)
    while [len(one.topics) for stream in streams for one in stream.connections] != [3, 1]:  # no event
        await asyncio.sleep(0.01)
    exchange.shock(-0.1, "ETH")
    exchange.set_insurance_pool("USDT", 1_234_567)
    exchange.open_position(exchange.accounts()[1].uid, "BTCUSDT", "0.1")
    server.front.announcements.append({"id": "1", "title": "upgrade", "state": "scheduled"})
    wanted = {"allLiquidation.ETHUSDT", "publicTrade.BTCUSDT", "system.status", "insurance.USDT"}
    messages = await hear(heard, wanted)
    while messages["insurance.USDT"]["type"] == "snapshot":
        messages |= await hear(heard, {"insurance.USDT"})
    assert {row["S"] for row in messages["allLiquidation.ETHUSDT"]["data"]} == {"Buy"}
    assert messages["insurance.USDT"]["data"][0]["balance"] == "1234567"
    assert messages["publicTrade.BTCUSDT"]["data"][0]["v"] == "0.1"
    assert messages["system.status"]["data"][0]["title"] == "upgrade"


async def test_pybit_reads_books_and_pools(session, exchange) -> None:
    reply = await asyncio.to_thread(session.get_orderbook, category="linear", symbol="ETHUSDT", limit=3)
    book = exchange.order_book("linear", "ETHUSDT", 3)
    assert tuple((Decimal(at), Decimal(size)) for at, size in reply["result"]["b"]) == book.bids
    pools = (await asyncio.to_thread(session.get_insurance, coin="USDT"))["result"]["list"]
    assert [Decimal(row["balance"]) for row in pools] == [exchange.insurance_pools("USDT")[0].balance]

"""The remote control, used as another program's test would."""

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.control import Control
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange

TOKEN = "a token of this test"
ORDER = {"account": "treasury", "symbol": "BTCUSDT", "quantity": "0.1", "price": "50000"}
MOVE = {"from_account": "treasury", "to_account": "dir-momentum", "coin": "USDT", "amount": "1"}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Remote:
    """Says and hears JSON."""

    def __init__(self, control: Control, http: aiohttp.ClientSession) -> None:
        self.control, self.http = control, http

    async def ask(self, path: str, body: Any = None, headers: Any = HEADERS) -> tuple[int, dict[str, Any]]:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, self.control.url + path, json=body, headers=headers) as reply:
            return reply.status, await reply.json()

    async def __call__(self, path: str, body: Any = None) -> dict[str, Any]:
        status, answer = await self.ask(path, body)
        assert status == 200, answer
        return answer


@pytest.fixture
async def manual(http) -> AsyncIterator[tuple[Remote, BybitSimServer, ManualClock]]:
    clock = ManualClock(time.time_ns())
    exchange = Exchange(7, clock, n_accounts=4, activity_per_s=5.0)
    async with BybitSimServer(exchange, clock=clock) as server:
        control = Control(server, TOKEN, clock=clock)
        await control.start()
        yield Remote(control, http), server, clock
        await control.stop()


@pytest.fixture
async def remote(server, http) -> AsyncIterator[Remote]:
    control = Control(server, TOKEN)
    await control.start()
    yield Remote(control, http)
    await control.stop()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
async def test_nobody_without_the_token_is_heard(remote, exchange, headers) -> None:
    before = exchange.tickers("linear", "BTCUSDT")[0].mark_price
    status, answer = await remote.ask("/price", {"symbol": "BTCUSDT", "price": "1000"}, headers)
    assert status == 401
    assert TOKEN not in str(answer)
    assert exchange.tickers("linear", "BTCUSDT")[0].mark_price == before


async def test_the_wire_has_no_door_to_it(remote, server, http) -> None:
    async with http.post(server.urls.rest + "/price", json={}, headers=HEADERS) as reply:
        assert reply.status == 404


async def test_time_moves_by_what_is_asked_for_and_no_more(manual) -> None:
    remote, server, _ = manual
    before = (await remote("/stats"))["now_ms"]
    assert (await remote("/advance", {"seconds": 12.35}))["now_ms"] == before + 12_350
    stats = await remote("/stats")
    assert stats["now_ms"] == before + 12_350 == server.exchange.now_ms()
    assert stats["exchange"]["position_changes"] > 0


async def test_time_that_runs_by_itself_cannot_be_moved(remote) -> None:
    status, answer = await remote.ask("/advance", {"seconds": 1})
    assert (status, "--manual-clock" in answer["error"]) == (400, True)


async def test_a_market_that_is_held_stands_still_and_catches_up_afterwards(http) -> None:
    clock = ManualClock(time.time_ns() // 1_000_000_000 * 1_000_000_000)
    exchange = Exchange(7, clock, n_accounts=4, activity_per_s=5.0)
    async with BybitSimServer(exchange, clock=clock) as server:
        control = Control(server, TOKEN)
        await control.start()
        remote, running = Remote(control, http), asyncio.create_task(exchange.run())
        await remote("/hold", {"is_held": True})
        await clock.advance(5.0)
        assert exchange.stats().steps == 0
        await remote("/hold", {"is_held": False})
        for _ in range(20):
            await clock.advance(0.1)
        assert exchange.now_ms() == clock.now_ns() // 1_000_000
        assert exchange.stats().position_changes > 0
        running.cancel()
        await control.stop()


async def test_it_tells_how_much_of_each_limit_was_ever_used(remote, rest, trader) -> None:
    for _ in range(5):
        await rest.get("/v5/user/query-api", "", trader.key)
    peaks = (await remote("/stats"))["limits"]
    assert peaks["calls"] == {"limit": 600, "per_s": 5.0, "peak": 5}
    assert peaks["sockets"] == {"limit": 500, "per_s": 300.0, "peak": 0}
    assert peaks["endpoint"]["peak"] == 0.5


async def test_a_price_a_position_and_money_are_true_at_once(remote, trader) -> None:
    await remote("/deposit", {"account": trader.name, "coin": "USDC", "amount": "123.45"})
    coins = (await remote(f"/truth?account={trader.name}"))["truth"]["wallet"]["coins"]
    assert next(coin["wallet_balance"] for coin in coins if coin["coin"] == "USDC") == "123.45000000"
    await remote("/price", {"symbol": "BTCUSDT", "price": "50000"})
    before = await truth(remote, trader.uid, "BTCUSDT")
    done = await remote("/position", {"account": trader.uid, "symbol": "BTCUSDT", "quantity": "0.5"})
    assert Decimal(done["execution"]["price"]) == 50_000
    assert done["execution"]["qty"] == "0.5"
    assert await truth(remote, trader.uid, "BTCUSDT") == before + Decimal("0.5")
    order = {"account": trader.uid, "symbol": "BTCUSDT", "quantity": "0.5", "price": "40000"}
    assert (await remote("/order", order))["order"]["status"] == "New"


async def truth(remote, uid: str, symbol: str) -> Decimal:
    rows = (await remote(f"/truth?account={uid}"))["truth"]["positions"]
    signs = {"Buy": 1, "Sell": -1}
    return sum(
        (signs[row["side"]] * Decimal(row["size"]) for row in rows if row["symbol"] == symbol), Decimal(0)
    )


async def test_orders_are_placed_moved_and_cancelled(remote, exchange) -> None:
    uid = exchange.accounts()[0].uid
    placed = (await remote("/order", ORDER))["order"]
    spot = (await remote("/order", {**ORDER, "category": "spot"}))["order"]
    assert (placed["category"], spot["category"]) == ("linear", "spot")
    moved = {"account": "treasury", "order_id": spot["order_id"], "price": "40000"}
    assert Decimal((await remote("/amend", moved))["order"]["price"]) == 40_000
    (usdt,) = (coin for coin in exchange.wallet(uid).coins if coin.coin == "USDT")
    assert usdt.locked == 4_000
    (gone,) = (await remote("/cancel", {"account": uid, "order_id": placed["order_id"]}))["orders"]
    assert (gone["order_id"], gone["status"]) == (placed["order_id"], "Cancelled")
    assert len((await remote("/cancel", {"account": "treasury"}))["orders"]) == 1
    assert exchange.truth(uid).orders == ()
    assert (await remote("/cancel", {"account": "treasury"}))["orders"] == []


async def test_money_moves_between_wallets_and_accounts(remote, exchange) -> None:
    uids = [info.uid for info in exchange.accounts()[:2]]

    def held() -> list[Decimal]:
        return [
            next(c.wallet_balance for c in exchange.wallet(uid).coins if c.coin == "USDT") for uid in uids
        ]

    giver, taker = held()
    await remote("/transfer", {**MOVE, "amount": "1234.5"})
    assert held() == [giver - Decimal("1234.5"), taker + Decimal("1234.5")]
    outside = exchange.funding_balances(uids[0])["USDT"]
    answer = await remote("/funding", {"account": "treasury", "coin": "USDT", "amount": "1000"})
    assert Decimal(answer["funding_balance"]) == outside - 1000 == exchange.funding_balances(uids[0])["USDT"]
    assert held()[0] == giver - Decimal("234.5")
    exchange.check_books()


async def test_isolated_margin_spot_hedging_and_pools(remote, exchange) -> None:
    info = exchange.open_account("alone", margin_mode="ISOLATED_MARGIN")
    exchange.deposit(info.uid, "USDT", "5000")
    exchange.open_position(info.uid, "SOLUSDT", "10")
    (before,) = exchange.positions(info.uid, "linear")
    await remote("/margin", {"account": "alone", "symbol": "SOLUSDT", "amount": "25.5"})
    (after,) = exchange.positions(info.uid, "linear")
    assert after.initial_margin - before.initial_margin == Decimal("25.5")
    await remote("/mode", {"account": "treasury", "margin_mode": "PORTFOLIO_MARGIN"})
    assert await remote("/hedging", {"account": "treasury", "is_on": True}) == {"is_on": True}
    assert exchange.settings(exchange.accounts()[0].uid).spot_hedging is True
    await remote("/pool", {"coin": "USDT", "amount": "12.5"})
    assert exchange._world.house.pool_left("USDT") == Decimal("12.5")


async def test_a_margin_change_is_announced(remote, exchange, trader) -> None:
    exchange.open_position(trader.uid, "SOLUSDT", "10")
    answer = await remote("/margin_change", {"symbol": "SOLUSDT", "factor": "1.5", "delay_s": 600})
    row = next(row for row in exchange.positions(trader.uid, "linear") if row.symbol == "SOLUSDT")
    assert (row.is_reduce_only, row.margin_change_ms) == (True, answer["effective_ms"])
    status, again = await remote.ask("/margin_change", {"symbol": "SOLUSDT", "factor": "1.5", "delay_s": 600})
    assert (status, "under way" in again["error"]) == (400, True)


async def test_it_breaks_and_mends(remote, rest, trader, open_stream, server) -> None:
    await remote("/break", {"faults": "retcode.10016@/v5/account/*=1"})
    assert (await rest.get("/v5/account/info", "", trader.key))["retCode"] == 10016
    assert (await remote("/stats"))["counts"]["retCode 10016"] == 1
    await remote("/ban", {"seconds": 600})
    assert (await rest.raw("/v5/market/time"))[0] == 403
    await remote("/mend", {})
    assert (await rest.get("/v5/account/info", "", trader.key))["retCode"] == 0
    client = await open_stream(server.urls.private)
    await client.log_in(trader.key)
    assert (await remote("/cut", {"account": trader.name}))["sockets"] == 1
    await client.socket.receive(timeout=20)
    assert client.socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
    await remote("/revoke", {"account": trader.name, "how": "expired"})
    assert (await rest.get("/v5/account/info", "", trader.key))["retCode"] == 33004
    await remote("/announce", {"rows": [{"id": "1", "title": "upgrade", "state": "scheduled"}]})
    assert (await rest.get("/v5/system/status"))["result"]["list"][0]["title"] == "upgrade"


async def test_it_freezes_and_delays_the_private_side(remote, server) -> None:
    await remote("/freeze", {"is_frozen": True, "with_prices": True})
    await remote("/late", {"seconds": 90})
    assert server.front.lag.is_silent
    assert not server.front.lag.is_replying_still
    assert server.front.lag.late_s == 90.0
    assert all(stream.is_frozen for stream in server.public.values())
    await remote("/mend", {})
    assert (server.front.lag.is_silent, server.front.lag.late_s) == (False, 0.0)
    assert not any(stream.is_frozen for stream in server.public.values())


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/price", {"symbol": "NOPE", "price": "1"}, "NOPE"),
        ("/price", {"symbol": "BTCUSDT", "price": "many"}, ""),
        ("/price", {"symbol": "BTCUSDT"}, "price"),
        ("/position", {"account": "nobody", "symbol": "BTCUSDT", "quantity": "1"}, "nobody"),
        ("/break", {"faults": "gremlins=1"}, "gremlins"),
        ("/advance", {"seconds": -1}, "seconds"),
        ("/advance", {"hours": 1}, "hours"),
        ("/mode", {"account": "nobody", "margin_mode": "X"}, "nobody"),
        ("/mode", {"account": "treasury", "margin_mode": "X"}, "PORTFOLIO_MARGIN"),
        ("/position", {"account": "treasury", "symbol": "BTCUSDT", "quantity": "1e400"}, "$.quantity"),
        ("/position", {"account": "treasury", "symbol": "BTCUSDT", "quantity": "NaN"}, "$.quantity"),
        ("/position", {"account": "treasury", "symbol": "BTCUSDT", "quantity": "1" * 40}, "$.quantity"),
        ("/position", {"account": "treasury", "symbol": "BTCUSDT", "quantity": "1", "position_idx": 3}, "3"),
        ("/order", {**ORDER, "price": "-1"}, "price of BTCUSDT must be positive"),
        ("/order", {**ORDER, "category": "inverse"}, "listed in inverse"),
        ("/order", {**ORDER, "category": "swap"}, "$.category"),
        ("/order", {**ORDER, "category": "spot", "quantity": "90000"}, "available"),
        ("/order", {**ORDER, "category": "spot", "symbol": "BTCPERP"}, "spot pair"),
        (
            "/amend",
            {"account": "treasury", "order_id": "x", "price": "1"},
            "order_id must be of an open order",
        ),
        ("/cancel", {"account": "treasury", "order_id": "x"}, "order_id must be of an open order"),
        ("/deposit", {"account": "treasury", "coin": "SHIB", "amount": "1"}, "SHIB"),
        ("/deposit", {"account": "treasury", "coin": "USDT", "amount": 5}, "$.amount"),
        ("/transfer", {**MOVE, "amount": "100000000"}, "withdrawable"),
        ("/transfer", {**MOVE, "amount": "-1"}, "withdrawable"),
        ("/transfer", {**MOVE, "to_account": "nobody"}, "nobody"),
        ("/funding", {"account": "treasury", "coin": "BTC", "amount": "5"}, "must be held"),
        ("/margin", {"account": "treasury", "symbol": "BTCUSD", "amount": "1"}, "isolated"),
        ("/hedging", {"account": "treasury", "is_on": True}, "portfolio margin"),
        ("/hedging", {"account": "treasury", "is_on": 1}, "$.is_on"),
        ("/margin_change", {"symbol": "SOLUSDT", "factor": "0", "delay_s": 1}, "factor of SOLUSDT"),
        ("/margin_change", {"symbol": "NOPE", "factor": "2", "delay_s": 1}, "NOPE"),
        ("/margin_change", {"symbol": "SOLUSDT", "factor": "2", "delay_s": -1}, "$.delay_s"),
        ("/pool", {"coin": "USDT", "amount": "-1"}, "0 or more"),
        ("/pool", {"coin": "NOPE", "amount": "1"}, "NOPE"),
    ],
)
async def test_what_cannot_be_done_is_said_and_changes_nothing(remote, exchange, path, body, said) -> None:
    uids = [info.uid for info in exchange.accounts()]

    def everything() -> object:
        truths = [exchange.truth(uid) for uid in uids]
        return exchange.stats(), exchange.tickers("linear"), truths, exchange._world.house.pool_left("USDT")

    before = everything()
    status, answer = await remote.ask(path, body)
    assert status == 400
    assert said in answer["error"]
    assert everything() == before


async def test_a_body_nested_without_end_is_refused(remote, http) -> None:
    body = '{"rows": [{"id": ' + "[" * 100_000
    async with http.post(remote.control.url + "/announce", data=body, headers=HEADERS) as reply:
        assert (reply.status, await reply.json()) == (400, {"error": "the body is nested too deep"})


async def test_prices_and_sizes_beyond_the_listing_are_refused_and_change_nothing(remote, exchange) -> None:
    before = exchange.tickers("linear", "BTCUSDT")[0].mark_price
    trade = {"account": "treasury", "symbol": "BTCUSDT", "quantity": "0.1"}
    for path, body in (
        ("/price", {"symbol": "BTCUSDT", "price": "999999999999999"}),
        ("/position", trade | {"quantity": "999999999999999"}),
        ("/position", trade | {"price": "999999999999999"}),
        ("/order", trade | {"price": "999999999999999"}),
    ):
        status, answer = await remote.ask(path, body)
        assert status == 400, path
        assert "must" in answer["error"]
        assert exchange.tickers("linear", "BTCUSDT")[0].mark_price == before
    exchange.check_books()

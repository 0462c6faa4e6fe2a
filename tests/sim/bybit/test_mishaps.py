"""What befalls the whole exchange, on a manual clock."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults

LIST, USDT = "/v5/position/list", "category=linear&settleCoin=USDT"


class Stage:
    """A server on a manual clock, one of its accounts, and a client that reads the exchange's clock."""

    def __init__(self, server: BybitSimServer, clock: ManualClock, rest: Any) -> None:
        self.server, self.clock, self.rest = server, clock, rest
        self.exchange = server.exchange
        self.trader = next(a for a in self.exchange.accounts() if a.parent_uid != "0")
        self.symbol = self.exchange.positions(self.trader.uid, "linear", settle_coin="USDT")[0].symbol

    async def size(self) -> Decimal:
        stamp = str(self.server.front.now_ms())
        answer = await self.rest.get(LIST, USDT, self.trader.key, stamp=stamp)
        return next(Decimal(row["size"]) for row in answer["result"]["list"] if row["symbol"] == self.symbol)

    def grow(self) -> Decimal:
        """Let the position grow by one step; return its new size."""
        (row,) = self.exchange.positions(self.trader.uid, "linear", symbol=self.symbol)
        step = self.exchange.instruments("linear", self.symbol)[0].qty_step
        self.exchange.open_position(self.trader.uid, self.symbol, step if row.side == "Buy" else -step)
        return row.size + step

    async def code(self, account: Any) -> int:
        stamp = str(self.server.front.now_ms())
        return (await self.rest.get("/v5/account/info", "", account.key, stamp=stamp))["retCode"]


@pytest.fixture
async def stage(rest) -> AsyncIterator[Stage]:
    clock = ManualClock()
    exchange = Exchange(7, clock, n_accounts=20, activity_per_s=0.0)
    async with BybitSimServer(exchange, Faults(seed=2), clock=clock) as server:
        rest.base = server.urls.rest
        yield Stage(server, clock, rest)


async def listen(stage, open_stream):
    client = await open_stream(stage.server.urls.private)
    expires = stage.server.front.now_ms() + 10_000
    assert (await client.log_in(stage.trader.key, expires=expires))["success"] is True
    await client.ask({"op": "subscribe", "args": ["position"]})
    return client


async def test_a_ban_lasts_ten_minutes_or_as_long_as_told(stage) -> None:
    assert RateLimits().ip_ban_s == 600.0
    await stage.rest.raw("/v5/market/time")
    stage.server.faults.plan = parse_faults("ban=5s,ban_for=20s")
    while not stage.server.front.counts["ban"]:
        await stage.clock.advance(1.0)
    stage.server.faults.plan = parse_faults("ban_for=20s")
    status, _, text = await stage.rest.raw("/v5/market/time")
    assert (status, text[:6]) == (403, "<html>")
    await stage.clock.advance(18.0)
    assert (await stage.rest.raw("/v5/market/time"))[0] == 403
    await stage.clock.advance(3.0)
    assert (await stage.rest.raw("/v5/market/time"))[0] == 200


async def test_keys_die_on_time_and_only_the_doomed_ones(stage, open_stream) -> None:
    client = await listen(stage, open_stream)
    stage.server.faults.plan = parse_faults("revoke=100%,revoke_after=30s..40s")
    dooms = stage.server.mishaps.doomed
    assert len(dooms) == 20
    stage.server.faults.plan = parse_faults("revoke=25%,revoke_after=30s..40s")
    dooms = stage.server.mishaps.doomed
    assert len(dooms) == 5
    await stage.clock.advance(29.0)
    assert {await stage.code(account) for account in stage.exchange.accounts()} == {0}
    await stage.clock.advance(12.0)
    expected = {"revoked": 10003, "expired": 33004, "bound elsewhere": 10010}
    for account in stage.exchange.accounts():
        doom = dooms.get(account.uid)
        assert await stage.code(account) == (expected[doom.how] if doom else 0)
    stage.server.mishaps.kill_key(stage.trader.uid)
    await client.socket.receive(timeout=20)
    assert client.socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


async def test_accounts_change_their_margin_mode(stage) -> None:
    before = {a.uid: stage.exchange.settings(a.uid).margin_mode for a in stage.exchange.accounts()}
    stage.server.faults.plan = parse_faults("mode_change=10s")
    await stage.clock.advance(300.0)
    after = {a.uid: stage.exchange.settings(a.uid).margin_mode for a in stage.exchange.accounts()}
    assert before != after
    assert stage.server.front.counts["mode_change"] > 10


async def test_a_frozen_private_side_repeats_itself_and_is_silent(stage, open_stream) -> None:
    client = await listen(stage, open_stream)
    stage.server.faults.plan = parse_faults("freeze=1m,freeze_for=40s")
    before = await stage.size()
    while not stage.server.front.lag.is_silent:
        await stage.clock.advance(1.0)
    now = stage.grow()
    assert await client.hears_nothing()
    assert await stage.size() == before != now
    assert (await stage.rest.get("/v5/market/time"))["retCode"] == 0
    stage.server.faults.plan = parse_faults("freeze_for=40s")
    await stage.clock.advance(41.0)
    assert await stage.size() == now
    now = stage.grow()
    assert Decimal((await client.hear())["data"][0]["size"]) == now


async def test_a_late_private_side_tells_the_past(stage, open_stream) -> None:
    client = await listen(stage, open_stream)
    stage.server.faults.plan = parse_faults("late=60s")
    before = await stage.size()
    now = stage.grow()
    await stage.clock.advance(59.0)
    assert await stage.size() == before
    assert await client.hears_nothing()
    await stage.clock.advance(62.0)
    assert await stage.size() == now
    assert Decimal((await client.hear())["data"][0]["size"]) == now


async def test_when_faults_stop_what_is_late_comes_at_once_and_in_order(stage, open_stream) -> None:
    client = await listen(stage, open_stream)
    stage.server.faults.plan = parse_faults("late=2m")
    first, second = stage.grow(), stage.grow()
    stage.server.faults.stop()
    await stage.clock.advance(0.2)
    assert [Decimal((await client.hear())["data"][0]["size"]) for _ in range(2)] == [first, second]
    assert await stage.size() == second


@pytest.mark.parametrize(("move", "is_crash"), [("0.97", False), ("0.94", True), ("1.06", True)])
async def test_a_crash_of_the_market_freezes_the_private_side(stage, move, is_crash) -> None:
    stage.server.faults.plan = parse_faults("crash_freeze=90s,crash_late=2m")
    leader = stage.exchange.tickers("linear")[0]
    tick = stage.exchange.instruments("linear", leader.symbol)[0].tick_size
    stage.exchange.step(0.5)
    await stage.clock.advance(0.5)
    stage.exchange.set_price(leader.symbol, leader.mark_price * Decimal(move) // tick * tick)
    assert stage.server.front.lag.is_silent is is_crash
    assert stage.server.front.lag.late_s == (120.0 if is_crash else 0.0)
    await stage.clock.advance(91.0)
    assert not stage.server.front.lag.is_silent
    await stage.clock.advance(300.0)
    assert stage.server.front.lag.late_s == 0.0

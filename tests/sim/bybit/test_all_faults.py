"""Every fault at once: the exchange itself never fails, its books add up, and all is well once the faults stop."""

import asyncio
import contextlib
import json
import logging

import aiohttp
import pytest

from marginwatch.clock import SystemClock
from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import FaultPlan, Faults, parse_faults

EVERYTHING = (
    "drop=2%,duplicate=5%,reorder=5%,malformed=2%,wrong_types=2%,huge=0.1%,trickle=2%,truncate=0.2%,delay=1ms..20ms,"
    "slow_reader=1ms..20ms,disconnect=2s,close=3s,half_open=5s,refuse_socket=10%,refuse_login=10%,latency=1ms..10ms,"
    "rest_error=4%,rest_busy=4%,rest_limited=4%,rest_cut=4%,rest_hang=1%,rest_empty=4%,rest_page=4%,"
    "rest_malformed=4%,rest_truncate=4%,rest_wrong_types=4%,rest_huge=1%,short_pages=30%,retcode.10016=4%,"
    "retcode.131001@/v5/account/*=4%,ban=300ms,ban_for=50ms,freeze=300ms,freeze_for=50ms..100ms,late=200ms,"
    "crash_freeze=300ms,crash_late=300ms,revoke=25%,revoke_after=1s..2s,mode_change=300ms,clock_skew=-400ms"
)
LASTS_S = 3.0
LASTS_S_MAX = 30.0
"""On a machine so busy that some of it has not yet happened."""

ANSWER_S = 2.0
"""So long an answer is waited for that a fault may have swallowed."""

SIGNS = ("rest cut", "rest hang", "rest truncate", "ban", "freeze", "mode_change", "retCode 10016")


def test_the_list_names_every_fault() -> None:
    plan = parse_faults(EVERYTHING)
    assert all(getattr(plan, name) != getattr(FaultPlan(), name) for name in FaultPlan.__struct_fields__), (
        "a fault is not tried"
    )


async def call(rest, account, over: asyncio.Event) -> None:
    """Ask for everything about an account, again and again."""
    while not over.is_set():
        for path, query in (
            ("/v5/position/list", "category=linear&settleCoin=USDT"),
            ("/v5/account/wallet-balance", "accountType=UNIFIED"),
            ("/v5/execution/list", "category=linear"),
            ("/v5/market/tickers", "category=linear"),
        ):
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                await asyncio.wait_for(rest.raw(path, query, rest.headers(account.key, query)), 0.5)
        await asyncio.sleep(0.01)


async def listen(server, open_stream, account, over: asyncio.Event) -> None:
    """Keep a private socket, come what may."""
    while not over.is_set():
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, AssertionError, json.JSONDecodeError):
            client = await open_stream(server.urls.private)
            client.patience_s = ANSWER_S
            await client.log_in(account.key)
            await client.say({"op": "subscribe", "args": ["position", "wallet", "order", "execution"]})
            while not over.is_set():
                await client.hear(0.5)
        await asyncio.sleep(0.02)


async def watch(server, open_stream, over: asyncio.Event) -> None:
    """Keep a public socket with a topic of every family, come what may."""
    topics = [f"{family}.BTCUSDT" for family in ("tickers", "orderbook.200", "publicTrade", "allLiquidation")]
    while not over.is_set():
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, AssertionError, json.JSONDecodeError):
            client = await open_stream(server.urls.public["linear"])
            client.patience_s = ANSWER_S
            await client.say({"op": "subscribe", "args": [*topics, "insurance.USDT", "adlAlert.USDT"]})
            while not over.is_set():
                await client.hear(0.5)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_exchange_outlives_them(rest, open_stream, caplog, seed) -> None:
    caplog.set_level(logging.ERROR)
    exchange = Exchange(seed, SystemClock(), n_accounts=8, scenario="crash", activity_per_s=20.0)
    faults = Faults(parse_faults(EVERYTHING), seed)
    roomy = RateLimits(ip_calls=100_000, sockets=100_000)
    async with BybitSimServer(exchange, faults, limits=roomy) as server:
        rest.base = server.urls.rest
        over = asyncio.Event()
        market = asyncio.create_task(exchange.run())
        busy = [
            asyncio.create_task(one)
            for account in exchange.accounts()
            for one in (call(rest, account, over), listen(server, open_stream, account, over))
        ]
        busy.append(asyncio.create_task(watch(server, open_stream, over)))
        await asyncio.sleep(LASTS_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LASTS_S_MAX - LASTS_S):
                while not all(server.front.counts[sign] for sign in SIGNS):
                    await asyncio.sleep(0.1)
        assert not [task for task in (market, *busy) if task.done()]
        # An event, not a cancellation: a wait that ends at that moment may swallow one.
        over.set()
        await asyncio.wait_for(asyncio.gather(*busy), 10.0)
        market.cancel()
        exchange.check_books()
        faults.stop()
        server.limits.lift_bans()
        dead = server.mishaps.doomed
        assert len(dead) == 2
        for account in exchange.accounts():
            answer = await rest.get("/v5/account/info", "", account.key)
            assert answer["retCode"] == 0 or account.uid in dead
        seen = server.front.counts
        for sign in SIGNS:
            assert seen[sign], f"{sign} did not happen"
    assert not caplog.records

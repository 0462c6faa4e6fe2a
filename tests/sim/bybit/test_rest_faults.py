"""Each fault of a REST call, as a client sees it."""

import asyncio
import json
import time

import aiohttp
import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.broken_replies import HANG_S
from marginwatch.sim.bybit.damage import HUGE_BYTES
from marginwatch.sim.bybit.ret_codes import TEXTS
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults

LIST = "/v5/position/list"
USDT = "category=linear&settleCoin=USDT"


@pytest.fixture
def break_it(server):
    """Set what goes wrong at the running server."""

    def set_faults(text: str) -> None:
        server.faults.plan = parse_faults(text)

    return set_faults


@pytest.mark.parametrize("fault", ["rest_cut", "rest_truncate"])
async def test_a_connection_ends_without_a_whole_reply(break_it, rest, fault) -> None:
    break_it(f"{fault}=1")
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
        await rest.raw("/v5/market/time")
    break_it("")
    assert (await rest.get("/v5/market/time"))["retCode"] == 0


async def test_a_call_hangs_until_the_exchange_gives_it_up(http) -> None:
    clock = ManualClock()
    exchange = Exchange(7, clock, n_accounts=1, activity_per_s=0.0)
    async with BybitSimServer(exchange, Faults(parse_faults("rest_hang=1")), clock=clock) as slow:
        # Not a GET, which the library would try once more.
        call = asyncio.create_task(http.post(slow.urls.rest + "/v5/market/time"))
        while not slow.front.counts["rest hang"]:  # the server keeps a count, not an event
            await asyncio.sleep(0.005)
        await clock.advance(HANG_S - 1)
        assert not call.done()
        await clock.advance(2)
        with pytest.raises(aiohttp.ClientConnectionError):
            await asyncio.wait_for(call, 20.0)


@pytest.mark.parametrize("fault", ["rest_empty", "rest_page", "rest_malformed"])
async def test_a_good_status_brings_no_json(break_it, rest, fault) -> None:
    break_it(f"{fault}=1")
    status, _, text = await rest.raw("/v5/market/tickers", "category=linear")
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_one_value_has_another_type(break_it, rest, exchange, trader) -> None:
    fine = await rest.get(LIST, USDT, trader.key)
    break_it("rest_wrong_types=1")
    kinds: set[str] = set()
    for _ in range(12):
        kinds.add(first_difference(fine, await rest.get(LIST, USDT, trader.key)))
    assert "" not in kinds
    assert len(kinds) > 3, "not always at the same place"


def first_difference(theirs: object, ours: object, place: str = "/") -> str:
    if type(theirs) is not type(ours):
        return place
    if isinstance(theirs, dict):
        pairs = [(name, theirs[name], ours.get(name)) for name in theirs]
    elif isinstance(theirs, list) and len(theirs) == len(ours):
        pairs = list(zip(range(len(theirs)), theirs, ours, strict=True))
    else:
        return "" if not isinstance(theirs, list) else place
    return next(filter(None, (first_difference(a, b, f"{place}{name}/") for name, a, b in pairs)), "")


async def test_a_reply_is_larger_than_anybody_asked_for(break_it, rest) -> None:
    break_it("rest_huge=1")
    _, _, text = await rest.raw("/v5/market/time")
    assert len(text) > HUGE_BYTES
    assert json.loads(text)["retCode"] == 0


@pytest.mark.parametrize("code", sorted(set(TEXTS) - {10006}))
async def test_every_code_can_be_had(break_it, rest, trader, code) -> None:
    break_it(f"retcode.{code}=1")
    answer = await rest.get(LIST, USDT, trader.key)
    assert (answer["retCode"], answer["result"]) == (code, {})
    assert answer["retMsg"].startswith(TEXTS[code])


async def test_a_code_comes_only_where_it_was_asked_for(break_it, rest, trader) -> None:
    break_it("retcode.10016@/v5/position/*=1,retcode.131001@/v5/asset/*=1,retcode.123456@/v5/user/*=1")
    assert (await rest.get(LIST, USDT, trader.key))["retCode"] == 10016
    assert (await rest.get("/v5/account/info", "", trader.key))["retCode"] == 0
    assert (await rest.get("/v5/user/query-api", "", trader.key))["retCode"] == 123456


async def test_too_many_visits_say_when_to_come_again(break_it, rest, trader) -> None:
    break_it("retcode.10006@/v5/account/*=100%")
    _, headers, text = await rest.raw("/v5/account/info", "", rest.headers(trader.key, ""))
    assert '"retCode":10006' in text
    assert int(headers["X-Bapi-Limit-Reset-Timestamp"]) > int(headers["Timenow"])


async def test_short_pages_hold_less_than_asked_and_join_to_everything(
    break_it, rest, exchange, trader
) -> None:
    break_it("short_pages=1")
    held = {row.symbol for row in exchange.positions(trader.uid, "linear", settle_coin="USDT")}
    assert len(held) > 1
    seen, cursor, pages = [], "", 0
    while True:
        query = f"{USDT}&limit=200" + (f"&cursor={cursor}" if cursor else "")
        result = (await rest.get(LIST, query, trader.key))["result"]
        seen += [row["symbol"] for row in result["list"]]
        cursor = result["nextPageCursor"]
        pages += 1
        if not result["list"] or not cursor:
            break
    assert pages > 2
    assert (set(seen), len(seen)) == (held, len(held))


@pytest.mark.parametrize(("skew", "ahead_ms"), [("30s", 30_000), ("-30s", -30_000)])
async def test_the_clock_can_be_ahead_and_behind(exchange, rest, trader, skew, ahead_ms) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults(f"clock_skew={skew}"))) as skewed:
        rest.base = skewed.urls.rest
        told_ms = (await rest.get("/v5/market/time"))["time"]
        assert abs(told_ms - time.time_ns() // 1_000_000 - ahead_ms) < 10_000
        assert (await rest.get("/v5/account/info", "", trader.key))["retCode"] == 10002
        assert (await rest.get("/v5/account/info", "", trader.key, stamp=str(told_ms)))["retCode"] == 0

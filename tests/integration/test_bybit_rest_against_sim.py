"""Bybit's REST calls against the simulated exchange, which checks signatures, windows and limits for itself."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import aiohttp
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from marginwatch.clock import SystemClock
from marginwatch.collect.budget import RateBudget
from marginwatch.errors import AuthError, ConnectivityError, RateLimitedError, RejectedError
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults
from marginwatch.venues.base import EndpointLimit
from marginwatch.venues.bybit.adapter import BybitVenue
from marginwatch.venues.bybit.client import BybitClient
from marginwatch.venues.bybit.key_check import judge_key, unmonitored_sub_accounts
from marginwatch.venues.bybit.manifest import MANIFEST

# The address limit in a fifth of its time, so that a test that fills it takes seconds.
IP_CALLS, IP_WINDOW_S = 600, 1.0
FAST = msgspec.structs.replace(MANIFEST, ip_limit=EndpointLimit(IP_CALLS, IP_WINDOW_S, "ip"))


@dataclass
class Desk:
    """A venue talking to a simulated exchange, and a client for each of its accounts."""

    exchange: Exchange
    server: BybitSimServer
    budget: RateBudget
    venue: BybitVenue
    clients: list[BybitClient]
    notices: list[Notice]


@pytest.fixture
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    options: dict[str, object] = getattr(request, "param", {})
    clock = SystemClock()
    exchange = Exchange(7, clock, n_accounts=int(str(options.get("accounts", 6))))
    faults = Faults(parse_faults(str(options.get("faults", ""))), seed=3)
    limits = RateLimits(ip_calls=IP_CALLS, ip_window_s=IP_WINDOW_S)
    async with (
        BybitSimServer(exchange, faults, limits=limits, is_demo=bool(options.get("demo"))) as server,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        urls = server.urls
        endpoints = Endpoints(rest=urls.rest, private=urls.private, public=urls.public)
        budget = RateBudget(FAST, clock)
        notices: list[Notice] = []
        venue = BybitVenue(VenueId("bybit"), endpoints, budget, clock, http, on_notice=notices.append)
        clients = [
            venue.client(
                AccountSpec(
                    account_id=AccountId(account.name),
                    exchange="bybit",
                    venue=venue.venue,
                    endpoints=endpoints,
                    api_key=Secret(account.key.api_key),
                    api_secret=Secret(account.key.api_secret),
                    uid=account.uid,
                )
            )
            for account in exchange.accounts()
        ]
        yield Desk(exchange, server, budget, venue, clients, notices)
        budget.close()


async def test_a_sweep_finds_what_the_exchange_holds(desk: Desk) -> None:
    await desk.venue.load_instruments()
    found_some = 0
    for client in desk.clients:
        assert client.spec.uid is not None
        snapshot = await client.fetch_account(include_orders=True)
        truth = {
            (row.symbol, row.position_idx): row.size if row.side == "Buy" else -row.size
            for category in ("linear", "inverse", "option")
            for row in desk.exchange.positions(client.spec.uid, category)
            if row.size
        }
        index = {"net": 0, "long": 1, "short": 2}
        ours = {
            (p.instrument.venue_symbol, index[p.position_side]): Decimal(p.quantity)
            for p in snapshot.positions
        }
        assert ours == truth
        wallet = desk.exchange.wallet(client.spec.uid)
        assert {b.asset: Decimal(b.wallet_balance or "0") for b in snapshot.balances} == {
            coin.coin: coin.wallet_balance for coin in wallet.coins
        }
        assert snapshot.account.account_type is not None
        assert snapshot.failures == ()
        assert not any(p.instrument.is_inferred for p in snapshot.positions)
        found_some += len(ours)
    assert found_some > 5


async def test_keys_are_judged_by_what_the_exchange_says_of_them(desk: Desk) -> None:
    client = desk.clients[-1]
    report = await client.fetch_key_report()
    now_ns = SystemClock().now_ns()
    assert judge_key(report, client.spec, now_ns).refusal is None
    desk.exchange.set_key(client.spec.api_key.reveal(), is_read_only=False)
    refusal = judge_key(await client.fetch_key_report(), client.spec, now_ns).refusal
    assert refusal is not None
    assert "read-only" in refusal


async def test_sub_accounts_that_nobody_monitors_are_found(desk: Desk) -> None:
    master = next(c for c in desk.clients if c.spec.uid == desk.exchange.accounts()[0].uid)
    members = await master.fetch_sub_members()
    monitored = [c.spec.uid for c in desk.clients[:-1] if c.spec.uid]
    missing = unmonitored_sub_accounts([(m.uid, m.name) for m in members], monitored)
    assert len(missing) == 1
    assert missing[0].startswith(desk.clients[-1].spec.uid or "?")


async def test_executions_of_a_gap_are_found_again(desk: Desk) -> None:
    client = desk.clients[1]
    assert client.spec.uid is not None
    since_ns = desk.venue.venue_now_ns() - 3600 * 1_000_000_000
    desk.exchange.advance(30.0)
    desk.exchange.open_position(client.spec.uid, "BTCUSDT", "0.01")
    # The exchange's own time ran ahead of the machine's: the offset tells.
    await desk.venue.sync_clock()
    fills = await client.fetch_fills_since(since_ns)
    assert any(f.instrument.venue_symbol == "BTCUSDT" and f.side == "buy" for f in fills)
    assert [f.ts_venue_ns for f in fills] == sorted(f.ts_venue_ns or 0 for f in fills)
    assert len({f.fill_id for f in fills}) == len(fills)


async def test_slow_facts(desk: Desk) -> None:
    client = desk.clients[0]
    assert await desk.venue.fetch_marks("linear")
    assert await desk.venue.fetch_marks("inverse")
    assert {t.venue_symbol for t in await desk.venue.fetch_tiers("linear")} >= {"BTCUSDT", "ETHUSDT"}
    assert await desk.venue.fetch_collateral_tiers()
    assert await desk.venue.fetch_system_status() == ()
    assert await client.fetch_borrow_tiers()
    assert await client.fetch_collateral_info()
    assert await client.fetch_fee_rates("linear")
    await client.fetch_funding_balances()
    assert [w.asset for w in await client.fetch_withdrawable(["USDT", "BTC"])] == ["USDT", "BTC"]
    assert client.closed_endpoints == {}


@pytest.mark.parametrize("desk", [{"accounts": 60}], indirect=True)
async def test_the_exchange_counts_at_most_thirty_percent_of_every_limit(desk: Desk) -> None:
    async def picture(client: BybitClient) -> None:
        await client.fetch_key_report()
        await client.fetch_account(include_orders=True)

    await asyncio.gather(*(picture(client) for client in desk.clients))
    limits = desk.server.limits
    (address,) = limits.by_address.values()
    assert 0 < address.peak <= 0.3 * IP_CALLS
    assert limits.by_endpoint
    for (_, path), window in limits.by_endpoint.items():
        assert window.peak <= max(1, 0.3 * window.calls), path
    assert desk.budget.state().calls >= 60 * 11  # and everybody was served


@pytest.mark.parametrize("desk", [{"demo": True}], indirect=True)
async def test_endpoints_that_the_demo_host_lacks_are_closed_alone(desk: Desk) -> None:
    client = desk.clients[0]
    for _ in range(2):
        with pytest.raises(RejectedError):
            await client.fetch_funding_balances()
    assert [n.kind for n in desk.notices] == ["endpoint_closed"]
    assert (await client.fetch_account()).account.equity is not None


async def test_a_banned_address_stops_everybody_and_says_until_when(desk: Desk) -> None:
    await desk.clients[0].fetch_account()
    now_s = SystemClock().monotonic_s()
    desk.server.limits.ban("127.0.0.1", now_s)
    with pytest.raises(RateLimitedError, match="address banned until about"):
        await desk.clients[0].fetch_account()
    asked = desk.server.front.counts.total()
    with pytest.raises(RateLimitedError, match="address banned until about"):
        await desk.clients[1].fetch_account()
    assert desk.server.front.counts.total() == asked
    state = desk.budget.state()
    assert state.block_reason is not None
    assert state.blocked_until_ns is not None


async def test_one_account_with_a_foreign_secret_disturbs_no_other(desk: Desk) -> None:
    spec = msgspec.structs.replace(desk.clients[0].spec, api_secret=desk.clients[1].spec.api_secret)
    wrong = desk.venue.client(spec)
    results = await asyncio.gather(
        wrong.fetch_account(), *(c.fetch_account() for c in desk.clients[1:]), return_exceptions=True
    )
    assert isinstance(results[0], AuthError)
    assert results[0].reason == "signature"
    assert not [r for r in results[1:] if isinstance(r, BaseException)]


async def test_a_key_that_signs_with_rsa(desk: Desk) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    spec = msgspec.structs.replace(desk.clients[0].spec, api_secret=Secret(pem.decode()))
    desk.server.key_rules.rsa_public_keys[spec.api_key.reveal()] = public.decode()
    assert (await desk.venue.client(spec).fetch_account()).account.equity is not None


@pytest.mark.parametrize("desk", [{"faults": "clock_skew=-7s"}, {"faults": "clock_skew=7s"}], indirect=True)
async def test_a_clock_seven_seconds_off_is_corrected_for(desk: Desk) -> None:
    snapshot = await desk.clients[0].fetch_account()
    assert snapshot.account.equity is not None
    assert 6.0 < abs(desk.venue.clock_offset.offset_ns) / 1e9 < 8.0


@pytest.mark.parametrize(
    "desk", [{"faults": "rest_error=10%,rest_busy=5%,rest_limited=3%,latency=1ms..20ms"}], indirect=True
)
async def test_a_stumbling_exchange_is_read_to_the_end(desk: Desk) -> None:
    async def read(client: BybitClient) -> int:
        for tries in range(1, 20):
            try:
                snapshot = await client.fetch_account()
            except (ConnectivityError, RateLimitedError):
                continue
            assert client.spec.uid is not None
            assert len(snapshot.balances) == len(desk.exchange.wallet(client.spec.uid).coins)
            return tries
        raise AssertionError("no sweep succeeded")

    await asyncio.gather(*(read(client) for client in desk.clients))
    counts = desk.server.front.counts
    served = sum(count for path, count in counts.items() if path.startswith("/v5/"))
    assert served > 6 * len(desk.clients)  # some calls had to be repeated
    assert desk.notices == []
    await asyncio.sleep(0)
    assert desk.budget.state().waiting == 0

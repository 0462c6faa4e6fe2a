"""The whole service, ccxt and pybit watch one simulated account at once, and see the same."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt.pro
import pybit.unified_trading
import pytest

from marginwatch.app.service import Service, running
from marginwatch.clock import SystemClock
from marginwatch.config.settings import Config
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.risk.tables import position_rows
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountInfo

ME = AccountId("me")


class Watched:
    """One account, its exchange and the three who look at it."""

    def __init__(
        self, server: BybitSimServer, trader: AccountInfo, service: Service, ccxt_client: Any, session: Any
    ) -> None:
        self.server = server
        self.exchange = server.exchange
        self.trader = trader
        self.service = service
        self.ccxt = ccxt_client
        self.pybit = session

    def ours(self) -> dict[str, Decimal]:
        """Return signed quantities of linear contracts settled in USDT, as the service's latest picture has them."""
        rows = position_rows(self.service.engine.run_frame(), ME)
        return {
            row.venue_symbol: Decimal(row.quantity)
            for row in rows
            if not row.is_inverse and row.settle_asset == "USDT"
        }

    def coins(self) -> dict[str, float]:
        entry = self.service.book.entry(ME)
        assert entry is not None
        held = {asset: self.service.book.columns.holdings.balances[row] for asset, row in entry.coins.items()}
        return {asset: float(one.wallet_balance or "nan") for asset, one in held.items() if one is not None}

    async def until_ours(self, symbol: str, quantity: Decimal) -> None:
        async with asyncio.timeout(30):
            while self.ours().get(symbol) != quantity:
                await asyncio.sleep(0.02)

    async def theirs(self) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """Return the same of ccxt and of pybit."""
        unified = {
            row["info"]["symbol"]: Decimal(str(row["contracts"])) * {"long": 1, "short": -1}[row["side"]]
            for row in await self.ccxt.fetch_positions()
        }
        reply = await asyncio.to_thread(
            self.pybit.get_positions, category="linear", settleCoin="USDT", limit=200
        )
        raw = {
            row["symbol"]: Decimal(row["size"]) * {"Buy": 1, "Sell": -1}[row["side"]]
            for row in reply["result"]["list"]
        }
        return unified, raw


def ccxt_of(server: BybitSimServer, trader: AccountInfo) -> Any:
    api = ccxt.pro.bybit(
        {"apiKey": trader.key.api_key, "secret": trader.key.api_secret, "enableRateLimit": False}
    )
    private = server.urls.private
    streams = {"spot": {"unified": private, "nonUnified": private}}
    streams |= dict.fromkeys(("contract", "usdc", "trade"), private)
    api.urls["api"] |= {
        "public": server.urls.rest,
        "private": server.urls.rest,
        "ws": {"public": server.urls.public, "private": streams},
    }
    return api


def config_of(server: BybitSimServer, trader: AccountInfo) -> Config:
    urls = server.urls
    spec = AccountSpec(
        account_id=ME,
        exchange="bybit",
        venue=VenueId("bybit@sim"),
        endpoints=Endpoints(rest=urls.rest, private=urls.private, public=dict(urls.public)),
        api_key=Secret(trader.key.api_key),
        api_secret=Secret(trader.key.api_secret),
        uid=trader.uid,
    )
    return Config(path=Path("simulated"), accounts=(spec,))


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    exchange = Exchange(11, SystemClock(), n_accounts=4, activity_per_s=0.0)
    trader = next(one for one in exchange.accounts() if len(exchange.positions(one.uid, "linear")) > 1)
    async with BybitSimServer(exchange) as server:
        client = ccxt_of(server, trader)
        session = pybit.unified_trading.HTTP(api_key=trader.key.api_key, api_secret=trader.key.api_secret)
        session.endpoint = server.urls.rest
        service = Service(config_of(server, trader), is_recording=False)
        try:
            async with running(service):
                assert await service.wait_until_complete(60)
                async with asyncio.timeout(30):
                    while not all(one.connectivity.link_state == "streaming" for one in service.statuses()):
                        await asyncio.sleep(0.02)
                yield Watched(server, trader, service, client, session)
        finally:
            await client.close()


async def test_positions_and_wallet_read_by_rest(watched: Watched) -> None:
    await watched.ccxt.load_markets()
    unified, raw = await watched.theirs()
    assert len(raw) > 1
    assert watched.ours() == unified == raw
    balance = await watched.ccxt.fetch_balance()
    coins = watched.coins()
    assert coins
    for coin, amount in coins.items():
        assert balance["total"][coin] == pytest.approx(amount, rel=1e-12)


async def test_a_trade_told_by_the_streams(watched: Watched) -> None:
    await watched.ccxt.load_markets()
    symbol, before = next(iter(watched.ours().items()))
    await asyncio.wait_for(watched.ccxt.watch_positions(), 40)
    waiting = asyncio.create_task(watched.ccxt.watch_positions())
    async with asyncio.timeout(30):
        while sum(bool(one.topics) for one in watched.server.private.of_account(watched.trader.uid)) < 2:
            await asyncio.sleep(0.01)
    step = watched.exchange.instruments("linear", symbol)[0].qty_step
    watched.exchange.open_position(watched.trader.uid, symbol, step * 2)
    await watched.until_ours(symbol, before + step * 2)
    async with asyncio.timeout(30):
        seen: Decimal | None = None
        while seen != abs(before + step * 2):
            for row in await waiting:
                if row["info"]["symbol"] == symbol:
                    seen = Decimal(str(row["contracts"]))
            waiting = asyncio.create_task(watched.ccxt.watch_positions())
    waiting.cancel()
    unified, raw = await watched.theirs()
    assert watched.ours() == unified == raw


async def test_a_closed_position_is_closed_for_all(watched: Watched) -> None:
    await watched.ccxt.load_markets()
    symbol, before = next(iter(watched.ours().items()))
    watched.exchange.open_position(watched.trader.uid, symbol, -before)
    async with asyncio.timeout(30):
        while symbol in watched.ours():
            await asyncio.sleep(0.02)
    unified, raw = await watched.theirs()
    assert symbol not in raw
    assert watched.ours() == unified == raw

"""A simulated exchange over real sockets, the whole service that watches it, and the comparison of the two."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marginwatch.app.service import Service, running
from marginwatch.clock import SystemClock
from marginwatch.config.settings import CollectTable, Config, LimitSettings, PriceSettings
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import EventSink
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.risk.tables import not_included
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults
from marginwatch.sim.rows import AccountInfo

VENUE = VenueId("bybit@sim")
LEGS = {"net": 0, "long": 1, "short": 2}
CENT = Decimal("0.00000001")
"""The wire carries money with eight decimals."""


class Stage:
    """One exchange and its wire; services are made for it."""

    def __init__(self, exchange: Exchange, server: BybitSimServer, faults: Faults) -> None:
        self.exchange = exchange
        self.server = server
        self.faults = faults
        self._market: asyncio.Task[None] | None = None

    def start_market(self) -> None:
        """Let prices move and traders act in real time."""
        self._market = asyncio.create_task(self.exchange.run())

    async def stop_market(self) -> None:
        """Hold everything still, so that what is under test can catch up; raise what the market raised."""
        market, self._market = self._market, None
        if market is not None:
            if market.done():
                market.result()
            market.cancel()
            await asyncio.gather(market, return_exceptions=True)

    def account(self, name: str) -> AccountInfo:
        return next(one for one in self.exchange.accounts() if one.name == name)

    def spec(self, info: AccountInfo, **changes: Any) -> AccountSpec:
        urls = self.server.urls
        known: dict[str, Any] = {
            "account_id": AccountId(info.name),
            "exchange": "bybit",
            "venue": VENUE,
            "endpoints": Endpoints(rest=urls.rest, private=urls.private, public=urls.public),
            "api_key": Secret(info.key.api_key),
            "api_secret": Secret(info.key.api_secret),
            "owner": info.owner,
            "desk": info.desk,
            "uid": info.uid,
        }
        return AccountSpec(**{**known, **changes})

    def config(
        self,
        specs: Iterable[AccountSpec] | None = None,
        *,
        share: float = 1.0,
        prices: PriceSettings | None = None,
        **collect: Any,
    ) -> Config:
        """Return a configuration of all accounts, or of the given ones, in a hurry unless told otherwise."""
        hurried: dict[str, Any] = {
            "poll_s": 1.0,
            "reconcile_s": 2.0,
            "second_look_s": 0.5,
            "backoff_first_s": 0.1,
            "backoff_max_s": 1.0,
            "ping_s": 1.0,
            "socket_alive_for_s": 6.0,
        }
        if specs is None:
            specs = (self.spec(info) for info in self.exchange.accounts())
        return Config(
            path=Path("simulated"),
            accounts=tuple(specs),
            limits=LimitSettings(share_of_limit=share),
            prices=prices or PriceSettings(),
            collect=CollectTable(**{**hurried, **collect}),
        )

    @contextlib.asynccontextmanager
    async def watched(self, config: Config, on_event: EventSink | None = None) -> AsyncIterator[Service]:
        """Run a service without a data folder."""
        async with running(Service(config, on_event=on_event, is_recording=False)) as service:
            yield service

    # ---- is it true? ----------------------------------------------------------------------------------------

    def difference(self, service: Service) -> str | None:
        """Return the first difference between the service's book and the exchange, None if there is none.

        Compared are, of every account: which rows there are, quantities to the last digit, entry prices and wallet
        balances to the last digit that the wire carries.
        """
        picture = service.book.freeze()
        for info in self.exchange.accounts():
            entry = service.book.entry(AccountId(info.name))
            if entry is None:
                return f"{info.name} is not in the book"
            truth = self.exchange.truth(info.uid)
            theirs = {
                (row.symbol, row.position_idx): (
                    row.size if row.side == "Buy" else -row.size,
                    (row.entry_price or Decimal(0)).quantize(CENT),
                )
                for row in truth.positions
            }
            ours = {
                (position.instrument.venue_symbol, LEGS[position.position_side]): (
                    Decimal(position.quantity),
                    Decimal(position.entry_price or 0).quantize(CENT),
                )
                for position in picture.positions_of(entry.row).values()
            }
            if ours != theirs:
                return f"{info.name}: {_unequal(ours, theirs)}"
            coins = {coin.coin: coin.wallet_balance for coin in truth.wallet.coins if coin.wallet_balance}
            held = {
                asset: Decimal(balance.wallet_balance or "NaN")
                for asset, row in entry.coins.items()
                if (balance := picture.balances[row]) is not None and balance.wallet_balance != "0"
            }
            if held != coins:
                return f"{info.name}: {_unequal(held, coins)}"
        return None

    def left_out(self, service: Service) -> list[str]:
        """Return a line for everything that the service's totals do not include, right now."""
        return [
            f"{entry.subject}: {entry.state}: {entry.reason}"
            for entry in not_included(service.engine.run_frame())
        ]


def _unequal(ours: dict[Any, Any], theirs: dict[Any, Any]) -> str:
    keys = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
    return "; ".join(f"{key}: ours {ours.get(key)}, theirs {theirs.get(key)}" for key in keys)


SetStage = Callable[..., AbstractAsyncContextManager[Stage]]
Until = Callable[..., Any]


@pytest.fixture
def set_stage() -> SetStage:
    """Open an exchange with so many accounts and faults; it stands still until :meth:`Stage.start_market`."""

    @contextlib.asynccontextmanager
    async def open_one(
        seed: int, faults: str = "", exchange_class: type[Exchange] = Exchange, **exchange: Any
    ) -> AsyncIterator[Stage]:
        dice = Faults(parse_faults(faults), seed)
        world = exchange_class(seed, SystemClock(), **exchange)
        async with BybitSimServer(world, dice) as server:
            stage = Stage(world, server, dice)
            try:
                yield stage
            finally:
                await stage.stop_market()

    return open_one


@pytest.fixture
def until() -> Until:
    """Wait for a condition with a deadline; a failure says how things stood."""

    async def wait(condition: Callable[[], object], seconds: float, say: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not condition():  # the truth lives in the exchange, which rings no bell
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"not within {seconds} s: {say()}")

    return wait


@pytest.fixture
def all_stream() -> Callable[[Service], bool]:
    def do(service: Service) -> bool:
        return all(one.connectivity.link_state is LinkState.STREAMING for one in service.statuses())

    return do


@pytest.fixture
def say() -> Callable[[str], None]:
    """Write a line that ``-s`` shows at once and a failure shows afterwards: seeds and measurements."""

    def write(line: str) -> None:
        sys.stdout.write(line + "\n")

    return write


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: long runs against real sockets; alone: pytest -m soak")

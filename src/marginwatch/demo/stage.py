"""The simulated exchange and the service that watches it, in one loop."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import msgspec

from marginwatch.app.service import Service, running
from marginwatch.clock import SystemClock
from marginwatch.config.settings import CollectTable, Config, LimitSettings, ServiceSettings
from marginwatch.demo.changes import ChangeLog
from marginwatch.demo.foresight import Foresight
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.events import Event
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer
from marginwatch.web.token import ensure_token

DELTA_NEUTRAL_DESKS = ("basis", "arbitrage", "market-making")

RECONCILE_S = 5.0
"""Twelve times as often as by default: the exchange's own margin figures move with the market and are not pushed."""


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: accounts, seed, market story, what moves it, and the port of the API (0: any free one)."""

    n_accounts: int = 12
    seed: int = 42
    scenario: str = "calm-then-crash"
    market: str = "model"
    port: int = 0


class Stage:
    """Everything that runs; made by :func:`set_stage`.

    Attributes
    ----------
    exchange, service, changes, foresight
        The simulated truth, the monitor, what it saw change, and how early it saw liquidations come.
    url : str
        Of the monitor's API.
    token_file : Path
        Where its token is, for as long as the demo runs.
    """

    def __init__(
        self,
        exchange: Exchange,
        service: Service,
        changes: ChangeLog,
        foresight: Foresight,
        url: str,
        token_file: Path,
    ) -> None:
        self.exchange = exchange
        self.service = service
        self.changes = changes
        self.foresight = foresight
        self.url = url
        self.token_file = token_file


@contextlib.asynccontextmanager
async def set_stage(plot: Plot) -> AsyncGenerator[Stage]:
    """Start the exchange and the service; end both, and remove every file, with the block.

    Raises
    ------
    ConfigError
        If the port cannot be used.
    """
    exchange = Exchange(
        plot.seed, SystemClock(), n_accounts=plot.n_accounts, scenario=plot.scenario, market=plot.market
    )
    with TemporaryDirectory(prefix="marginwatch-demo-") as folder:
        async with BybitSimServer(exchange) as server:
            config = _config(server, ServiceSettings(port=plot.port, data_dir=Path(folder)))
            changes, foresight = ChangeLog(), Foresight()

            def hear(event: Event) -> None:
                changes.hear(event)
                foresight.hear(event)

            market = asyncio.create_task(exchange.run())
            try:
                service = Service(config, on_event=hear, on_frame=foresight.look)
                async with running(service), _answering(service) as url:
                    yield Stage(exchange, service, changes, foresight, url, config.service.token_file)
            finally:
                market.cancel()
                await asyncio.gather(market, return_exceptions=True)


@contextlib.asynccontextmanager
async def _answering(service: Service) -> AsyncGenerator[str]:
    settings = service.config.service
    web = WebServer(
        create_app(service, ensure_token(settings.token_file), history=service.store),
        settings.host,
        settings.port,
    )
    await web.start()
    try:
        yield web.url
    finally:
        await web.stop()


def _config(server: BybitSimServer, service: ServiceSettings) -> Config:
    urls = server.urls
    endpoints = Endpoints(rest=urls.rest, private=urls.private, public=dict(urls.public))
    venue = VenueId(f"bybit@{urlsplit(urls.rest).netloc}")
    accounts = tuple(
        AccountSpec(
            account_id=AccountId(account.name),
            exchange="bybit",
            venue=venue,
            endpoints=endpoints,
            api_key=Secret(account.key.api_key),
            api_secret=Secret(account.key.api_secret),
            owner=account.owner,
            desk=account.desk,
            tags=("delta-neutral",) if account.desk in DELTA_NEUTRAL_DESKS else (),
            uid=account.uid,
        )
        for account in server.exchange.accounts()
    )
    return Config(
        path=Path("demo"),
        service=service,
        # Nobody else uses the simulated exchange, so most of its limits may be used.
        limits=LimitSettings(share_of_limit=0.8),
        collect=CollectTable(reconcile_s=RECONCILE_S),
        accounts=accounts,
    )

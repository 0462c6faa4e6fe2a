"""The simulated exchange and the service that watches it, in one loop."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import msgspec

from marginwatch.app.alerting.alerting import Alerting
from marginwatch.app.alerting.setup import alert_setup
from marginwatch.app.api import access_of, api_of
from marginwatch.app.service import Service, running
from marginwatch.clock import SystemClock
from marginwatch.config.settings import AlertTable, CollectTable, Config, LimitSettings, ServiceSettings
from marginwatch.demo.alerts import AlertWatch
from marginwatch.demo.changes import ChangeLog
from marginwatch.demo.foresight import Foresight
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.events import Event
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.web.server import WebServer
from marginwatch.web.token import ensure_token

DELTA_NEUTRAL_DESKS = ("basis", "arbitrage", "market-making")

INBOX = "inbox.txt"
"""The file in the demo's folder that alerts are delivered to."""

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
    exchange, service, changes, foresight, alerts
        The simulated truth, the monitor, what it saw change, how early it saw liquidations come, and its alerts.
    url : str
        Of the monitor's API.
    token_file, inbox : Path
        Where its token is and where its alerts are delivered to, for as long as the demo runs.
    """

    def __init__(
        self,
        exchange: Exchange,
        service: Service,
        changes: ChangeLog,
        foresight: Foresight,
        alerts: AlertWatch,
        url: str,
    ) -> None:
        self.exchange = exchange
        self.service = service
        self.changes = changes
        self.foresight = foresight
        self.alerts = alerts
        self.url = url
        self.token_file = service.config.service.token_file
        self.inbox = service.config.service.data_dir / INBOX

    @property
    def alerting(self) -> Alerting:
        """The monitor's alerts, which run once it has started."""
        if self.service.alerting is None:
            raise AssertionError("a started service with rules judges them")
        return self.service.alerting

    async def settle(self, timeout_s: float) -> bool:
        """Judge no more, and wait until every message is delivered; return whether it came to that in this time."""
        with contextlib.suppress(ValueError):
            self.service.engine.rules.remove(self.alerting.look)
        return await self.alerting.drain(timeout_s)


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
            changes, foresight, alerts = ChangeLog(), Foresight(), AlertWatch()

            def hear(event: Event) -> None:
                changes.hear(event)
                foresight.hear(event)

            market = asyncio.create_task(exchange.run())
            try:
                service = Service(
                    config,
                    on_event=hear,
                    on_frame=foresight.look,
                    alerts=alert_setup(config),
                    on_transitions=alerts.hear,
                )
                async with running(service), _answering(service) as url:
                    yield Stage(exchange, service, changes, foresight, alerts, url)
            finally:
                market.cancel()
                await asyncio.gather(market, return_exceptions=True)


@contextlib.asynccontextmanager
async def _answering(service: Service) -> AsyncGenerator[str]:
    settings = service.config.service
    access = access_of(settings, ensure_token(settings.token_file))
    web = WebServer(api_of(service, access), settings.host, settings.port)
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
        path=service.data_dir / "marginwatch.toml",
        service=service,
        # Nobody else uses the simulated exchange, so most of its limits may be used.
        limits=LimitSettings(share_of_limit=0.8),
        collect=CollectTable(reconcile_s=RECONCILE_S),
        accounts=accounts,
        # Groups wait less than for people, so that the end of the demo need not wait for them.
        alerts=AlertTable(group_wait="1s", group_interval="3s"),
        channels=({"name": "inbox", "type": "inbox", "path": INBOX},),
    )

"""The whole product in a thread of its own: simulated exchange, service and web server, with a hand on each of them."""

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tests.steady_port import steady_port

from marginwatch.app.alerting.setup import alert_setup
from marginwatch.app.api import access_of, api_of
from marginwatch.app.service import Service
from marginwatch.clock import SystemClock
from marginwatch.config.settings import AlertTable, CollectTable, Config, LimitSettings, ServiceSettings
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.risk.tables import portfolio_summary
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import Truth
from marginwatch.web.server import WebServer
from marginwatch.web.token import ensure_token

T = TypeVar("T")

READY_TIMEOUT_S = 40.0
SEED = 7


class Product:
    """Everything that runs, until :meth:`stop`.

    Parameters
    ----------
    folder : Path
        Where the service keeps its data.
    n_accounts : int
        Of the simulated exchange; the first twelve have names.
    settings : ServiceSettings or None
        What differs from a service on a free port of this machine.
    dress : callable or None
        Changes each account's specification before the service sees it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        n_accounts: int = 8,
        settings: ServiceSettings | None = None,
        dress: Callable[[AccountSpec], AccountSpec] = lambda spec: spec,
    ) -> None:
        self.folder = folder
        self.exchange = Exchange(SEED, SystemClock(), n_accounts=n_accounts, activity_per_s=0.0)
        self._dress = dress
        self._settings = settings or ServiceSettings(port=0, data_dir=folder)
        self._port = self._settings.port or steady_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="product", daemon=True)
        self._market: asyncio.Task[None] | None = None
        self._sim: BybitSimServer | None = None
        self._web: WebServer | None = None
        self._service: Service | None = None

    @property
    def service(self) -> Service:
        """The running service; look at it through :meth:`ask` alone."""
        assert self._service is not None
        return self._service

    @property
    def url(self) -> str:
        """Where the dashboard is."""
        assert self._web is not None
        return self._web.url

    @property
    def token(self) -> str:
        """What programs show."""
        return ensure_token(self.service.config.service.token_file).reveal()

    def ask(self, look: Callable[[], T], timeout_s: float = 10.0) -> T:
        """Return what ``look`` returns between two steps of everything else."""

        async def looked() -> T:
            return look()

        return self.wait(looked(), timeout_s)

    def wait(self, work: Awaitable[T], timeout_s: float = 30.0) -> T:
        """Return what ``work`` comes to in the product's own loop."""

        async def worked() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(worked(), self._loop).result(timeout_s)

    # ---- start and stop -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Return when every account is known and priced, and the page is served."""
        self._thread.start()
        self.wait(self._start(), READY_TIMEOUT_S + 10.0)

    async def _start(self) -> None:
        self._sim = await BybitSimServer(self.exchange).__aenter__()
        self._market = asyncio.create_task(self.exchange.run())
        config = self._config(self._sim)
        self._service = Service(config, alerts=alert_setup(config))
        await self._service.start()
        await self.serve()
        async with asyncio.timeout(READY_TIMEOUT_S):
            while not self._is_complete():
                await asyncio.sleep(0.05)

    def _is_complete(self) -> bool:
        """Return whether every account counts: they are heard before their coins and contracts are priced."""
        frame = self.service.latest_frame()
        if frame is None or int(frame.portfolio.n_accounts[1]) < len(self.service.config.accounts):
            return False
        return portfolio_summary(frame).is_complete

    async def serve(self) -> None:
        """Start the web server; after :meth:`unserve` on the same port."""
        settings = self.service.config.service
        access = access_of(settings, ensure_token(settings.token_file))
        self._web = WebServer(api_of(self.service, access), settings.host, self._port)
        await self._web.start()

    async def unserve(self) -> None:
        """Stop the web server; the service goes on."""
        assert self._web is not None
        await self._web.stop()

    def stop(self) -> None:
        """End everything that was started."""
        with contextlib.suppress(concurrent.futures.TimeoutError):
            self.wait(self._stop(), 20.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)

    async def _stop(self) -> None:
        if self._web is not None:
            await self._web.stop()
        if self._service is not None:
            await self._service.stop()
        if self._market is not None:
            self._market.cancel()
            await asyncio.gather(self._market, return_exceptions=True)
        if self._sim is not None:
            await self._sim.__aexit__(None, None, None)

    # ---- what may happen ------------------------------------------------------------------------------------

    def hang(self, seconds: float) -> None:
        """Let the service do nothing at all for a while, as a machine that swaps; return at once."""
        self._loop.call_soon_threadsafe(time.sleep, seconds)

    def hold(self, *, is_held: bool) -> None:
        """Let the market stand still, or go on."""

        def held() -> None:
            self.exchange.is_held = is_held

        self.ask(held)

    def truth(self, account_id: str) -> Truth:
        """Return an account as it really is at the exchange."""
        return self.ask(lambda: self.exchange.truth(self._uids()[account_id]))

    def truths(self) -> dict[str, Truth]:
        """Return all accounts at one moment as they really are, by name."""
        return self.ask(lambda: {name: self.exchange.truth(uid) for name, uid in self._uids().items()})

    def _uids(self) -> dict[str, str]:
        return {info.name: info.uid for info in self.exchange.accounts()}

    def _config(self, server: BybitSimServer) -> Config:
        urls = server.urls
        endpoints = Endpoints(rest=urls.rest, private=urls.private, public=dict(urls.public))
        accounts = tuple(
            self._dress(
                AccountSpec(
                    account_id=AccountId(info.name),
                    exchange="bybit",
                    venue=VenueId("bybit"),
                    endpoints=endpoints,
                    api_key=Secret(info.key.api_key),
                    api_secret=Secret(info.key.api_secret),
                    owner=info.owner,
                    desk=info.desk,
                    uid=info.uid,
                )
            )
            for info in self.exchange.accounts()
        )
        return Config(
            path=self.folder / "marginwatch.toml",
            service=self._settings,
            limits=LimitSettings(share_of_limit=0.8),
            collect=CollectTable(reconcile_s=5.0),
            accounts=accounts,
            alerts=AlertTable(group_wait="1s", group_interval="3s"),
            channels=({"name": "inbox", "type": "inbox", "path": "inbox.txt"},),
        )

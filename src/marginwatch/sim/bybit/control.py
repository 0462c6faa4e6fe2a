"""The remote control of a simulated exchange: a small API on a port of its own, for other programs' tests.

Every request carries ``Authorization: Bearer TOKEN``. What is asked for is done before the reply is sent.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from marginwatch.clock import ManualClock
from marginwatch.errors import ConfigError
from marginwatch.sim.bybit import orders_given as given
from marginwatch.sim.bybit.account_control import AccountControl, Action, Answer, read_order
from marginwatch.sim.bybit.market_control import MarketControl
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.faults import FaultPlan, parse_faults

STEP_MS = 100
"""By this much time moves at once: the beat of public streams."""


class Control:
    """Serves the remote control; an exchange without one has none of its doors.

    Parameters
    ----------
    server : BybitSimServer
        What is controlled, with its exchange.
    token : str
        What every request must carry.
    clock : ManualClock, optional
        If given, time moves by ``/advance`` alone, exchange included.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    """

    def __init__(
        self,
        server: BybitSimServer,
        token: str,
        *,
        clock: ManualClock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._server = server
        self._exchange = server.exchange
        self._accounts = AccountControl(server.exchange)
        self._token = token
        self._clock = clock
        self._address = (host, port)
        self._runner: web.AppRunner | None = None
        self._is_advancing = False

    @property
    def url(self) -> str:
        """Return the address; valid once started."""
        return "http://{}:{}".format(*self._address)

    async def start(self) -> None:
        """Listen; OSError if the port is taken."""
        app = web.Application()
        actions: dict[str, Action] = {
            **self._accounts.actions,
            **MarketControl(self._exchange).actions,
            "/advance": self._advance,
            "/hold": self._hold,
            "/price": self._price,
            "/break": self._break,
            "/mend": self._mend,
            "/freeze": self._freeze,
            "/late": self._late,
            "/cut": self._cut,
            "/revoke": self._revoke,
            "/ban": self._ban,
            "/announce": self._announce,
        }
        for path, action in actions.items():
            app.router.add_post(path, self._guarded(action))
        app.router.add_get("/stats", self._guarded(self._stats))
        app.router.add_get("/truth", self._guarded(self._truth))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._address).start()
        self._address = (self._address[0], self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _guarded(self, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            said = request.headers.get("Authorization", "")
            if not hmac.compare_digest(said.encode(), f"Bearer {self._token}".encode()):
                return _reply(
                    {"error": "Authorization: Bearer with the token printed at start is missing"}, 401
                )
            try:
                return _reply(await action(request))
            except (ValueError, ArithmeticError, KeyError, ConfigError, msgspec.MsgspecError) as problem:
                return _reply({"error": str(problem) or type(problem).__name__}, 400)

        return serve

    # --- time and market --------------------------------------------------------------------------------------

    async def _advance(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Advance)
        clock = self._clock
        if clock is None:
            raise ConfigError("time runs by itself; start the exchange with --manual-clock to advance it")
        if self._is_advancing:
            raise ConfigError("time is being advanced already; wait for the reply of that request")
        self._is_advancing = True
        try:
            left_ms = round(order.seconds * 1000)
            while left_ms > 0:
                step_s = min(STEP_MS, left_ms) / 1000
                self._exchange.step(step_s)
                await clock.advance(step_s)
                left_ms -= STEP_MS
        finally:
            self._is_advancing = False
        return {"now_ms": self._server.front.now_ms()}

    async def _hold(self, request: web.Request) -> Answer:
        self._exchange.is_held = (await read_order(request, given.Hold)).is_held
        return {"is_held": self._exchange.is_held}

    async def _price(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Price)
        self._exchange.set_price(order.symbol, order.price)
        return {"symbol": order.symbol, "price": order.price}

    # --- breaking and mending ---------------------------------------------------------------------------------

    async def _break(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Break)
        self._server.faults.plan = parse_faults(order.faults)
        self._server.faults.start()
        return {"doomed": sorted(self._server.mishaps.doomed)}

    async def _mend(self, _: web.Request) -> Answer:
        server = self._server
        server.faults.plan = FaultPlan()
        server.freeze_private(is_frozen=False)
        server.delay_private(0.0)
        for stream in server.public.values():
            stream.is_frozen = False
        server.limits.lift_bans()
        return {}

    async def _freeze(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Freeze)
        self._server.freeze_private(is_frozen=order.is_frozen, with_replies=order.with_replies)
        for stream in self._server.public.values():
            stream.is_frozen = order.is_frozen and order.with_prices
        return {}

    async def _late(self, request: web.Request) -> Answer:
        self._server.delay_private((await read_order(request, given.Late)).seconds)
        return {}

    async def _cut(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Cut)
        return {"sockets": self._server.cut_account(self._accounts.uid_of(order.account))}

    async def _revoke(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Revoke)
        self._server.mishaps.kill_key(self._accounts.uid_of(order.account), order.how)
        return {}

    async def _ban(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Ban)
        front = self._server.front
        front.limits.ban_all(front.clock.monotonic_s(), for_s=order.seconds)
        return {}

    async def _announce(self, request: web.Request) -> Answer:
        self._server.front.announcements[:] = (await read_order(request, given.Announce)).rows
        return {}

    # --- looking ----------------------------------------------------------------------------------------------

    async def _stats(self, _: web.Request) -> Answer:
        front = self._server.front
        return {
            "now_ms": front.now_ms(),
            "sockets": self._server.sockets(),
            "counts": dict(front.counts),
            "exchange": msgspec.to_builtins(self._exchange.stats()),
            "limits": front.limits.peaks(),
            "doomed": sorted(self._server.mishaps.doomed),
            "faults": msgspec.to_builtins(self._server.faults.plan),
        }

    async def _truth(self, request: web.Request) -> Answer:
        uid = self._accounts.uid_of(request.query.get("account", ""))
        return {"truth": msgspec.to_builtins(self._exchange.truth(uid))}


def _reply(answer: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(answer, status=status)

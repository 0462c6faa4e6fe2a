"""``marginwatch sim``: a simulated exchange for exchange clients to connect to, until stopped."""

import asyncio
import secrets
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import typer

from marginwatch.errors import ConfigError

if TYPE_CHECKING:
    from marginwatch.sim.bybit.control import Control
    from marginwatch.sim.bybit.server import BybitSimServer
    from marginwatch.sim.faults import FaultPlan

VENUES = ("bybit",)


def sim(
    venue: Annotated[str, typer.Argument(help="Which exchange to speak as: bybit.")],
    accounts: Annotated[int, typer.Option(min=1, max=10_000, help="How many accounts it has.")] = 12,
    seed: Annotated[int, typer.Option(help="The same seed gives the same exchange.")] = 1,
    faults: Annotated[
        str,
        typer.Option(
            help="What goes wrong, such as drop=0.01,duplicate=0.02,disconnect=30s,delay=5ms..50ms."
        ),
    ] = "",
    scenario: Annotated[
        str,
        typer.Option(help="What the market does: calm, crash, regimes …, or a crash day such as 2020-03-12."),
    ] = "calm",
    market: Annotated[
        str, typer.Option(help="What moves coins while it is calm: model, or history (recorded days).")
    ] = "model",
    pace: Annotated[
        float, typer.Option(help="With --market history: recorded seconds that pass in a second.")
    ] = 1.0,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where to listen on 127.0.0.1; 0 takes a free one.")
    ] = 0,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak HTTPS and WSS with a certificate made at start.")
    ] = False,
    certificate: Annotated[
        str, typer.Option(help="With --tls: write the certificate that clients have to trust here.")
    ] = "",
    control: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, help="Serve the remote control on this port of 127.0.0.1; 0 takes a free one."
        ),
    ] = None,
    manual_clock: Annotated[
        bool, typer.Option("--manual-clock", help="With --control: time moves only when told to.")
    ] = False,
    json_: Annotated[
        bool, typer.Option("--json", help="Print one JSON line with addresses and keys, then run.")
    ] = False,
) -> int:
    """Run a simulated exchange that exchange clients can connect to."""
    from marginwatch.sim.faults import parse_faults

    wanted = Wanted(
        n_accounts=accounts,
        seed=seed,
        plan=parse_faults(faults),
        scenario=scenario,
        market=market,
        pace=pace,
        port=port,
        with_tls=tls,
        certificate=certificate,
        control_port=control,
        is_manual=manual_clock,
        is_json=json_,
    )
    _check(venue, wanted)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(wanted))


class Wanted(NamedTuple):
    """The options of the command."""

    n_accounts: int
    seed: int
    plan: "FaultPlan"
    scenario: str
    market: str
    pace: float
    port: int
    with_tls: bool
    certificate: str
    control_port: int | None
    is_manual: bool
    is_json: bool


def _check(venue: str, wanted: Wanted) -> None:
    """Raise ConfigError at the first option that cannot be had."""
    from marginwatch.sim.moves import check_market
    from marginwatch.sim.scenario import SCENARIOS

    if venue not in VENUES:
        raise ConfigError(f"sim: {venue!r} cannot be simulated; known are {', '.join(VENUES)}")
    if wanted.scenario not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        raise ConfigError(f"--scenario: {wanted.scenario!r} is not a scenario; known are {known}")
    try:
        check_market(wanted.market, wanted.pace)
    except ValueError as error:
        raise ConfigError(f"--market and --pace: {error}") from None
    if wanted.is_manual and wanted.control_port is None:
        raise ConfigError("--manual-clock: nothing can move time without --control; add it")
    if wanted.certificate and not wanted.with_tls:
        raise ConfigError("--certificate: there is none without --tls; add it")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop, the faster one; None, the standard one, where it does not exist."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(wanted: Wanted) -> int:
    from marginwatch.clock import ManualClock, SystemClock
    from marginwatch.sim.bybit.control import Control
    from marginwatch.sim.bybit.server import BybitSimServer
    from marginwatch.sim.exchange import Exchange
    from marginwatch.sim.faults import Faults

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    manual = ManualClock(time.time_ns()) if wanted.is_manual else None
    clock = manual or SystemClock()
    exchange = Exchange(
        wanted.seed,
        clock,
        n_accounts=wanted.n_accounts,
        scenario=wanted.scenario,
        market=wanted.market,
        pace=wanted.pace,
    )
    server = BybitSimServer(
        exchange, Faults(wanted.plan, wanted.seed), port=wanted.port, clock=clock, with_tls=wanted.with_tls
    )
    control, token = None, secrets.token_urlsafe(24)
    if wanted.control_port is not None:
        control = Control(server, token, clock=manual, port=wanted.control_port)
    await _listen(server.start, "--port", wanted.port)
    tasks: list[asyncio.Task[object]] = [asyncio.create_task(stopped.wait())]
    try:
        if control is not None:
            await _listen(control.start, "--control", wanted.control_port)
        _write_certificate(server.certificate, wanted.certificate)
        described = describe(server, {"url": control.url, "token": token} if control else None)
        typer.echo(
            msgspec.json.encode(described).decode() if wanted.is_json else _listing(server, control, token)
        )
        if manual is None:
            tasks.append(asyncio.create_task(exchange.run()))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if control is not None:
            await control.stop()
        await server.stop()
    return 0


async def _listen(start: Callable[[], Awaitable[None]], option: str, port: int | None) -> None:
    try:
        await start()
    except OSError as error:
        raise ConfigError(
            f"{option}: cannot listen on 127.0.0.1:{port} ({error.strerror}); choose another"
        ) from None


def _write_certificate(pem: str | None, path: str) -> None:
    if not pem or not path:
        return
    try:
        Path(path).write_text(pem)
    except OSError as error:
        raise ConfigError(f"--certificate: cannot write {path} ({error.strerror}); choose another") from None


def describe(server: "BybitSimServer", control: dict[str, str] | None = None) -> dict[str, object]:
    """Return what a client needs to connect: the object that ``--json`` prints first.

    ``certificate`` is there with TLS only, ``control`` with a remote control only.
    """
    urls = server.urls
    extra: dict[str, object] = {"certificate": server.certificate} if server.certificate else {}
    if control is not None:
        extra["control"] = control
    return extra | {
        "venue": "bybit",
        "rest": urls.rest,
        "private": urls.private,
        "public": urls.public,
        "status": urls.status,
        "accounts": [
            {
                "id": account.name,
                "api_key": account.key.api_key,
                "api_secret": account.key.api_secret,
                "passphrase": None,
            }
            for account in server.exchange.accounts()
        ],
    }


def _listing(server: "BybitSimServer", control: "Control | None", token: str) -> str:
    urls, accounts = server.urls, server.exchange.accounts()
    width = max(len(account.name) for account in accounts)
    return "\n".join(
        [
            f"Simulated Bybit with {len(accounts)} accounts; stop it with Ctrl-C.",
            "",
            f"  REST     {urls.rest}",
            f"  private  {urls.private}",
            *(f"  {channel:<8} {url}" for channel, url in urls.public.items()),
            f"  status   {urls.status}",
            *([f"  control  {control.url}   Authorization: Bearer {token}"] if control else []),
            "",
            f"  {'account':<{width}}  {'key':<18}  secret (simulated: signs nothing real)",
            *(f"  {a.name:<{width}}  {a.key.api_key:<18}  {a.key.api_secret}" for a in accounts),
        ]
    )

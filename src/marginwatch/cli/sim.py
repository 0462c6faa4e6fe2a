"""``marginwatch sim``: a simulated exchange for exchange clients to connect to, until stopped."""

import asyncio
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from marginwatch.errors import ConfigError

if TYPE_CHECKING:
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
    scenario: Annotated[str, typer.Option(help="What the market does.")] = "calm",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where to listen on 127.0.0.1; 0 takes a free one.")
    ] = 0,
    json_: Annotated[
        bool, typer.Option("--json", help="Print one JSON line with addresses and keys, then run.")
    ] = False,
) -> int:
    """Run a simulated exchange that exchange clients can connect to."""
    from marginwatch.sim.faults import parse_faults
    from marginwatch.sim.scenario import SCENARIOS

    if venue not in VENUES:
        raise ConfigError(f"sim: {venue!r} cannot be simulated; known are {', '.join(VENUES)}")
    if scenario not in SCENARIOS:
        raise ConfigError(f"--scenario: {scenario!r} is not a scenario; known are {', '.join(SCENARIOS)}")
    plan = parse_faults(faults)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(accounts, seed, plan, scenario, port, is_json=json_))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop, the faster one; None, the standard one, where it does not exist."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(
    n_accounts: int, seed: int, plan: "FaultPlan", scenario: str, port: int, *, is_json: bool
) -> int:
    from marginwatch.clock import SystemClock
    from marginwatch.sim.bybit.server import BybitSimServer
    from marginwatch.sim.exchange import Exchange
    from marginwatch.sim.faults import Faults

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    exchange = Exchange(seed, SystemClock(), n_accounts=n_accounts, scenario=scenario)
    server = BybitSimServer(exchange, Faults(plan, seed), port=port)
    try:
        await server.start()
    except OSError as error:
        raise ConfigError(
            f"--port: cannot listen on 127.0.0.1:{port} ({error.strerror}); choose another"
        ) from None
    running = asyncio.create_task(exchange.run())
    waiting = asyncio.create_task(stopped.wait())
    try:
        typer.echo(msgspec.json.encode(describe(server)).decode() if is_json else _listing(server))
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        running.cancel()
        waiting.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
        await server.stop()
    return 0


def describe(server: "BybitSimServer") -> dict[str, object]:
    """Return what a client needs to connect: the object that ``--json`` prints first."""
    urls = server.urls
    return {
        "venue": "bybit",
        "rest": urls.rest,
        "private": urls.private,
        "public": urls.public,
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


def _listing(server: "BybitSimServer") -> str:
    urls, accounts = server.urls, server.exchange.accounts()
    width = max(len(account.name) for account in accounts)
    return "\n".join(
        [
            f"Simulated Bybit with {len(accounts)} accounts; stop it with Ctrl-C.",
            "",
            f"  REST     {urls.rest}",
            f"  private  {urls.private}",
            *(f"  {channel:<8} {url}" for channel, url in urls.public.items()),
            "",
            f"  {'account':<{width}}  {'key':<18}  secret (simulated: signs nothing real)",
            *(f"  {a.name:<{width}}  {a.key.api_key:<18}  {a.key.api_secret}" for a in accounts),
        ]
    )

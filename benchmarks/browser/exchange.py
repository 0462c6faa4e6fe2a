"""A simulated exchange whose accounts hold so many positions each, with prices ten times a second, in a process of its own.

``python -m benchmarks.browser.exchange ACCOUNTS POSITIONS`` prints the line of ``marginwatch sim --json`` and runs until
its standard input ends.
"""

import asyncio
import sys

import msgspec
import uvloop

from marginwatch.cli.sim import describe
from marginwatch.clock import SystemClock
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange

TICK_S = 0.1
SEED = 7


async def serve(n_accounts: int, n_positions: int) -> None:
    """Run until nobody is there to measure any more."""
    exchange = Exchange(
        SEED, SystemClock(), n_accounts=n_accounts, positions_per_account=n_positions, tick_s=TICK_S
    )
    async with BybitSimServer(exchange) as server:
        sys.stdout.buffer.write(msgspec.json.encode(describe(server)) + b"\n")
        sys.stdout.buffer.flush()
        market = asyncio.create_task(exchange.run())
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        await reader.read()
        market.cancel()
        await asyncio.gather(market, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))

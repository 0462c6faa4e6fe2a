"""The simulator of one run, as a process: serves, waits until everybody listens, and reads its own processor clock."""

import asyncio
import json
import sys
import time

import uvloop

from benchmarks.machine import pin_to_core
from marginwatch.clock import SystemClock
from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange

LISTEN_LIMIT_S = 60.0
ACTIVITY_PER_S = 2.0
"""Actions a second and account, of which each makes 2.7 messages: somewhat more than 5,000 a second for 1,000 accounts."""


def say(**values: object) -> None:
    """Write one line of JSON for the parent process."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


async def serve(n_accounts: int, warm_s: float, measured_s: float) -> None:
    """Measure one exchange between two moments, all of it: market, traders, margins, sockets."""
    exchange = Exchange(7, SystemClock(), n_accounts=n_accounts, activity_per_s=ACTIVITY_PER_S)
    # A thousand listeners at once: the real limit would make this run five minutes longer, and is no matter of cost.
    async with BybitSimServer(exchange, limits=RateLimits(sockets=10 * n_accounts)) as server:
        keys = [(one.key.api_key, one.key.api_secret) for one in exchange.accounts()]
        say(private=server.urls.private, keys=keys)
        async with asyncio.timeout(LISTEN_LIMIT_S):
            while sum(len(one.topics) > 0 for one in server.private.connections) < n_accounts:  # noqa: ASYNC110  # nobody rings
                await asyncio.sleep(0.05)
        running = asyncio.create_task(exchange.run())
        await asyncio.sleep(warm_s)
        began = time.process_time(), time.perf_counter(), server.front.counts["pushes"]
        await asyncio.sleep(measured_s)
        ended = time.process_time(), time.perf_counter(), server.front.counts["pushes"]
        cpu_s, wall_s, pushes = (after - before for before, after in zip(began, ended, strict=True))
        say(cpu_s=cpu_s, wall_s=wall_s, pushes=pushes, sockets=server.sockets())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


if __name__ == "__main__":
    pin_to_core(0)
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))

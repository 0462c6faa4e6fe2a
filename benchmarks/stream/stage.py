"""The exchange and the monitor, each in a process of its own, until all positions are known and priced."""

import asyncio
import contextlib
import json
import tempfile
import urllib.request
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.soak.config_file import write_config
from benchmarks.soak.plan import Plan
from benchmarks.soak.process import Child

POSITIONS_PER_ACCOUNT = 20
READY_TIMEOUT_S = 180.0
READY_SHARE = 0.95
"""Of the positions: some accounts of the crowd hold fewer, and the exchange liquidates some."""

WARM_UP_S = 5.0


@dataclass(frozen=True)
class Stage:
    """What runs.

    Parameters
    ----------
    monitor : Child
        The service.
    url, token : str
        Of its API.
    n_positions : int
        That it watches.
    """

    monitor: Child
    url: str
    token: str
    n_positions: int

    async def share(self, seconds: float) -> float:
        """Return which share of a core the monitor uses for a while, all of its threads together."""
        loop = asyncio.get_running_loop()
        before, began_s = self.monitor.usage(), loop.time()
        await asyncio.sleep(seconds)
        after, took_s = self.monitor.usage(), loop.time() - began_s
        if before is None or after is None:
            raise RuntimeError("the monitor ended, or this system does not tell what processes use")
        return (after.cpu_s - before.cpu_s) / took_s


@contextlib.asynccontextmanager
async def set_stage(n_positions: int, settle_s: float = WARM_UP_S) -> AsyncGenerator[Stage, None]:
    """Yield a service that watches so many positions, whose marks all move ten times a second, once it has settled."""
    # Some accounts of the crowd hold a position less; the first is the master, which holds a book of its own.
    n_accounts = -(-n_positions // (POSITIONS_PER_ACCOUNT - 1)) + 1
    with tempfile.TemporaryDirectory(prefix="marginwatch-bench-") as name:
        folder = Path(name)
        exchange = await Child.start(
            "exchange",
            "benchmarks.browser.exchange",
            str(n_accounts),
            str(POSITIONS_PER_ACCOUNT),
            log=folder / "exchange.log",
            env={},
        )
        try:
            described = await exchange.line(60.0)
            path, secrets = write_config(folder, described, Plan(accounts=n_accounts))
            monitor = await Child.start(
                "monitor", "benchmarks.soak.monitor", str(path), log=folder / "monitor.log", env=secrets
            )
            try:
                said = await monitor.line(60.0)
                token = await asyncio.to_thread(Path(said["token_file"]).read_text)
                stage = await _ready(monitor, said["url"], token.strip(), n_positions)
                await asyncio.sleep(settle_s)
                yield stage
            finally:
                await monitor.stop()
        finally:
            await exchange.stop()


async def _ready(monitor: Child, url: str, token: str, n_positions: int) -> Stage:
    async with asyncio.timeout(READY_TIMEOUT_S):
        while True:
            await asyncio.sleep(1.0)
            found = await asyncio.to_thread(_count, url, token)
            if found >= READY_SHARE * n_positions:
                return Stage(monitor, url, token, found)


def _count(url: str, token: str) -> int:
    request = urllib.request.Request(f"{url}/api/v1/summary", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10.0) as answer:
            return int(json.load(answer)["summary"]["n_positions"] or 0)
    except OSError:
        return 0

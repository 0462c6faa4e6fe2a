"""The three who take part: simulator and monitor as children, and what the referee knows of them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from benchmarks.soak.config_file import write_config
from benchmarks.soak.gauge import Gauge
from benchmarks.soak.plan import Plan
from benchmarks.soak.process import Child
from benchmarks.soak.speakers import Exchange, Monitor
from marginwatch.web.token import read_token

START_S = 60.0
SIMULATOR, MONITOR = "simulator", "monitor"


class Stage:
    """A running simulator, and the monitor once it is started; made by :func:`set_stage`."""

    def __init__(self, plan: Plan, folder: Path, http: aiohttp.ClientSession, simulator: Child) -> None:
        self.plan = plan
        self.folder = folder
        self.simulator = simulator
        self.gauge = Gauge([simulator])
        self.names: list[str] = []
        self.began_s = 0.0
        """When the monitor began, seconds of the system's clock."""
        self.exchange: Exchange
        self.monitor: Monitor
        self.monitor_process: Child
        self._http = http
        self._children = [simulator]

    async def open(self) -> None:
        """Wait for the simulator, then start the monitor on its accounts."""
        said = await self.simulator.line(START_S)
        self.exchange = Exchange(self._http, said["control"])
        self.names = [account["id"] for account in said["accounts"]]
        config, keys = write_config(self.folder, said, self.plan)
        log = self.folder / "monitor.log"
        process = await Child.start(MONITOR, "benchmarks.soak.monitor", str(config), log=log, env=keys)
        self._children.append(process)
        self.monitor_process = process
        self.gauge.watch(process)
        ready = await process.line(START_S)
        self.began_s = float(ready["began_s"])
        self.monitor = Monitor(self._http, ready["url"], read_token(Path(ready["token_file"])).reveal())

    @property
    def passed_s(self) -> float:
        """Seconds since the monitor began."""
        return time.time() - self.began_s

    def ended(self) -> list[str]:
        """Return the children that have ended although nobody told them to."""
        return [child.name for child in self._children if not child.is_running]

    async def close(self) -> None:
        """End both children, the monitor first."""
        for child in reversed(self._children):
            await child.stop()


@contextlib.asynccontextmanager
async def set_stage(plan: Plan, folder: Path) -> AsyncIterator[Stage]:
    """Start simulator and monitor, and end both with the block, however that ends."""
    simulator = await Child.start(
        SIMULATOR,
        *("marginwatch", "sim", "bybit", "--json", "--control", "0"),
        *("--accounts", str(plan.accounts), "--seed", str(plan.seed)),
        log=folder / "simulator.log",
        env={},
    )
    async with aiohttp.ClientSession() as http:
        stage = Stage(plan, folder, http, simulator)
        gauging = asyncio.create_task(stage.gauge.run())
        try:
            await stage.open()
            yield stage
        finally:
            gauging.cancel()
            await asyncio.gather(gauging, return_exceptions=True)
            await stage.close()

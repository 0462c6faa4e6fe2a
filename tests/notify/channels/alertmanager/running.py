"""Debian's Alertmanager, started on loopback with a data folder of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from tests.steady_port import steady_port

CONFIG = """
route:
  receiver: desk
  group_by: ["..."]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: desk
    webhook_configs:
      - url: "{url}/am"
        send_resolved: true
"""


class Alertmanager:
    """A running one."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def alerts(self) -> list[dict[str, Any]]:
        """Return what its API says of alerts that have not ended."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/api/v2/alerts") as answer:
            answer.raise_for_status()
            return await answer.json()


@asynccontextmanager
async def alertmanager(folder: Path, receiver_url: str) -> AsyncIterator[Alertmanager]:
    binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    assert binary is not None, (
        "this test needs Alertmanager: apt-get install --no-install-recommends prometheus-alertmanager"
    )
    (folder / "am.yml").write_text(CONFIG.format(url=receiver_url))
    port = steady_port()
    process = await asyncio.create_subprocess_exec(
        binary,
        f"--config.file={folder / 'am.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        await _ready(url)
        yield Alertmanager(url)
    finally:
        process.terminate()
        await process.wait()


async def _ready(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(1_200):
            try:
                async with http.get(f"{url}/-/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.025)
    raise AssertionError("Alertmanager did not start within 30 s")

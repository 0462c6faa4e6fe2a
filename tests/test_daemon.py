"""Reading the configuration again disturbs nobody."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from marginwatch.config.settings import Config
from marginwatch.daemon import _reload_when_asked
from marginwatch.logs import Scrubber

ACCOUNT = '[[account]]\nid = "a"\nvenue = "bybit"\nenvironment = "testnet"\napi_key = "env:DK"\napi_secret = "env:DS"\n'


class Reloaded:
    """Takes configurations."""

    def __init__(self) -> None:
        self.config: Config | None = None
        self.came = asyncio.Event()

    async def reload(self, config: Config) -> None:
        self.config = config
        self.came.set()


async def test_while_a_file_is_read_again_everything_else_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DK", "k")
    monkeypatch.setenv("DS", "s")
    file = tmp_path / "slow.toml"
    os.mkfifo(file)
    service, asked = Reloaded(), asyncio.Event()
    task = asyncio.create_task(_reload_when_asked(cast("Any", service), file, Scrubber(), asked))
    asked.set()
    went_on = threading.Event()

    def write() -> None:
        # Whoever reads on the loop waits for this, and the loop with it.
        went_on.wait(5)
        file.write_text(ACCOUNT)

    writing = threading.Thread(target=write)
    writing.start()
    for _ in range(100):
        await asyncio.sleep(0)
    assert service.config is None
    went_on.set()
    await asyncio.to_thread(writing.join)
    async with asyncio.timeout(10):
        await service.came.wait()
    assert service.config is not None
    assert [one.account_id for one in service.config.accounts] == ["a"]
    task.cancel()

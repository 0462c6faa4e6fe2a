"""Silences of one service: many at once are bounded, for each alert is held against all of them."""

import asyncio
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from marginwatch.app.alerting.alerting import SILENCES_MAX, Alerting
from marginwatch.app.alerting.setup import AlertSetup
from marginwatch.clock import ManualClock
from marginwatch.errors import ConfigError
from marginwatch.model.silence import Matcher, Silence
from marginwatch.notify.settings import NotifySetup
from marginwatch.rules.rulebook import RuleSettings
from marginwatch.store import Store

HOUR_NS = 3_600 * 10**9


async def test_so_many_silences_and_no_more_even_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    store = await Store.open(tmp_path / "store.sqlite")
    async with aiohttp.ClientSession() as http:
        setup = AlertSetup(
            rules=(),
            rule_settings=RuleSettings(),
            notification=NotifySetup(channels={}),
            folder=tmp_path,
        )
        # Nothing is started, so nobody asks the service or the equity.
        nobody = cast("Any", None)
        alerting = Alerting(setup, store, nobody, nobody, nobody, http, clock)
        matchers = (Matcher.parse("account=mm-1"),)
        now_ns = clock.now_ns()

        async def add() -> Silence:
            return await alerting.add_silence(matchers, "nan", "x", now_ns, now_ns + HOUR_NS)

        came = await asyncio.gather(*(add() for _ in range(SILENCES_MAX + 3)), return_exceptions=True)
        assert sum(isinstance(one, ConfigError) for one in came) == 3
        held = await alerting.silences()
        assert len(held) == SILENCES_MAX
        with pytest.raises(ConfigError, match="end some"):
            await add()
        await alerting.end_silence(held[0].silence_id)
        assert (await add()).author == "nan"
    await store.close()

"""Whether alerts of a service can be relied on at the moment: what the heartbeat asks."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import aiohttp
import pytest_asyncio

from marginwatch.app.alerting.alerting import Alerting
from marginwatch.app.alerting.self_watch import SelfWatch
from marginwatch.app.alerting.setup import alert_setup
from marginwatch.clock import ManualClock
from marginwatch.collect.budget import BudgetState
from marginwatch.collect.statuses import AccountStatus
from marginwatch.config.settings import Config
from marginwatch.model.ids import VenueId
from marginwatch.model.venue_facts import Maintenance
from marginwatch.store import Store

S = 1_000_000_000


class Watched:
    """A service of which only the time of the last frame matters."""

    framed_ns: int | None = None

    def statuses(self) -> Sequence[AccountStatus]:
        return ()

    def budget_states(self) -> Mapping[VenueId, BudgetState]:
        return {}

    def clock_skews_s(self) -> Mapping[VenueId, float]:
        return {}

    def maintenances(self) -> Mapping[VenueId, Sequence[Maintenance]]:
        return {}

    def framed_at_ns(self) -> int | None:
        return self.framed_ns


class World:
    def __init__(self, alerting: Alerting, watched: Watched, clock: ManualClock) -> None:
        self.alerting, self.watched, self.clock = alerting, watched, clock

    def frame(self) -> str:
        """Let a frame come now and return why alerts may be lost."""
        self.watched.framed_ns = self.clock.now_ns()
        return self.alerting.why_not_well()


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    clock, watched = ManualClock(1_000 * S), Watched()
    store = await Store.open(tmp_path / "db.sqlite")
    setup = alert_setup(Config(path=tmp_path / "marginwatch.toml", accounts=()))
    async with aiohttp.ClientSession() as http:
        alerting = Alerting(setup, store, watched, SelfWatch(tmp_path, clock), lambda: ({}, {}), http, clock)
        yield World(alerting, watched, clock)
    await store.close()


async def test_all_is_well_only_while_frames_are_fresh(world: World) -> None:
    assert world.alerting.why_not_well() == "there are no fresh frames"
    assert world.frame() == ""
    await world.clock.advance(4.9)
    assert world.alerting.why_not_well() == ""
    await world.clock.advance(0.2)
    assert world.alerting.why_not_well() == "there are no fresh frames"
    assert world.frame() == ""


async def test_rules_that_die_are_not_well_however_fresh_the_frames(world: World) -> None:
    world.alerting.look(None)  # type: ignore[arg-type]
    assert world.frame().startswith("rules cannot be evaluated (AttributeError")


async def test_repeats_that_nobody_looks_after_are_not_well(world: World) -> None:
    await world.clock.advance(130.0)
    assert world.frame() == "nobody looks after repeats and escalations"
    await world.alerting._followups.look()
    assert world.frame() == ""


async def test_alerts_that_cannot_be_written_are_not_well_whatever_the_cause(world: World) -> None:
    world.alerting.writer.take((), ())
    await world.clock.advance(9.0)
    assert world.frame() == ""
    await world.clock.advance(2.0)
    assert world.frame() == "alerts cannot be written to the database"
    await world.alerting.writer.flush()
    assert world.frame() == ""

"""What rules judge and no frame holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from marginwatch.app.alerting.fact_keeper import FactKeeper
from marginwatch.app.alerting.self_watch import SelfWatch
from marginwatch.clock import ManualClock
from marginwatch.collect.budget import BudgetState
from marginwatch.collect.statuses import AccountStatus
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.venue_facts import Maintenance
from marginwatch.notify.health import ChannelHealth
from marginwatch.risk.answers import Answer
from marginwatch.rules.facts import Facts
from marginwatch.rules.measures.facts import FACT_NAMES

S = 1_000_000_000
START = 1_000 * S
BYBIT = VenueId("bybit")


def status(name: str, **more: object) -> AccountStatus:
    return AccountStatus(
        account_id=AccountId(name),
        connectivity=Connectivity(account_id=AccountId(name), link_state=LinkState.STREAMING),
        uid=None,
        poll_s=5.0,
        reconcile_s=60.0,
        is_waiting_for_socket=False,
        warnings=(),
        n_connects=1,
        n_messages=0,
        n_malformed=0,
        n_resyncs=0,
        **more,  # type: ignore[arg-type]
    )


def budget(used: int, blocked_until_ns: int | None = None) -> BudgetState:
    return BudgetState(
        host="bybit",
        share_of_limit=0.3,
        used=used,
        allowed=100,
        window_s=5.0,
        waiting=0,
        calls=0,
        blocked_until_ns=blocked_until_ns,
    )


class FakeService:
    def __init__(self) -> None:
        self.all_statuses: list[AccountStatus] = []
        self.budget = budget(0)
        self.skews: dict[VenueId, float] = {}
        self.announced: dict[VenueId, tuple[Maintenance, ...]] = {}
        self.frame_ns: int | None = None

    def statuses(self) -> Sequence[AccountStatus]:
        return self.all_statuses

    def budget_states(self) -> Mapping[VenueId, BudgetState]:
        return {BYBIT: self.budget}

    def clock_skews_s(self) -> Mapping[VenueId, float]:
        return self.skews

    def maintenances(self) -> Mapping[VenueId, Sequence[Maintenance]]:
        return self.announced

    def framed_at_ns(self) -> int | None:
        return self.frame_ns


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(START)
        self.service = FakeService()
        self.facts = Facts()
        self.health: dict[str, ChannelHealth] = {}
        self.keeper = FactKeeper(
            self.facts,
            self.service,
            SelfWatch(folder, self.clock),
            lambda: self.health,
            lambda: ({}, {}),
            self.clock,
        )

    def values(self, measure: str) -> dict[str, float]:
        self.keeper.gather()
        return {name: one.value for name, one in self.facts.by_name[measure].items()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_only_facts_that_rules_know_are_told(world: World) -> None:
    world.keeper.gather()
    assert set(world.facts.by_name) <= FACT_NAMES


def test_notices_and_breaks_are_counted_by_account(world: World) -> None:
    world.keeper.happenings.note("liquidation", "mm-1", START)
    world.keeper.happenings.note("break", "mm-2", START, 3)
    world.keeper.happenings.note("key_warning", "mm-3", START)
    assert world.values("account.liquidation_fills") == {"mm-1": 1.0}
    assert world.values("account.adl_fills") == {}
    assert world.values("account.reconciliation_breaks") == {"mm-2": 3.0}


async def test_a_budget_is_judged_over_a_minute(world: World) -> None:
    world.service.budget = budget(100)
    assert world.values("venue.rate_budget_used") == {"bybit": 1.0}
    world.service.budget = budget(0)
    for _ in range(3):
        world.keeper.gather()
    assert world.values("venue.rate_budget_used") == {"bybit": pytest.approx(0.2)}
    for _ in range(60):
        world.keeper.gather()
    assert world.values("venue.rate_budget_used") == {"bybit": 0.0}
    # Nothing is used of a host that may not be asked, and yet nothing is left of it.
    world.service.budget = budget(0, blocked_until_ns=START + 60 * S)
    for _ in range(60):
        world.keeper.gather()
    assert world.values("venue.rate_budget_used") == {"bybit": 1.0}


def test_a_maintenance_that_is_over_is_announced_no_more(world: World) -> None:
    def planned(ends_at_ns: int | None) -> Maintenance:
        return Maintenance(maintenance_id="7", title="upgrade", state="scheduled", ends_at_ns=ends_at_ns)

    world.service.announced = {BYBIT: (planned(START + S), planned(START - S), planned(None))}
    assert world.values("venue.maintenance_announced") == {"bybit": 2.0}


async def test_keys_are_asked_for_every_ten_seconds(world: World) -> None:
    world.service.all_statuses = [
        status("mm-1", key_expires_at_ns=START + 86_400 * S),
        status("mm-2", is_key_unsafe=True),
    ]
    assert world.values("account.key_expires_in") == {"mm-1": 86_400.0}
    assert world.values("account.key_is_unsafe") == {"mm-2": 1.0}
    world.service.all_statuses = []
    assert world.values("account.key_is_unsafe") == {"mm-2": 1.0}
    await world.clock.advance(10.0)
    assert world.values("account.key_is_unsafe") == {}
    assert world.values("account.key_expires_in") == {}


def test_clock_and_channels_and_frames(world: World) -> None:
    world.service.skews = {BYBIT: -2.5}
    world.health = {"phone": ChannelHealth(is_failing=True), "mail": ChannelHealth()}
    assert world.values("venue.clock_skew") == {"bybit": -2.5}
    assert world.values("channel.is_failing") == {"phone": 1.0, "mail": 0.0}
    # No frame yet is missing, and not the age of one from long ago.
    reading = world.facts.by_name["service.frame_age"]["marginwatch"]
    assert (reading.answer, reading.reason) == (Answer.MISSING, "there was no frame yet")
    world.service.frame_ns = START - 3 * S
    assert world.values("service.frame_age") == {"marginwatch": 3.0}


def test_a_disk_that_cannot_be_read_is_missing(tmp_path: Path) -> None:
    world = World(tmp_path / "not" / "there")
    world.keeper.gather()
    assert world.facts.by_name["service.disk_free_share"]["marginwatch"].answer == Answer.MISSING
    assert world.facts.by_name["service.memory_share"]["marginwatch"].answer == Answer.NUMBER

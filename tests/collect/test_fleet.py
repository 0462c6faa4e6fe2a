"""Many accounts: the quota in a storm, who goes first, and changes at run time that disturb nobody else."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import AccountRemoved, ConnectivityUpdate, InstrumentsUpdate
from marginwatch.model.ids import VenueId
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.venues.base import EndpointLimit

Spec = Callable[..., AccountSpec]
Push = Callable[[str, str, int, int], dict[str, object]]


def most_in_a_window(times: list[float], window_s: float) -> int:
    return max(sum(start <= at < start + window_s for at in times) for start in times)


async def test_a_mass_disconnect_never_exceeds_the_quota_and_everybody_is_polled(
    desk, make_spec: Spec
) -> None:
    desk.connect_limit = EndpointLimit(40, 300.0)  # 30 % of it: 12
    names = [f"a{number}" for number in range(20)]
    fleet = await desk.start(*(make_spec(name) for name in names))
    await desk.clock.advance(5)
    assert fleet.progress().n_streaming == 12
    assert fleet.progress().n_heard == 20
    assert fleet.progress().n_waiting_for_socket == 8
    assert all(len(desk.venue.account(name).swept_at_s) >= 1 for name in names)
    await desk.clock.advance(330)
    assert fleet.progress().n_streaming == 20
    for peer in list(desk.wire.private):
        peer.cut()
    await desk.clock.advance(60)
    waiting = [status.account_id for status in fleet.statuses() if status.is_waiting_for_socket]
    assert waiting
    for name in waiting:
        last = desk.venue.account(name).swept_at_s[-1]
        assert desk.clock.monotonic_s() - last < 6
    await desk.clock.advance(700)
    assert fleet.progress().n_streaming == 20
    assert most_in_a_window(desk.wire.opened_at_s, 300) <= 12


async def test_refused_attempts_count_and_are_spread(desk, make_spec: Spec) -> None:
    desk.connect_limit = EndpointLimit(40, 300.0)
    desk.wire.is_down = True
    await desk.start(*(make_spec(f"a{number}") for number in range(6)))
    await desk.clock.advance(700)
    assert len(desk.wire.opened_at_s) > 12
    assert most_in_a_window(desk.wire.opened_at_s, 300) <= 12


async def test_the_most_endangered_gets_the_next_socket(desk, make_spec: Spec) -> None:
    desk.connect_limit = EndpointLimit(10, 300.0)  # 30 % of it: 3
    names = [f"a{number}" for number in range(8)]
    desk.danger["a5"] = 0.5
    await desk.start(*(make_spec(name) for name in names))
    await desk.clock.advance(5)
    assert "key-a5" in {peer.key for peer in desk.wire.private}
    desk.danger["a7"] = 0.9
    await desk.clock.advance(312)
    assert "key-a7" in {peer.key for peer in desk.wire.private[3:]}


async def test_intervals_are_stretched_to_what_the_budget_keeps_and_shown(desk, make_spec: Spec) -> None:
    desk.wire.is_down = True
    desk.seconds_per_call = 1.0
    fleet = await desk.start(*(make_spec(f"a{number}") for number in range(4)))
    await desk.clock.advance(2)
    assert fleet.progress().poll_s == 20.0  # 4 accounts × 5 calls × 1 s
    health = desk.of(ConnectivityUpdate)[-1].connectivity
    await desk.clock.advance(10)
    health = desk.of(ConnectivityUpdate)[-1].connectivity
    assert health.fresh_for_ns == 40_000_000_000


async def test_hosts_that_share_a_budget_are_planned_together(desk, make_spec: Spec) -> None:
    desk.wire.is_down = True
    desk.seconds_per_call = 1.0
    specs = [make_spec("live"), make_spec("demo", venue=VenueId("bybit-demo"))]
    fleet = await desk.start(*specs)
    await desk.clock.advance(2)
    assert [status.poll_s for status in fleet.statuses()] == [10.0, 10.0]  # 2 accounts × 5 calls × 1 s each


async def test_a_changed_address_is_used_from_then_on(desk, make_spec: Spec) -> None:
    spec = make_spec("a")
    fleet = await desk.start(spec, make_spec("b"))
    await desk.clock.advance(3)
    assert {peer.url for peer in desk.wire.private} == {"ws://stream.test/v5/private"}
    moved = msgspec.structs.replace(spec.endpoints, private="ws://gateway.test/v5/private")
    await fleet.apply([make_spec("a", endpoints=moved), make_spec("b")])
    await desk.clock.advance(3)
    now = {peer.key: peer.url for peer in desk.wire.private if peer.is_open}
    assert now == {"key-a": "ws://gateway.test/v5/private", "key-b": "ws://stream.test/v5/private"}


async def test_accounts_that_did_not_change_keep_their_sockets(desk, make_spec: Spec) -> None:
    fleet = await desk.start(make_spec("stays"), make_spec("goes"), make_spec("sleeps"), make_spec("rekeyed"))
    await desk.clock.advance(3)
    first = {peer.key: peer for peer in desk.wire.private}
    await fleet.apply(
        [
            make_spec("stays", tags=("renamed",)),
            make_spec("sleeps", is_enabled=False),
            make_spec("rekeyed", api_key=Secret("new-key")),
            make_spec("comes"),
        ]
    )
    await desk.clock.advance(3)
    now = {peer.key: peer for peer in desk.wire.private if peer.is_open}
    assert now["key-stays"] is first["key-stays"]
    assert set(now) == {"key-stays", "new-key", "key-comes"}
    assert [event.account_id for event in desk.of(AccountRemoved)] == ["goes", "sleeps"]
    assert [status.account_id for status in fleet.statuses()] == ["stays", "rekeyed", "comes"]
    removed_at = max(number for number, event in enumerate(desk.events) if isinstance(event, AccountRemoved))
    late = desk.events[removed_at:]
    assert not [e for e in late if isinstance(e, AccountSnapshot) and e.account_id in ("goes", "sleeps")]


async def test_one_name_twice_is_refused_and_changes_nothing(desk, make_spec: Spec) -> None:
    fleet = await desk.start(make_spec("a"))
    await desk.clock.advance(3)
    with pytest.raises(ConfigError, match="'b' stands twice"):
        await fleet.apply([make_spec("b"), make_spec("b")])
    assert desk.wire.private[0].is_open
    assert [status.account_id for status in fleet.statuses()] == ["a"]


@pytest.mark.parametrize("first_to_answer", ["one", "two"])
async def test_one_account_under_two_names_is_watched_once(
    desk, make_spec: Spec, first_to_answer: str
) -> None:
    for name in ("one", "two"):
        desk.venue.account(name).uid = "1234567"
    fleet = await desk.start(*([make_spec("two")] if first_to_answer == "two" else [make_spec("one")]))
    await desk.clock.advance(2)
    await fleet.apply([make_spec("one"), make_spec("two")])
    await desk.clock.advance(3)
    assert (desk.state("one"), desk.state("two")) == ("streaming", "stopped")
    assert "'one'" in fleet.statuses()[1].connectivity.reason
    await fleet.apply([make_spec("two")])
    await desk.clock.advance(3)
    assert desk.state("two") == "streaming"


async def test_a_crashed_session_starts_anew_and_the_others_go_on(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"), make_spec("b"))
    await desk.clock.advance(3)
    hear, broken = desk.events.append, [True]

    def sink(event: object) -> None:
        if broken and isinstance(event, AccountSnapshot) and event.account_id == "a":
            broken.clear()
            raise AssertionError("broken invariant")
        hear(event)

    desk.fleet._services.sink = sink
    await desk.clock.advance(70)
    assert not broken
    assert (desk.state("a"), desk.state("b")) == ("streaming", "streaming")
    assert [(n.kind, n.account_id) for n in desk.notices] == [("session_crashed", "a")]
    assert len([peer for peer in desk.wire.private if peer.key == "key-b"]) == 1


async def test_an_unknown_contract_is_loaded_told_and_noticed(
    desk, make_spec: Spec, push_position: Push
) -> None:
    known = desk.venue.catalog.resolve("linear", "NEWUSDT")
    desk.venue.catalog.take_unknown()
    desk.venue.catalog = type(desk.venue.catalog)("bybit")
    desk.venue.contracts["NEWUSDT"] = known
    await desk.start(make_spec("a"))
    await desk.clock.advance(40)
    desk.wire.private[0].push(push_position("NEWUSDT", "1", 1, 1_700_000_000_000))
    await desk.clock.advance(5)
    loaded = [one.venue_symbol for event in desk.of(InstrumentsUpdate) for one in event.instruments]
    assert loaded == ["NEWUSDT"]
    assert [notice.kind for notice in desk.notices] == ["unknown_contract"]


async def test_stop_closes_everything(desk, make_spec: Spec) -> None:
    fleet = await desk.start(*(make_spec(f"a{number}") for number in range(5)))
    await desk.clock.advance(3)
    before = asyncio.all_tasks()
    await fleet.stop()
    assert not [peer for peer in desk.wire.peers if peer.is_open]
    assert len(asyncio.all_tasks()) < len(before)
    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()
    assert fleet.statuses() == ()


async def test_a_session_has_two_tasks(desk, make_spec: Spec) -> None:
    fleet = await desk.start(make_spec("a"))
    await desk.clock.advance(3)
    one = len(asyncio.all_tasks())
    await fleet.apply([make_spec("a"), *(make_spec(f"b{number}") for number in range(10))])
    await desk.clock.advance(3)
    assert fleet.progress().n_streaming == 11
    assert len(asyncio.all_tasks()) - one == 20

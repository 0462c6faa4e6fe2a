"""What people were told, in memory: it is what the database says as soon as that has been read, and waits for nobody."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from tests.app.alerting.usage_alert import transition

from marginwatch.app.alerting.noted_outbox import NotedOutbox
from marginwatch.app.alerting.told import KEPT_MAX, ToldBoard
from marginwatch.clock import ManualClock
from marginwatch.errors import ConnectivityError
from marginwatch.model.alert import Transition, TransitionKind
from marginwatch.model.delivery import ChannelStanding, OutboxRow, RowOutcome, RowState, SendReason
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts

S = 1_000_000_000


class CountingAlerts(StoredAlerts):
    """Counts what is read; may fail, or let something happen while it reads."""

    n_reads = 0
    is_broken = False
    meanwhile = None

    async def channel_standings(self, alert_ids: Sequence[str]) -> Mapping[str, tuple[ChannelStanding, ...]]:
        self.n_reads += 1
        if self.is_broken:
            raise ConnectivityError("no database", reason="store")
        found = await super().channel_standings(alert_ids)
        if self.meanwhile is not None:
            then, self.meanwhile = self.meanwhile, None
            await then()
        return found


def fired(alert_id: str) -> Transition:
    return transition(f"t-{alert_id}", TransitionKind.FIRED, alert_id, S)


class Scene:
    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, ManualClock(100 * S)
        self.alerts = CountingAlerts(store)
        self.board = ToldBoard(self.alerts, self.clock)
        self.outbox = NotedOutbox(store, self.clock, self.board.hear_rows, self.board.note)

    async def fire(self, alert_id: str, *channels: str) -> None:
        """Write an alert and its messages down, and let the board hear of it."""
        one = fired(alert_id)
        rows = [self.row(one, channel) for channel in channels]
        async with self.store.transaction() as unit:
            await self.alerts.write(unit, [one], rows)
        self.board.hear([one], rows)

    def row(self, of: Transition, channel: str, reason: SendReason = SendReason.FIRED) -> OutboxRow:
        return OutboxRow(
            channel=channel,
            group="g",
            reason=reason,
            alert=of.alert,
            made_at_ns=self.clock.now_ns(),
            due_ns=self.clock.now_ns(),
            transition_id=of.transition_id if reason is SendReason.FIRED else None,
        )

    async def send(self, channel: str, state: RowState = RowState.SENT) -> int:
        """Claim everything of a channel and finish it; return how many rows."""
        rows = await self.outbox.claim("me", channel, self.clock.now_ns(), 60 * S, 100)
        found = [RowOutcome(row_id=row.row_id, state=state, is_attempt=True, due_ns=200 * S) for row in rows]
        await self.outbox.finish("me", found)
        return len(rows)

    async def stored(self, *alert_ids: str) -> Mapping[str, tuple[ChannelStanding, ...]]:
        return await StoredAlerts(self.store).channel_standings(alert_ids)


@pytest_asyncio.fixture
async def scene(tmp_path: Path) -> AsyncGenerator[Scene]:
    store = await Store.open(tmp_path / "db.sqlite")
    yield Scene(store)
    await store.close()


async def test_what_was_just_written_waits_and_nobody_reads_for_it(scene: Scene) -> None:
    await scene.fire("a1", "phone", "mail")
    await scene.fire("a2")
    found = await scene.board.standings(["a1", "a2"])
    assert found == await scene.stored("a1", "a2")
    assert [(one.channel, one.state) for one in found["a1"]] == [
        ("mail", RowState.WAITING),
        ("phone", RowState.WAITING),
    ]
    assert scene.alerts.n_reads == 0


async def test_what_became_of_messages_is_read_once_for_all_and_moves_the_version(scene: Scene) -> None:
    for name in ("a1", "a2", "a3"):
        await scene.fire(name, "phone")
    await scene.board.read()
    assert await scene.send("phone") == 3
    before, n_reads = scene.board.version, scene.alerts.n_reads
    await scene.board.read()
    found = await scene.board.standings(["a1", "a2", "a3"])
    assert found == await scene.stored("a1", "a2", "a3")
    assert {one.state for told in found.values() for one in told} == {RowState.SENT}
    assert scene.board.version > before
    assert scene.alerts.n_reads == n_reads + 1
    before = scene.board.version
    await scene.board.read()
    assert scene.board.version == before, "nothing happened"


async def test_put_off_repeated_and_handed_on(scene: Scene) -> None:
    await scene.fire("a1", "phone")
    await scene.send("phone", RowState.WAITING)
    await scene.board.read()
    assert (await scene.board.standings(["a1"]))["a1"][0].attempts == 1
    await scene.send("phone", RowState.FAILED)
    # Whoever fails hands on to another channel in the same breath.
    await scene.outbox.finish("me", [], rows=[scene.row(fired("a1"), "mail", SendReason.FELL_OVER)])
    await scene.outbox.add([scene.row(fired("a1"), "phone", SendReason.REPEATED)])
    assert [one.reason for one in (await scene.board.standings(["a1"]))["a1"]] == ["fell_over", "repeated"]
    await scene.board.read()
    assert await scene.board.standings(["a1"]) == await scene.stored("a1")


async def test_a_message_that_was_there_already_is_no_new_one(scene: Scene) -> None:
    await scene.fire("a1", "phone")
    await scene.send("phone")
    # A commit whose answer was lost is repeated.
    await scene.fire("a1", "phone")
    await scene.board.read()
    found = await scene.board.standings(["a1"])
    assert found == await scene.stored("a1")
    assert found["a1"][0].state is RowState.SENT


async def test_after_a_restart_it_is_read_when_somebody_looks(scene: Scene) -> None:
    await scene.fire("a1", "phone")
    new = ToldBoard(scene.alerts, scene.clock)
    assert await new.standings(["a1", "a2"]) == await scene.stored("a1", "a2")
    await new.standings(["a1", "a2"])
    assert scene.alerts.n_reads == 1


async def test_what_happens_while_it_is_read_is_not_missed(scene: Scene) -> None:
    await scene.fire("a1", "phone")
    scene.board = ToldBoard(scene.alerts, scene.clock)
    scene.outbox = NotedOutbox(scene.store, scene.clock, scene.board.hear_rows, scene.board.note)

    async def send() -> None:
        await scene.send("phone")

    scene.alerts.meanwhile = send
    assert (await scene.board.standings(["a1"]))["a1"][0].state is RowState.WAITING
    await scene.board.read()
    assert (await scene.board.standings(["a1"]))["a1"][0].state is RowState.SENT


async def test_a_database_that_cannot_be_read_leaves_it_as_it_was_and_is_asked_again(scene: Scene) -> None:
    await scene.fire("a1", "phone")
    await scene.send("phone")
    scene.alerts.is_broken = True
    await scene.board.read()
    assert (await scene.board.standings(["a1"]))["a1"][0].state is RowState.WAITING
    with pytest.raises(ConnectivityError):
        await scene.board.standings(["a9"])
    scene.alerts.is_broken = False
    await scene.board.read()
    assert (await scene.board.standings(["a1"]))["a1"][0].state is RowState.SENT


async def test_it_does_not_grow_forever(scene: Scene) -> None:
    scene.board.hear([fired(f"a{number}") for number in range(KEPT_MAX + 10)], ())
    await scene.board.standings(["a1"])
    assert scene.alerts.n_reads == 1

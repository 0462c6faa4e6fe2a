"""What people did about alerts, in memory: whatever happens it is what the database says, and nobody reads that for it."""

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.app.alerting.usage_alert import transition

from marginwatch.app.alerting.desk import RESOLVED_KEPT, AlertDesk
from marginwatch.errors import ConnectivityError
from marginwatch.model.alert import Acknowledgement, Alert, Transition, TransitionKind
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher, Silence
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts

S = 1_000_000_000


class CountingAlerts(StoredAlerts):
    """Counts what is read, and can lose the answer to a commit."""

    n_reads = 0
    loses_answers = False

    async def silences(self, now_ns: int) -> tuple[Silence, ...]:
        self.n_reads += 1
        return await super().silences(now_ns)

    async def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        self.n_reads += 1
        return await super().acknowledgements()

    async def resolved_alerts(self, limit: int = 100) -> tuple[Alert, ...]:
        self.n_reads += 1
        return await super().resolved_alerts(limit)

    async def add_silence(self, silence: Silence) -> None:
        await super().add_silence(silence)
        if self.loses_answers:
            raise ConnectivityError("the answer was lost", reason="store")


class Scene:
    """A database, a desk over it, and alerts that come and go."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.alerts = CountingAlerts(store)
        self.open: set[str] = set()
        self.now_ns = 1_000 * S
        self.n = 0
        self.desk = self.new_desk()

    def new_desk(self) -> AlertDesk:
        return AlertDesk(self.alerts, lambda: self.open)

    async def happen(self, kind: TransitionKind, alert_id: str) -> Transition:
        """Write a transition down and let the desk hear of it."""
        self.n += 1
        one = transition(f"t{self.n}", kind, alert_id, self.now_ns)
        is_over = kind in (TransitionKind.RESOLVED, TransitionKind.CALMED)
        (self.open.discard if is_over else self.open.add)(alert_id)
        async with self.store.transaction() as unit:
            await self.alerts.write(unit, [one], ())
        self.desk.hear([one])
        return one

    def given(self, alert_id: str, for_s: float = 60.0) -> Acknowledgement:
        return Acknowledgement(
            key=f"usage|account|{alert_id}",
            alert_id=alert_id,
            severity=Severity.HIGH,
            author="nan",
            comment="",
            at_ns=self.now_ns,
            until_ns=self.now_ns + int(for_s * S),
        )

    def silence(self, name: str, *, in_s: float = 0.0, for_s: float = 60.0) -> Silence:
        from_ns = self.now_ns + int(in_s * S)
        return Silence(
            silence_id=name,
            matchers=(Matcher.parse("account=mm-1"),),
            author="nan",
            comment="x",
            from_ns=from_ns,
            until_ns=from_ns + int(for_s * S),
        )

    async def said(self, desk: AlertDesk) -> tuple[object, ...]:
        found = (await desk.silences(self.now_ns), await desk.acknowledgements())
        return (*found, *[await desk.resolved_alerts(limit) for limit in (0, 1, 20)])

    async def stored(self) -> tuple[object, ...]:
        """Say the same out of the database, uncounted."""
        plain = StoredAlerts(self.store)
        found = (await plain.silences(self.now_ns), await plain.acknowledgements())
        return (*found, *[await plain.resolved_alerts(limit) for limit in (0, 1, 20)])


@pytest_asyncio.fixture
async def scene(tmp_path: Path) -> AsyncGenerator[Scene]:
    store = await Store.open(tmp_path / "db.sqlite")
    yield Scene(store)
    await store.close()


@pytest.mark.parametrize("seed", range(3))
async def test_it_says_what_the_database_says_without_reading_it(scene: Scene, seed: int) -> None:
    pick = random.Random(seed)
    await scene.desk.load()
    n_reads = scene.alerts.n_reads
    for step in range(60):
        scene.now_ns += pick.randrange(1, 20) * S
        what = pick.randrange(5)
        if what == 0:
            await scene.happen(TransitionKind.FIRED, f"a{step}")
        elif what == 1 and scene.open:
            kind = pick.choice([TransitionKind.RESOLVED, TransitionKind.CALMED])
            await scene.happen(kind, pick.choice(sorted(scene.open)))
        elif what == 2 and scene.open:
            await scene.desk.add_acknowledgement(
                scene.given(pick.choice(sorted(scene.open)), pick.choice([5, 500]))
            )
        elif what == 3:
            one = scene.silence(
                f"s{pick.randrange(8)}", in_s=pick.choice([0, 30]), for_s=pick.choice([10, 200])
            )
            await scene.desk.add_silence(one)
        else:
            await scene.desk.end_silence(f"s{pick.randrange(8)}", scene.now_ns)
        assert await scene.said(scene.desk) == await scene.stored(), f"after step {step}"
    assert scene.alerts.n_reads == n_reads
    # A service that starts anew knows the same.
    assert await scene.said(scene.new_desk()) == await scene.stored()


async def test_who_looks_further_back_than_is_kept_is_answered_by_the_database(scene: Scene) -> None:
    await scene.desk.load()
    for number in range(RESOLVED_KEPT + 5):
        scene.now_ns += S
        await scene.happen(TransitionKind.RESOLVED, f"a{number}")
    n_reads = scene.alerts.n_reads
    assert await scene.desk.resolved_alerts(RESOLVED_KEPT) == await scene.alerts.resolved_alerts(
        RESOLVED_KEPT
    )
    assert scene.alerts.n_reads == n_reads + 1
    assert len(await scene.desk.resolved_alerts(RESOLVED_KEPT + 3)) == RESOLVED_KEPT + 3


async def test_where_the_answer_to_a_commit_is_lost_the_database_is_asked(scene: Scene) -> None:
    await scene.desk.load()
    scene.alerts.loses_answers = True
    with pytest.raises(ConnectivityError):
        await scene.desk.add_silence(scene.silence("s1"))
    assert [one.silence_id for one in await scene.desk.silences(scene.now_ns)] == ["s1"]


async def test_an_alert_that_resolves_while_it_is_acknowledged_keeps_nothing(scene: Scene) -> None:
    await scene.desk.load()
    await scene.happen(TransitionKind.FIRED, "a1")
    adding = asyncio.create_task(scene.desk.add_acknowledgement(scene.given("a1")))
    await asyncio.sleep(0)
    await scene.happen(TransitionKind.RESOLVED, "a1")
    await adding
    assert await scene.desk.acknowledgements() == ()


async def test_the_version_rises_when_something_is_done_begins_or_ends(scene: Scene) -> None:
    def rises() -> bool:
        before, scene.version = scene.version, scene.desk.version(scene.now_ns)  # type: ignore[attr-defined]
        return scene.version > before  # type: ignore[attr-defined]

    scene.version = 0  # type: ignore[attr-defined]
    await scene.desk.load()
    assert rises()
    assert not rises()
    await scene.desk.add_silence(scene.silence("s1", in_s=30, for_s=60))
    assert rises()
    await scene.happen(TransitionKind.FIRED, "a1")
    await scene.desk.add_acknowledgement(scene.given("a1", for_s=45))
    assert rises()
    for seconds, is_news in (
        (29, False),
        (1, True),
        (14, False),
        (1, True),
        (44, False),
        (1, True),
        (500, False),
    ):
        scene.now_ns += seconds * S
        assert rises() is is_news, f"{seconds} s later"
    await scene.desk.add_silence(scene.silence("s2"))
    assert rises()
    await scene.desk.end_silence("s2", scene.now_ns)
    assert rises()

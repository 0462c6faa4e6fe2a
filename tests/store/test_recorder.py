"""The queue in front of the store: nothing waits for the disk, nothing is lost without being counted."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

from marginwatch.clock import SystemClock
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import Break
from marginwatch.store.recorder import Recorder
from marginwatch.store.store import Store

A = AccountId("alpha")


def a_break(number: int) -> Break:
    return Break(
        account_id=A,
        subject="BTCUSDT/net",
        field="quantity",
        ours=str(number),
        theirs="0",
        found_at_ns=number,
    )


@contextlib.asynccontextmanager
async def recording(path: Path | Secret, queue_max: int = 100):
    store = await Store.open(path)
    recorder = Recorder(store, SystemClock(), queue_max=queue_max)
    task = asyncio.create_task(recorder.run())
    try:
        yield recorder, store
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.01)


async def test_what_is_queued_is_committed_in_its_order(place: Path | Secret) -> None:
    async with recording(place) as (recorder, store):
        recorder.add_breaks([a_break(1), a_break(2)])
        recorder.add_notice(Notice("key_warning", A, "renew it"))
        payload = Quarantined(
            venue=VenueId("bybit"), account_id=A, source="position", message="cut", payload=b"{", at_ns=3
        )
        recorder.add_quarantined(payload)

        async def all_there() -> bool:
            return (
                len(await store.breaks()) == 2
                and bool(await store.notices())
                and bool(await store.quarantined())
            )

        await until(all_there)
        assert [row.value.ours for row in await store.breaks()] == ["2", "1"]
        assert (await store.quarantined())[0].value == payload
        assert (await store.notices())[0].value.message == "renew it"


async def test_a_locked_file_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    async with recording(path) as (recorder, store):
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        recorder.add_breaks([a_break(1)])
        await asyncio.sleep(0.05)
        assert await store.breaks() == ()
        other.execute("ROLLBACK")
        other.close()

        async def there() -> bool:
            return len(await store.breaks()) == 1

        await until(there)


async def test_a_full_queue_drops_the_oldest_and_counts_them(place: Path | Secret) -> None:
    store = await Store.open(place)
    recorder = Recorder(store, SystemClock(), queue_max=3)
    recorder.add_breaks(a_break(number) for number in range(5))
    assert recorder.lost == 2
    await recorder.flush()
    await recorder.flush()
    assert [row.value.ours for row in await store.breaks()] == ["4", "3", "2"]
    await store.close()

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import Break
from marginwatch.store import Store
from marginwatch.store.retention import Retention


def a_break(number: int, account: str = "main") -> Break:
    return Break(
        account_id=AccountId(account),
        subject="bybit:linear:BTCUSDT/net",
        field="quantity",
        ours=str(number),
        theirs=None,
        found_at_ns=1_700_000_000_000_000_000 + number,
    )


def a_payload(number: int, size: int = 10, account: AccountId | None = None) -> Quarantined:
    return Quarantined(
        venue=VenueId("bybit"),
        account_id=account,
        source="position",
        message="size: not a number",
        payload=bytes([number % 256]) * size,
        at_ns=number,
    )


def nonsense(path: Path) -> bytes:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to look like a page" * 50)
    return content_of(path)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def overwrite_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    for start in range(page, len(content), page):
        content[start : start + 64] = b"\xff" * 64
    path.write_bytes(content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "marginwatch.sqlite"


FEW = Retention(breaks_max=5, notices_max=3, payloads_max=4, payload_bytes_max=100)


@pytest_asyncio.fixture
async def store(place: Path | Secret):
    opened = await Store.open(place, retention=FEW)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def in_file(path: Path):
    """A store in a SQLite file."""
    opened = await Store.open(path, retention=FEW)
    yield opened
    await opened.close()


async def test_what_was_added_is_read_back_newest_first(store: Store) -> None:
    payload = a_payload(7, account=AccountId("main"))
    notice = Notice("key_warning", AccountId("main"), "the key expires in 3 days; make a new one")
    async with store.transaction() as tx:
        await tx.add_breaks([a_break(1), a_break(2)])
        await tx.add_quarantined([payload])
        await tx.add_notices([notice], at_ns=42)
    assert [row.value for row in await store.breaks()] == [a_break(2), a_break(1)]
    assert [row.value for row in await store.quarantined()] == [payload]
    [stored] = await store.notices()
    assert (stored.value, stored.at_ns) == (notice, 42)


async def test_nothing_of_a_block_that_raises_is_kept(store: Store) -> None:
    async def half() -> None:
        async with store.transaction() as tx:
            await tx.add_breaks([a_break(1)])
            await tx.add_quarantined([a_payload(1)])
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert await store.breaks() == ()
    assert await store.quarantined() == ()
    async with store.transaction() as tx:
        await tx.add_breaks([a_break(2)])
    assert [row.value.ours for row in await store.breaks()] == ["2"]


async def test_readers_do_not_wait_for_the_writer_nor_see_what_is_not_committed(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.add_breaks([a_break(1)])
        assert await asyncio.wait_for(store.breaks(), 20) == ()
    assert len(await store.breaks()) == 1


async def test_transactions_take_turns(store: Store) -> None:
    async def add(number: int) -> None:
        async with store.transaction() as tx:
            await tx.add_breaks([a_break(number)])
            await asyncio.sleep(0)
            await tx.add_breaks([a_break(number)])

    await asyncio.gather(*(add(number) for number in range(2)))
    assert [row.value.ours for row in await store.breaks()] == ["1", "1", "0", "0"]


async def test_a_page_continues_after_the_last_one_and_filters_by_account(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.add_breaks([a_break(1), a_break(2, "other"), a_break(3)])
    first = await store.breaks(limit=2)
    assert [row.value.ours for row in first] == ["3", "2"]
    assert [row.value.ours for row in await store.breaks(before_id=first[-1].id)] == ["1"]
    assert [row.value.ours for row in await store.breaks(account_id="other")] == ["2"]
    assert await store.breaks(limit=0) == ()


async def test_only_the_newest_rows_are_kept_and_ids_go_on(store: Store) -> None:
    for number in range(8):
        async with store.transaction() as tx:
            await tx.add_breaks([a_break(number)])
            await tx.add_notices([Notice("unknown_contract", None, str(number))], at_ns=number)
    kept = await store.breaks()
    assert [row.value.ours for row in kept] == ["7", "6", "5", "4", "3"]
    assert kept[0].id == 8
    assert [row.value.message for row in await store.notices()] == ["7", "6", "5"]


async def test_quarantine_is_bounded_by_count_and_by_bytes(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.add_quarantined([a_payload(number) for number in range(9)])
    assert [row.value.at_ns for row in await store.quarantined()] == [8, 7, 6, 5]
    async with store.transaction() as tx:
        await tx.add_quarantined([a_payload(9, size=85)])
    assert [row.value.at_ns for row in await store.quarantined()] == [9, 8]
    async with store.transaction() as tx:
        await tx.add_quarantined([a_payload(10, size=101)])
    assert await store.quarantined() == ()


async def test_a_second_service_on_the_same_file_is_refused(in_file: Store, path: Path) -> None:
    with pytest.raises(ConfigError, match=f"process {os.getpid()}"):
        await Store.open(path)


async def test_files_are_private_to_the_user(in_file: Store, path: Path) -> None:
    async with in_file.transaction() as tx:
        await tx.add_breaks([a_break(1)])
    modes = {entry.name: entry.stat().st_mode & 0o077 for entry in path.parent.iterdir()}
    assert set(modes.values()) == {0}
    assert f"{path.name}-wal" in modes
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_the_file_is_durable_and_in_write_ahead_mode(in_file: Store) -> None:
    async with in_file.transaction() as tx:
        journal = (await tx.connection.exec_driver_sql("PRAGMA journal_mode")).scalar()
        synchronous = (await tx.connection.exec_driver_sql("PRAGMA synchronous")).scalar()
    assert (journal, synchronous) == ("wal", 2)


async def test_a_file_that_cannot_be_written_now_is_connectivity(in_file: Store) -> None:
    async with in_file.transaction() as tx:
        await tx.connection.exec_driver_sql("PRAGMA max_page_count=20")
    with pytest.raises(ConnectivityError, match="full") as caught:
        async with in_file.transaction() as tx:
            await tx.add_breaks([a_break(number) for number in range(5_000)])
    assert caught.value.reason == "store"
    assert await in_file.breaks() == ()


async def test_a_file_that_is_no_database_is_named_and_left_alone(path: Path) -> None:
    before = nonsense(path)
    with pytest.raises(ConfigError, match=f"{path.name}: not a sound database.*move it aside"):
        await Store.open(path)
    assert content_of(path) == before


async def test_a_damaged_page_is_found_at_the_start(path: Path) -> None:
    opened = await Store.open(path)
    async with opened.transaction() as tx:
        await tx.add_breaks([a_break(number) for number in range(500)])
    await opened.close()
    overwrite_pages(path)
    with pytest.raises(ConfigError, match="not a sound database"):
        await Store.open(path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="mend data_dir"):
        await Store.open(tmp_path / "file" / "x.sqlite")


WRITER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_store import a_break, a_payload
from marginwatch.store import Store

async def main():
    store = await Store.open(sys.argv[1])
    number = 0
    while True:
        async with store.transaction() as tx:
            await tx.add_breaks([a_break(number)])
            await tx.add_quarantined([a_payload(number)])
            await tx.add_breaks([a_break(number)])
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


def write_until_killed(place: Path | Secret, lines: int) -> int:
    """Return the last number that the writer said was committed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, text_of(place), str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told = -1
    for _ in range(lines):
        told = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    return told


def text_of(place: Path | Secret) -> str:
    return place.reveal() if isinstance(place, Secret) else str(place)


@pytest.mark.parametrize("lines", [1, 7, 40])
async def test_a_killed_writer_leaves_whole_transactions_only_and_no_lock(
    place: Path | Secret, lines: int
) -> None:
    told = write_until_killed(place, lines)
    opened = await Store.open(place)
    breaks = [int(row.value.ours or -1) for row in reversed(await opened.breaks(limit=1_000))]
    payloads = [row.value.at_ns for row in reversed(await opened.quarantined(limit=1_000))]
    await opened.close()
    assert breaks == [number for number in payloads for _ in range(2)]
    assert payloads == list(range(len(payloads)))
    assert len(payloads) > told


async def test_closing_twice_is_harmless_and_frees_the_file(path: Path) -> None:
    first = await Store.open(path)
    await first.close()
    await first.close()
    second = await Store.open(path)
    await second.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_full_disk_is_not_taken_for_a_damaged_file(tmp_path: Path) -> None:
    code = (
        "import asyncio, resource, sys; from marginwatch.store import Store;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384)); asyncio.run(Store.open(sys.argv[1]))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.sqlite")], capture_output=True, text=True, timeout=60
    )
    assert shown.returncode == 1
    assert "make room on that disk" in shown.stderr
    assert "move it aside" not in shown.stderr

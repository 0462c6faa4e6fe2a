"""The inbox: whole blocks, in order, on the disk, whatever was there before."""

import asyncio
import fcntl
import json
import stat
from pathlib import Path

import pytest
from tests.notify.channels.platform import context
from tests.notify.channels.samples import enemy_message, message, outgoing

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.notify.channels.base import Channel, Receipt
from marginwatch.notify.channels.inbox.channel import append
from marginwatch.notify.channels.inbox.config import InboxTable
from marginwatch.notify.channels.inbox.manifest import KIND


async def make(folder: Path, **keys: object) -> Channel:
    async with context() as given:
        table = InboxTable(**{"name": "file", "path": "in/box.txt", **keys})
        return KIND.build(table, {}, type(given)(given.name, given.http, given.clock, folder=folder))


async def test_a_readable_block_says_everything(tmp_path: Path) -> None:
    channel = await make(tmp_path)
    receipt = await channel.send(outgoing())
    text = (tmp_path / "in/box.txt").read_text()
    assert isinstance(receipt, Receipt)
    for part in ("Margin critical: mm-1", "newly firing", "87.1 %", "4.2 %", "Reduce BTCUSDT", "m-0001"):
        assert part in text
    assert stat.S_IMODE((tmp_path / "in/box.txt").stat().st_mode) == 0o600


async def test_json_is_one_object_a_line_even_of_the_worst_texts(tmp_path: Path) -> None:
    channel = await make(tmp_path, format="json")
    await channel.send(outgoing())
    await channel.send(outgoing(message(message_id="m-2")))
    lines = (tmp_path / "in/box.txt").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["message_id"] for one in told] == ["m-0001", "m-2"]
    assert told[0]["alerts"][0]["value"] == 0.871
    assert told[0]["transition_ids"] == ["t-1"]


async def test_hostile_texts_are_written_too(tmp_path: Path) -> None:
    await (await make(tmp_path)).send(outgoing(enemy_message()))
    assert len((tmp_path / "in/box.txt").read_bytes()) > 10_000


async def test_blocks_of_many_writers_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "box"
    blocks = [bytes([65 + n]) * 30_000 + b"\n" for n in range(8)]
    await asyncio.gather(*(asyncio.to_thread(append, path, block) for block in blocks))
    assert sorted(path.read_bytes().splitlines(keepends=True)) == blocks


def test_what_a_full_disk_cut_off_spoils_no_other_line(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b'{"half": ')
    append(path, b'{"whole": 1}\n')
    assert path.read_bytes() == b'{"half": \n{"whole": 1}\n'


async def test_a_file_may_be_moved_away_at_any_time(tmp_path: Path) -> None:
    channel = await make(tmp_path)
    await channel.send(outgoing())
    (tmp_path / "in/box.txt").rename(tmp_path / "old")
    await channel.send(outgoing(message(message_id="m-2")))
    assert "m-2" in (tmp_path / "in/box.txt").read_text()
    assert "m-2" not in (tmp_path / "old").read_text()


async def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("a file where the folder should be")
    with pytest.raises(DeliveryError) as caught:
        await (await make(tmp_path)).send(outgoing())
    assert caught.value.retryable


async def test_a_disk_that_does_not_answer_is_given_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "box"
    channel = await make(tmp_path, path="box", timeout_s=0.05)
    with path.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(outgoing())
    assert (caught.value.reason, caught.value.retryable) == ("timeout", True)


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name a file"):
        await make(tmp_path, path=".")

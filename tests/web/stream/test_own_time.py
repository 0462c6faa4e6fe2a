"""The processor time of something that waits: its own, whatever others do meanwhile."""

import asyncio
import time

import pytest

from marginwatch.web.stream.own_time import OwnTime


def burn(seconds: float) -> None:
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


async def test_what_others_do_meanwhile_does_not_count() -> None:
    is_over = asyncio.Event()

    async def work() -> str:
        burn(0.01)
        await is_over.wait()
        burn(0.01)
        return "done"

    made = OwnTime(work())

    async def wait() -> str:
        return await made

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    burn(0.2)
    is_over.set()
    assert await task == "done"
    assert 0.02 <= made.took_s < 0.2


async def test_errors_and_ends_pass_through() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    async def wait() -> None:
        await OwnTime(work())

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cleaned up"]

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        await OwnTime(fails())

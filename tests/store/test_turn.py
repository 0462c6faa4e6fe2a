"""Whose turn it is to write."""

import asyncio

import pytest

from marginwatch.store.turn import Turn


class Visitors:
    """Tasks that want the turn; ``order`` is the order in which they had it."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.order: list[str] = []
        self.within = 0
        self.may_leave = asyncio.Event()

    def send(self, name: str, *, is_urgent: bool = False) -> asyncio.Task[None]:
        return asyncio.create_task(self._visit(name, is_urgent))

    async def _visit(self, name: str, is_urgent: bool) -> None:
        async with self.turn.taken(is_urgent=is_urgent):
            self.within += 1
            assert self.within == 1
            self.order.append(name)
            await self.may_leave.wait()
            await asyncio.sleep(0)
            self.within -= 1


async def arrived() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_urgent_goes_before_all_that_waits_but_disturbs_nobody() -> None:
    visitors = Visitors()
    tasks = [visitors.send(name) for name in ("first", "second", "third")]
    await arrived()
    tasks += [visitors.send(name, is_urgent=True) for name in ("alert", "next alert")]
    await arrived()
    assert visitors.order == ["first"]
    visitors.may_leave.set()
    await asyncio.gather(*tasks)
    assert visitors.order == ["first", "alert", "next alert", "second", "third"]


async def test_whoever_gives_up_waiting_holds_up_nobody() -> None:
    visitors = Visitors()
    first, second, third = (visitors.send(name) for name in ("first", "second", "third"))
    await arrived()
    second.cancel()
    visitors.may_leave.set()
    await asyncio.gather(first, third)
    assert visitors.order == ["first", "third"]
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_a_turn_that_comes_together_with_the_end_of_its_task_is_passed_on() -> None:
    turn = Turn()
    waiting: list[asyncio.Task[None]] = []
    had: list[str] = []

    async def wait(name: str) -> None:
        async with turn.taken():
            had.append(name)

    async with turn.taken():
        waiting = [asyncio.create_task(wait(name)) for name in ("second", "third")]
        await arrived()
    # It is the second one's now, which has not run since.
    waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert had == ["third"]
    async with turn.taken():
        had.append("free again")
    assert had == ["third", "free again"]


async def test_an_error_inside_gives_the_turn_back() -> None:
    turn = Turn()
    with pytest.raises(ValueError, match="inside"):
        async with turn.taken():
            raise ValueError("inside")
    async with asyncio.timeout(20), turn.taken():
        pass

"""Whose password is compared next, on a manual clock: nobody fills the queue for the others, and all together cost no more."""

import asyncio
import contextlib

from marginwatch.clock import ManualClock
from marginwatch.web.access.login_queue import ALL_TRIES, KNOWN_MAX, WAITING_MAX, LoginQueue


class Tries:
    """Everybody who tries: ``come`` brings one more, ``compared`` are those who had their turn."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.queue = LoginQueue(self.clock)
        self.compared: list[str] = []
        self.sent_away: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, address: str, n_tried: float = 1.0) -> asyncio.Task[None]:
        task = asyncio.create_task(self._try(address, n_tried))
        self.tasks.append(task)
        await self.clock.advance(0)
        return task

    async def _try(self, address: str, n_tried: float) -> None:
        async with self.queue.turn(address, n_tried) as is_mine:
            (self.compared if is_mine else self.sent_away).append(address)

    async def use_up(self) -> None:
        for number in range(ALL_TRIES):
            await self.come(f"10.9.{number}.1")
        assert len(self.compared) == ALL_TRIES
        self.compared.clear()

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_all_together_have_twenty_and_then_one_a_second() -> None:
    tries = Tries()
    await tries.use_up()
    for second in range(60):
        for number in range(3):
            await tries.come(f"10.1.{second}.{number}")
        await tries.clock.advance(1)
    assert len(tries.compared) == 60
    assert len(tries.sent_away) == 180 - 60 - (WAITING_MAX - 1), "the last turn has just made room"
    await tries.end()


async def test_one_is_compared_at_a_time() -> None:
    tries, inside, most = Tries(), 0, 0

    async def slow(address: str) -> None:
        nonlocal inside, most
        async with tries.queue.turn(address, 1.0) as is_mine:
            assert is_mine
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(slow(f"10.0.0.{number}") for number in range(WAITING_MAX)))
    assert most == 1


async def test_whoever_has_tried_less_goes_first_and_takes_the_place_of_those_who_tried_more() -> None:
    tries = Tries()
    await tries.use_up()
    for number in range(WAITING_MAX):
        await tries.come("10.0.0.1", float(number + 2))
    await tries.come("10.0.0.2", 1.0)
    assert tries.sent_away == ["10.0.0.1"]
    await tries.clock.advance(1)
    assert tries.compared == ["10.0.0.2"]
    await tries.come("10.0.0.1", 9.5)
    await tries.come("10.0.0.1", 10.0)
    assert tries.sent_away == ["10.0.0.1"] * 2, "the last in the queue, when it is full"
    await tries.end()


async def test_from_where_somebody_signed_in_before_nobody_waits_for_a_flood_from_elsewhere() -> None:
    tries = Tries()
    tries.queue.welcome("2001:db8:1:2::1")
    await tries.use_up()
    for number in range(3 * WAITING_MAX):
        await tries.come(f"10.0.{number}.1")
    # An operator who mistyped some times, from another address of the same line.
    await tries.come("2001:db8:1:2:ffff::9", 6.0)
    await tries.clock.advance(1)
    assert tries.compared == ["2001:db8:1:2:ffff::9"]
    for number in range(2 * KNOWN_MAX):
        tries.queue.welcome(f"10.{number >> 8}.{number & 255}.1")
    assert len(tries.queue._known) == KNOWN_MAX
    await tries.end()


async def test_whoever_goes_away_gives_up_the_place_and_the_turn() -> None:
    tries = Tries()
    await tries.use_up()
    gone = await tries.come("10.0.0.1")
    await tries.come("10.0.0.2")
    gone.cancel()
    await tries.clock.advance(1)
    assert tries.compared == ["10.0.0.2"]
    # One that goes in the very moment of its turn does not keep it either.
    last = await tries.come("10.0.0.3")
    ((rank, future),) = tries.queue._waiting.items()
    future.set_result(True)
    del tries.queue._waiting[rank]
    tries.queue._is_free.clear()
    last.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await last
    await tries.come("10.0.0.4")
    await tries.clock.advance(2)
    assert tries.compared[-1] == "10.0.0.4"
    await tries.end()


async def test_a_right_password_costs_the_others_nothing() -> None:
    tries = Tries()
    for number in range(3 * ALL_TRIES):
        await tries.come(f"10.0.{number}.1")
        tries.queue.give_back()
    assert len(tries.compared) == 3 * ALL_TRIES
    await tries.end()

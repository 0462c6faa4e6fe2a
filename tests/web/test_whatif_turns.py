"""Turns: the newest question of a caller wins, others are not disturbed, and few wait."""

import asyncio

import pytest

from marginwatch.web.whatif_turns import BusyError, SupersededError, Turns


class Work:
    """Work that ends when it is told to, and counts how much of it runs."""

    def __init__(self) -> None:
        self.n_running = self.n_begun = self.most = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> str:
        self.n_begun += 1
        self.n_running += 1
        self.most = max(self.most, self.n_running)
        await self.may_end.wait()
        self.n_running -= 1
        return "done"


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_newest_question_wins_and_what_only_waited_is_never_begun() -> None:
    turns, work = Turns(), Work()
    first = asyncio.create_task(turns.take("a", work))
    await settled()
    others = [asyncio.create_task(turns.take("a", work)) for _ in range(5)]
    await settled()
    assert first.done()
    with pytest.raises(SupersededError):
        await first
    for one in others[:-1]:
        with pytest.raises(SupersededError):
            await one
    assert (work.n_begun, work.n_running) == (1, 1)
    work.may_end.set()
    assert await others[-1] == "done"
    assert (work.n_begun, work.most) == (2, 1)


async def test_callers_do_not_disturb_each_other_and_wait_for_a_slot() -> None:
    turns, work = Turns(at_once=2), Work()
    asked = [asyncio.create_task(turns.take(name, work)) for name in "abcd"]
    await settled()
    assert work.n_running == 2
    work.may_end.set()
    assert await asyncio.gather(*asked) == ["done"] * 4
    assert work.most == 2


async def test_too_many_callers_are_sent_away_but_one_who_waits_may_ask_anew() -> None:
    turns, work = Turns(callers_max=2), Work()
    asked = [asyncio.create_task(turns.take(name, work)) for name in "ab"]
    await settled()
    with pytest.raises(BusyError):
        await turns.take("c", work)
    again = asyncio.create_task(turns.take("b", work))
    await settled()
    with pytest.raises(SupersededError):
        await asked[1]
    work.may_end.set()
    assert await asyncio.gather(asked[0], again) == ["done", "done"]
    assert await turns.take("c", work) == "done"


async def test_who_hangs_up_is_forgotten_and_a_failure_is_the_callers_own() -> None:
    turns, work = Turns(), Work()
    running = asyncio.create_task(turns.take("a", work))
    await settled()
    waiting = asyncio.create_task(turns.take("b", work))
    await settled()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    work.may_end.set()
    assert await running == "done"
    assert work.n_begun == 1

    async def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await turns.take("b", broken)
    assert await turns.take("b", work) == "done"

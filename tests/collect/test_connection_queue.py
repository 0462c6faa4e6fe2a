"""The quota holds in every window, whatever happens; the most endangered go first."""

import asyncio
import random

import pytest

from marginwatch.clock import ManualClock
from marginwatch.collect.connection_queue import ATTEMPTS_MAX, ConnectionQueue
from marginwatch.collect.timers import Timers
from marginwatch.model.ids import AccountId
from marginwatch.venues.base import EndpointLimit


class Place:
    def __init__(
        self, calls: int, share: float, danger: dict[str, float] | None = None, tick_s: float = 0.1
    ) -> None:
        self.clock = ManualClock()
        self.timers = Timers(self.clock, tick_s)
        self.ran = asyncio.create_task(self.timers.run())
        self.admitted: list[tuple[float, str | None]] = []
        self.attempt_s = 0.0
        known = danger or {}
        self.queue = ConnectionQueue(
            EndpointLimit(calls, 300.0),
            share,
            10.0,
            self.clock,
            self.timers,
            lambda name: known.get(name, 0.0),
        )

    async def come(self, name: str | None) -> None:
        await self.queue.admit(None if name is None else AccountId(name))
        self.admitted.append((self.clock.monotonic_s(), name))
        await self.clock.sleep(self.attempt_s)
        self.queue.attempt_over()

    def send(self, *names: str | None) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.come(name)) for name in names]


async def test_no_window_of_five_minutes_has_more_than_the_share() -> None:
    place, dice = Place(50, 0.30, tick_s=5.0), random.Random(7)
    tasks: list[asyncio.Task[None]] = []
    for number in range(40):
        if dice.random() < 0.4:
            tasks += place.send(*(f"a{number}-{i}" for i in range(dice.randrange(1, 12))))
        await place.clock.advance(dice.uniform(0, 60))
    await place.clock.advance(8_000)
    assert all(task.done() for task in tasks)
    times = [at for at, _ in place.admitted]
    assert len(times) > 60
    # An attempt reaches the venue up to 10 s after its admission: the worst window is 310 s of admissions.
    assert max(sum(start <= at < start + 310 for at in times) for start in times) == 15
    place.ran.cancel()


async def test_the_whole_share_is_used_without_waiting_but_for_what_is_left_to_prices() -> None:
    place = Place(500, 0.30, tick_s=1.0)
    place.send(*(f"a{i}" for i in range(200)))
    for _ in range(4):
        await place.clock.advance(1)
    assert len(place.admitted) == 150 - 7
    assert place.queue.n_waiting == 57
    assert not place.queue.has_free_place()
    await place.clock.advance(311)
    assert len(place.admitted) == 200
    place.ran.cancel()


async def test_a_large_fleet_does_not_keep_prices_waiting_for_five_minutes() -> None:
    place = Place(500, 0.90, tick_s=1.0)
    place.send(*(f"a{i}" for i in range(1000)))
    await place.clock.advance(10)
    place.send(None, None, None, None)
    await place.clock.advance(1)
    assert [name for _, name in place.admitted].count(None) == 4
    assert len(place.admitted) == 450 - 8 + 4
    place.send(*[None] * 10)
    await place.clock.advance(1)
    assert len(place.admitted) == 450, "the whole share, and no more"
    await place.clock.advance(700)
    times = [at for at, _ in place.admitted]
    assert len(times) == 1014
    assert max(sum(start <= at < start + 310 for at in times) for start in times) <= 450
    place.ran.cancel()


async def test_attempts_that_take_long_are_not_all_begun_at_once() -> None:
    place = Place(500, 0.90, tick_s=0.1)
    place.attempt_s = 4.0
    tasks = place.send(*(f"a{i}" for i in range(200)))
    await place.clock.advance(1)
    assert len(place.admitted) == ATTEMPTS_MAX
    tasks[0].cancel()
    place.queue.attempt_over()  # what the cancelled attempt would have said
    await place.clock.advance(1)
    assert len(place.admitted) == ATTEMPTS_MAX + 1
    for _ in range(150):
        await place.clock.advance(0.1)
    assert len(place.admitted) == 200
    times = [at for at, _ in place.admitted]
    assert max(sum(start <= at < start + 4.0 for at in times) for start in times) <= ATTEMPTS_MAX + 1
    place.ran.cancel()


async def test_who_is_cancelled_while_being_admitted_does_not_hold_an_attempt() -> None:
    place = Place(500, 0.90, tick_s=0.1)
    place.attempt_s = 1e6
    tasks = place.send(*(f"a{i}" for i in range(ATTEMPTS_MAX + 1)))
    await asyncio.sleep(0)
    place.queue._pump()
    assert not place.admitted, "admitted, but not awake yet"
    tasks[0].cancel()
    await place.clock.advance(1)
    assert len(place.admitted) == ATTEMPTS_MAX
    place.ran.cancel()


async def test_prices_go_first_then_the_most_endangered_as_judged_when_a_place_is_free() -> None:
    danger = {"calm": 0.1, "risky": 0.2}
    place = Place(1, 1.0, danger, tick_s=1.0)
    place.send("first")
    await place.clock.advance(1)
    place.send("calm", "risky", "calmer", None)
    await place.clock.advance(100)
    danger["calm"] = 0.9
    await place.clock.advance(1300)
    assert [name for _, name in place.admitted] == ["first", None, "calm", "risky", "calmer"]
    place.ran.cancel()


async def test_who_gives_up_waiting_takes_no_place() -> None:
    place = Place(1, 1.0, tick_s=1.0)
    place.send("first")
    await place.clock.advance(1)
    gone, stays = place.send("gone", "stays")
    await place.clock.advance(1)
    gone.cancel()
    await place.clock.advance(315)
    assert stays.done()
    assert place.queue.n_waiting == 0
    place.ran.cancel()


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
async def test_a_share_outside_the_limit_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share_of_limit"):
        Place(500, share)

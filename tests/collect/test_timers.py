import asyncio

from marginwatch.clock import ManualClock
from marginwatch.collect.timers import TICK_S, Timers
from marginwatch.collect.wakeup import Wakeup


async def test_deadlines_fire_in_order_and_a_cancelled_one_does_not() -> None:
    clock = ManualClock()
    timers, fired = Timers(clock), []
    task = asyncio.create_task(timers.run())
    timers.call_later(2, lambda: fired.append(("b", clock.monotonic_s())))
    timers.call_later(1, lambda: fired.append(("a", clock.monotonic_s())))
    timers.call_later(1.5, lambda: fired.append(("never", 0.0))).cancel()
    await clock.advance(3)
    assert [name for name, _ in fired] == ["a", "b"]
    assert 0 <= fired[0][1] - 1 <= TICK_S + 1e-9
    task.cancel()


async def test_a_callback_that_asks_for_itself_at_once_does_not_stop_the_loop() -> None:
    clock = ManualClock()
    timers, fired = Timers(clock), []

    def again() -> None:
        fired.append(clock.monotonic_s())
        timers.call_later(0.0, again)

    timers.call_later(0.0, again)
    for expected in (1, 2, 3):
        timers.fire_due()
        assert len(fired) == expected


async def test_a_future_is_waited_for_no_longer_than_said() -> None:
    clock = ManualClock()
    timers = Timers(clock)
    task = asyncio.create_task(timers.run())
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    late = asyncio.create_task(timers.bounded(asyncio.get_running_loop().create_future(), 5))
    soon = asyncio.create_task(timers.bounded(answer, 5))
    await clock.advance(1)
    answer.set_result("yes")
    await clock.advance(5)
    assert soon.result() == "yes"
    assert late.result() is None
    task.cancel()


async def test_cancelling_the_waiter_is_no_timeout() -> None:
    timers = Timers(ManualClock())
    waiting = asyncio.create_task(timers.bounded(asyncio.get_running_loop().create_future(), 5))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()


async def test_a_ring_ends_a_wait_and_one_before_it_is_kept() -> None:
    clock = ManualClock()
    timers = Timers(clock)
    task = asyncio.create_task(timers.run())
    bell = Wakeup(timers)
    bell.ring()
    assert await bell.wait(1000)
    waiting = asyncio.create_task(bell.wait(10))
    await clock.advance(1)
    bell.ring()
    await clock.advance(0)
    assert waiting.result()
    waiting = asyncio.create_task(bell.wait(10))
    await clock.advance(11)
    assert not waiting.result()
    task.cancel()

"""A channel sends no more than it bears, but for what is critical."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.clock import ManualClock
from marginwatch.notify.rates import Rate


async def test_a_burst_and_then_as_the_bucket_fills():
    clock = ManualClock()
    rate = Rate(20.0, clock)
    assert (rate.room(), rate.reserved) == (5, 1)
    for _ in range(5):
        rate.take()
    assert rate.room() == 0
    assert rate.wait_s() == pytest.approx(6.0)
    await clock.advance(6.0)
    assert rate.room() == 2
    assert rate.wait_s() == 0.0


async def test_overdrawing_is_paid_back():
    clock = ManualClock()
    rate = Rate(60.0, clock)
    for _ in range(15):
        rate.take()
    await clock.advance(5.0)
    assert rate.room() == 0
    await clock.advance(1.0)
    assert rate.room() == 1


@given(st.floats(0.1, 1_000.0), st.lists(st.floats(0.0, 30.0), max_size=60))
async def test_never_more_than_burst_and_rate_allow(per_minute, waits):
    clock = ManualClock()
    rate = Rate(per_minute, clock)
    taken = 0
    for wait_s in waits:
        await clock.advance(wait_s)
        while rate.room() > rate.reserved:
            rate.take()
            taken += 1
    assert taken <= rate.burst + per_minute / 60.0 * clock.monotonic_s() + 1e-6

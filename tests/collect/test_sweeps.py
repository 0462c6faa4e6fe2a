"""When open orders are asked for: not with the first picture, soon after a gap, else seldom."""

import random

from marginwatch.collect.settings import CollectSettings
from marginwatch.collect.sweeps import ORDERS_AFTER_S, ORDERS_EVERY_S, SweepTimes


def test_orders_are_due_after_the_first_picture_then_seldom_and_soon_after_a_gap() -> None:
    times = SweepTimes(CollectSettings(), random.Random(1))
    assert not times.are_orders_due(100.0)
    assert times.are_orders_due(100.0 + ORDERS_AFTER_S)
    times.on_orders(200.0)
    assert not times.are_orders_due(200.0 + ORDERS_EVERY_S - 1)
    times.on_gap(210.0)
    assert not times.are_orders_due(210.0)
    assert times.are_orders_due(210.0 + ORDERS_AFTER_S)
    times.on_orders(300.0)
    times.on_gap(300.0 + ORDERS_EVERY_S - 1)
    assert times.are_orders_due(300.0 + ORDERS_EVERY_S)


def test_a_gap_before_the_first_picture_hurries_nothing() -> None:
    times = SweepTimes(CollectSettings(), random.Random(1))
    times.on_gap(5.0)
    assert not times.are_orders_due(100.0)


async def test_a_session_asks_for_orders_soon_after_it_lost_its_stream(desk, make_spec) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(120)
    asked = desk.venue.account("a").orders_asked_at_s
    assert len(asked) == 1
    desk.wire.private[0].cut()
    lost_s = desk.clock.monotonic_s()
    await desk.clock.advance(120)
    assert len(asked) == 2
    assert ORDERS_AFTER_S <= asked[1] - lost_s <= ORDERS_AFTER_S + 65

"""The average that deliveries settle by: of every second of the last half hour, whatever the steps are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.sim.delivery_index import WINDOW_MS, DeliveryIndex

PAIR = ("BTC", "USDT")
END = 10_000_000_000


def test_a_constant_index_is_its_own_average() -> None:
    index = DeliveryIndex(0)
    assert index.average(PAIR) is None
    for now_ms in range(END - WINDOW_MS + 1, END + 700, 700):
        index.add(now_ms, END, {PAIR: 80_000.0})
    assert index.average(PAIR) == pytest.approx(80_000.0, rel=1e-12)


@given(
    steps=st.lists(st.tuples(st.integers(1, 400), st.floats(1.0, 1e5)), min_size=1, max_size=40),
)
def test_it_is_the_mean_of_the_seconds(steps: list[tuple[int, float]]) -> None:
    index, now_s, seconds = DeliveryIndex(0), 0, []
    for lasted_s, price in [*steps, (1800, 50.0)]:
        seconds += [price] * lasted_s
        now_s += lasted_s
        index.add(END - WINDOW_MS + now_s * 1000, END, {PAIR: price})
    within = seconds[:1800]
    assert index.average(PAIR) == pytest.approx(sum(within) / 1800, rel=1e-9)


def test_another_delivery_starts_afresh() -> None:
    index = DeliveryIndex(0)
    index.add(END, END, {PAIR: 1.0})
    assert not index.is_open(END + 1, END + 86_400_000)
    assert index.is_open(END + 86_400_000 - WINDOW_MS + 1, END + 86_400_000)
    index.add(END + 86_400_000, END + 86_400_000, {PAIR: 3.0, ("ETH", "USD"): 5.0})
    assert (index.average(PAIR), index.average(("ETH", "USD"))) == (3.0, 5.0)


def test_a_look_without_time_counts_nothing() -> None:
    index = DeliveryIndex(0)
    index.add(END - 1000, END, {PAIR: 10.0})
    index.add(END - 1000, END, {PAIR: 1e9})
    index.add(END + 1000, END, {PAIR: 10.0})
    index.add(END + 2000, END, {PAIR: 1e9})
    assert index.average(PAIR) == 10.0


def test_an_exchange_that_opens_late_averages_what_is_left() -> None:
    index = DeliveryIndex(END - 60_000)
    index.add(END - 30_000, END, {PAIR: 10.0})
    index.add(END, END, {PAIR: 20.0})
    assert index.average(PAIR) == 15.0

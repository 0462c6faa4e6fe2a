from hypothesis import given
from hypothesis import strategies as st

from marginwatch.collect.call_window import CallWindow
from marginwatch.venues.base import EndpointLimit


def test_share_is_rounded_down_but_never_to_nothing() -> None:
    assert CallWindow(EndpointLimit(600, 5.0), 0.3).allowed == 180
    assert CallWindow(EndpointLimit(50, 1.0), 0.3).allowed == 15
    assert CallWindow(EndpointLimit(10, 1.0), 0.3).allowed == 3
    assert CallWindow(EndpointLimit(5, 1.0), 0.3).allowed == 1


def test_a_share_below_one_call_stretches_the_window() -> None:
    window = CallWindow(EndpointLimit(1, 1.0), 0.25)
    assert (window.allowed, window.window_s) == (1, 4.0)


def test_a_slot_is_free_one_window_after_the_call_ended_not_after_it_began() -> None:
    window = CallWindow(EndpointLimit(1, 1.0), 1.0)
    window.take(0.0)
    assert window.free_at(2.0) > 2.0
    window.end(3.0)
    assert 4.0 < window.free_at(3.0) < 4.01
    assert window.free_at(4.01) == 4.01


def test_a_call_whose_end_nobody_reported_does_not_hold_its_slot_forever() -> None:
    window = CallWindow(EndpointLimit(1, 1.0), 1.0, lease_s=60.0)
    window.take(0.0)
    assert window.free_at(10.0) == 60.0
    assert window.used(60.0) == 0


def test_a_returned_slot_is_free_at_once() -> None:
    window = CallWindow(EndpointLimit(1, 1.0), 1.0)
    window.take(0.0)
    window.give_back()
    assert window.free_at(0.0) == 0.0


def test_a_lowered_limit_counts_the_calls_already_made() -> None:
    window = CallWindow(EndpointLimit(4, 1.0), 1.0)
    for moment in (0.0, 0.1, 0.2, 0.3):
        window.take(moment)
        window.end(moment)
    window.resize(EndpointLimit(2, 1.0), 1.0)
    # Four are remembered and two allowed: the third-oldest has to go before one more may start.
    assert 1.2 < window.free_at(0.4) < 1.21


calls = st.lists(
    st.tuples(
        st.floats(0.0, 2.0),  # pause before asking
        st.floats(0.0, 1.0),  # moment of the call at which the venue counts it, as a part of its duration
        st.floats(0.0, 3.0),  # duration
    ),
    max_size=60,
)


@given(calls, st.integers(1, 7), st.floats(0.1, 3.0))
def test_wherever_the_venue_counts_a_call_no_window_has_too_many(
    plan: list[tuple[float, float, float]], allowed: int, window_s: float
) -> None:
    window = CallWindow(EndpointLimit(allowed, window_s), 1.0)
    now = 0.0
    running: list[float] = []
    counted: list[float] = []
    for pause, part, duration in plan:
        now += pause
        while True:
            running.sort()
            while running and running[0] <= now:
                window.end(running.pop(0))
            free_at = window.free_at(now)
            if free_at <= now:
                break
            now = min([free_at, *running])
        window.take(now)
        counted.append(now + part * duration)
        running.append(now + duration)
    counted.sort()
    for first, last in zip(counted, counted[allowed:], strict=False):
        assert last - first >= window_s

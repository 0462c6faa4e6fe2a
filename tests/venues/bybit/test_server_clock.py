from marginwatch.clock import ManualClock
from marginwatch.venues.bybit.server_clock import ServerClock

SECOND = 1_000_000_000


def test_the_offset_is_taken_at_the_middle_of_the_round_trip() -> None:
    clock = ServerClock(ManualClock(start_ns=0))
    clock.add(sent_ns=10 * SECOND, heard_ns=12 * SECOND, server_ns=14 * SECOND)
    assert clock.offset_ns == 3 * SECOND
    assert clock.now_ns() == 3 * SECOND
    assert clock.to_ours_ns(clock.to_server_ns(5 * SECOND)) == 5 * SECOND


def test_the_quickest_round_trip_counts() -> None:
    clock = ServerClock(ManualClock())
    clock.add(0, 10 * SECOND, 100 * SECOND)
    clock.add(20 * SECOND, 20 * SECOND + 1000, 23 * SECOND)
    clock.add(30 * SECOND, 36 * SECOND, 90 * SECOND)
    assert clock.best is not None
    assert clock.best.latency_ns == 1000


def test_an_old_sample_gives_way_however_quick_it_was() -> None:
    clock = ServerClock(ManualClock())
    clock.add(0, 0, 5 * SECOND)
    clock.add(601 * SECOND, 602 * SECOND, 609 * SECOND)
    assert clock.offset_ns == 7 * SECOND + SECOND // 2


def test_a_refused_stamp_makes_the_next_sample_the_only_one() -> None:
    clock = ServerClock(ManualClock())
    clock.add(0, 0, 5 * SECOND)
    clock.distrust()
    assert clock.offset_ns == 5 * SECOND  # better than nothing until the next one
    clock.add(SECOND, 2 * SECOND, SECOND)
    assert clock.offset_ns == -SECOND // 2


def test_a_second_is_too_much_in_either_direction() -> None:
    for server_ns, is_skewed in ((SECOND, True), (-SECOND, True), (SECOND - 1, False)):
        clock = ServerClock(ManualClock())
        clock.add(0, 0, server_ns)
        assert clock.is_skewed is is_skewed

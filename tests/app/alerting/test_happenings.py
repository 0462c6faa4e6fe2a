"""What happened lately, counted."""

from marginwatch.app.alerting.happenings import Happenings

S = 1_000_000_000


def test_kinds_and_subjects_are_counted_apart() -> None:
    happenings = Happenings(keep_s=60)
    happenings.note("adl", "mm-1", 1 * S)
    happenings.note("liquidation", "mm-1", 2 * S, 3)
    happenings.note("liquidation", "mm-2", 2 * S)
    assert happenings.counts(["liquidation"], 3 * S) == {"mm-1": 3, "mm-2": 1}
    assert happenings.counts(["liquidation", "adl"], 3 * S) == {"mm-1": 4, "mm-2": 1}


def test_what_is_older_than_the_time_kept_counts_no_more_and_is_forgotten() -> None:
    happenings = Happenings(keep_s=60)
    happenings.note("adl", "mm-1", 1 * S)
    happenings.note("adl", "mm-1", 50 * S)
    assert happenings.counts(["adl"], 60 * S) == {"mm-1": 2}
    assert happenings.counts(["adl"], 61 * S) == {"mm-1": 1}
    assert happenings.counts(["adl"], 110 * S) == {}
    assert not happenings._times


def test_a_flood_is_bounded() -> None:
    happenings = Happenings()
    happenings.note("break", "mm-1", 1, 10_000_000)
    assert happenings.counts(["break"], 2) == {"mm-1": 1_000}

"""Days of zones with half hours, summer time, and midnights that are skipped or come twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from marginwatch.book.history.days import day_start_ns, next_day_start_ns

NS = 1_000_000_000


def ns(text):
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * NS


@pytest.mark.parametrize(
    ("zone", "at", "start", "end"),
    [
        ("UTC", "2026-11-21T00:00:00+00:00", "2026-11-21T00:00:00+00:00", "2026-11-22T00:00:00+00:00"),
        (
            "Asia/Kolkata",
            "2026-11-21T18:29:59+00:00",
            "2026-11-20T18:30:00+00:00",
            "2026-11-21T18:30:00+00:00",
        ),
        (
            "Asia/Kolkata",
            "2026-11-21T18:30:00+00:00",
            "2026-11-21T18:30:00+00:00",
            "2026-11-22T18:30:00+00:00",
        ),
        # 23 and 25 hours.
        (
            "America/New_York",
            "2026-03-08T12:00:00-04:00",
            "2026-03-08T00:00:00-05:00",
            "2026-03-09T00:00:00-04:00",
        ),
        (
            "America/New_York",
            "2026-11-01T12:00:00-05:00",
            "2026-11-01T00:00:00-04:00",
            "2026-11-02T00:00:00-05:00",
        ),
        # Clocks go from 00:00 to 01:00: the day begins then.
        (
            "Asia/Beirut",
            "2026-03-29T12:00:00+03:00",
            "2026-03-29T01:00:00+03:00",
            "2026-03-30T00:00:00+03:00",
        ),
        # They go from 01:00 to 00:00: the first midnight counts.
        (
            "America/Havana",
            "2026-11-01T00:30:00-05:00",
            "2026-11-01T00:00:00-04:00",
            "2026-11-02T00:00:00-05:00",
        ),
    ],
)
def test_a_day_is_that_of_the_zone(zone, at, start, end):
    where = ZoneInfo(zone)
    assert (day_start_ns(ns(at), where), next_day_start_ns(ns(at), where)) == (ns(start), ns(end))


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Asia/Kolkata", "Asia/Beirut", "Australia/Lord_Howe", "America/Havana"]
)
def test_days_follow_each_other_without_gap_through_a_year(zone):
    where, at_ns = ZoneInfo(zone), ns("2026-01-01T12:00:00+00:00")
    end_ns = next_day_start_ns(at_ns, where)
    for _ in range(366):
        local = datetime.fromtimestamp(end_ns / NS, UTC).astimezone(where)
        just_before = datetime.fromtimestamp(end_ns / NS - 1, UTC).astimezone(where)
        assert local.date() == just_before.date() + timedelta(days=1)
        assert day_start_ns(end_ns, where) == end_ns
        assert next_day_start_ns(end_ns - NS, where) == end_ns
        end_ns = next_day_start_ns(end_ns, where)

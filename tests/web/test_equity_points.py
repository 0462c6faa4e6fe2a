"""Points of a chart: nothing is hidden between them, and gaps are neither closed nor made up."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.model.equity import EquitySample
from marginwatch.web.equity_points import bucket_for, moments, thinned

NS = 1_000_000_000
BEGIN_S = 20_000 * 86_400


def sample(minute: int, usd: float | None, **more: float | None) -> EquitySample:
    return EquitySample(scope="account", name="a", minute_s=BEGIN_S + minute * 60, equity_usd=usd, **more)


@given(
    st.lists(st.tuples(st.integers(0, 2_000), st.none() | st.floats(-1e6, 1e6)), max_size=60),
    st.integers(1, 300),
)
def test_extremes_and_gaps_survive(found: list[tuple[int, float | None]], n_minutes: int) -> None:
    samples = [sample(minute, usd) for minute, usd in sorted(dict(found).items())]
    points = thinned(samples, BEGIN_S, n_minutes * 60, BEGIN_S)
    assert [one.at_ns for one in points] == sorted({one.at_ns for one in points})
    by_bucket: dict[int, list[EquitySample]] = {}
    for one in samples:
        by_bucket.setdefault((one.minute_s - BEGIN_S) // (n_minutes * 60), []).append(one)
    shown = {}
    for point in points:
        shown.setdefault((point.at_ns // NS - BEGIN_S) // (n_minutes * 60), []).append(point)
    for bucket, mine in by_bucket.items():
        known = [one.equity_usd for one in mine if one.equity_usd is not None]
        [point] = [one for one in shown[bucket] if (one.equity_usd is not None) == bool(known)][:1]
        if known:
            assert (point.equity_usd, point.equity_usd_min, point.equity_usd_max) == (
                known[-1],
                min(known),
                max(known),
            )
    # Between two stretches with samples that are not neighbors, minutes are missing: there is an empty point.
    buckets = sorted(by_bucket)
    for one, other in itertools.pairwise(buckets):
        if other - one > 1:
            between = [
                p
                for p in points
                if by_bucket[one][-1].minute_s < p.at_ns // NS < by_bucket[other][0].minute_s
            ]
            assert [p.equity_usd for p in between] == [None]


def test_hours_of_which_nothing_between_is_kept_are_no_gap() -> None:
    hourly = [sample(60 * hour, float(hour)) for hour in (0, 1, 2, 5, 6)]
    full_from_s = BEGIN_S + 7 * 3_600
    points = thinned(hourly, BEGIN_S, 600, full_from_s)
    assert [one.equity_usd for one in points] == [0.0, 1.0, 2.0, None, 5.0, 6.0]
    assert points[3].at_ns == (BEGIN_S + 3 * 3_600) * NS
    # Where minutes are kept, an hour without them is one.
    assert [one.equity_usd for one in thinned(hourly[:2], BEGIN_S, 600, BEGIN_S)] == [0.0, None, 1.0]


def test_the_most_dangerous_minute_of_a_stretch_is_kept() -> None:
    samples = [
        sample(
            0, 10.0, maintenance_margin_usage=0.5, liquidation_distance=0.3, growth_index=1.0, peak_index=1.0
        ),
        sample(
            1, 5.0, maintenance_margin_usage=0.9, liquidation_distance=0.01, growth_index=0.5, peak_index=1.0
        ),
        sample(2, 9.0, pnl_usd=-1.0, long_usd=3.0, short_usd=2.0),
    ]
    [point] = thinned(samples, BEGIN_S, 600, BEGIN_S)
    assert (point.maintenance_margin_usage_max, point.liquidation_distance_min) == (0.9, 0.01)
    assert point.drawdown_max == pytest.approx(0.5)
    assert (point.unrealized_pnl_usd, point.long_usd, point.short_usd) == (-1.0, 3.0, 2.0)
    assert thinned([sample(0, None)], BEGIN_S, 600, BEGIN_S)[0].equity_usd is None
    assert thinned([], BEGIN_S, 600, BEGIN_S) == ()


@pytest.mark.parametrize(
    ("seconds", "points", "bucket_s"),
    [(86_400, 500, 180), (60, 500, 60), (0, 2, 60), (86_400 * 7, 500, 1_260)],
)
def test_stretches_are_whole_minutes_and_no_more_than_asked_for(
    seconds: int, points: int, bucket_s: int
) -> None:
    assert bucket_for(BEGIN_S, BEGIN_S + seconds, points) == bucket_s
    assert seconds / bucket_s <= points


def test_a_small_chart_is_looked_up_at_the_newest_minutes_of_each_stretch() -> None:
    kept = [BEGIN_S + 60 * minute for minute in (0, 1, 2, 3, 10)]
    assert moments(kept, BEGIN_S, 240, 2) == {
        0: [BEGIN_S + 180, BEGIN_S + 120],
        2: [BEGIN_S + 600],
    }

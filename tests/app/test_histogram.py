import numpy as np
import pytest

from marginwatch.app.histogram import Histogram


def test_durations_are_counted_where_they_belong() -> None:
    of = Histogram((0.01, 0.1, 1.0))
    for duration_s in (0.0, 0.01, 0.011, 0.1, 5.0, -3.0):
        of.observe(duration_s)
    # One on an end belongs below it; one from before a clock was set back counts as 0.
    assert of.counts == [3, 2, 0, 1]
    assert (of.n, of.sum_s) == (6, pytest.approx(5.121))


def test_a_quantile_is_the_end_of_its_bucket() -> None:
    of = Histogram((0.01, 0.1, 1.0))
    assert of.quantile_s(0.5) is None
    durations = np.random.default_rng(7).uniform(0.0, 1.0, 1_000)
    for duration_s in durations:
        of.observe(float(duration_s))
    for share in (0.005, 0.05, 0.5, 0.99):
        exact = float(np.quantile(durations, share, method="inverted_cdf"))
        assert of.quantile_s(share) == min(bound for bound in of.bounds_s if bound >= exact)
    of.counts[-1] = 10_000
    assert of.quantile_s(0.5) is None


@pytest.mark.parametrize("bounds", [(), (2.0, 1.0), (1.0, 1.0)])
def test_bounds_must_ascend(bounds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="bounds_s must ascend"):
        Histogram(bounds)

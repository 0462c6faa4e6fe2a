"""The Basel zones against the published table and scipy."""

import pytest
from scipy import stats

from marginwatch.risk.var.traffic_light import Light, certain_by_then, probability_up_to, traffic_light, zone

PUBLISHED = [8.11, 28.58, 54.32, 75.81, 89.22, 95.88, 98.63, 99.60, 99.89, 99.97, 99.99]
"""Cumulative probability of 0, 1, … 10 exceptions, per cent: Basel Committee (January 1996), table 2."""


@pytest.mark.parametrize(("n", "percent"), list(enumerate(PUBLISHED)))
def test_probabilities_are_the_published_ones(n, percent):
    # The table counts 0.005 % either way.
    assert 100 * probability_up_to(n, 250, 0.01) == pytest.approx(percent, abs=0.0051)


@pytest.mark.parametrize("n", range(14))
def test_zones_are_the_published_ones(n):
    expected = Light.GREEN if n <= 4 else Light.YELLOW if n <= 9 else Light.RED
    assert traffic_light(n, 250, 0.99) is expected


@pytest.mark.parametrize(("n_days", "rate"), [(1, 0.01), (250, 0.05), (1_000, 0.01), (3_000, 0.5)])
def test_probabilities_are_scipy_s(n_days, rate):
    for n in (0, 1, n_days // 20, n_days // 2, n_days, n_days + 5):
        assert probability_up_to(n, n_days, rate) == pytest.approx(
            stats.binom.cdf(n, n_days, rate), rel=1e-9, abs=1e-300
        )


@pytest.mark.parametrize("n_days", [0, 1, 100, 249])
@pytest.mark.parametrize("n_exceptions", [0, 1, 20])
def test_before_250_days_it_is_grey_whatever_happened(n_days, n_exceptions):
    assert traffic_light(min(n_exceptions, n_days), n_days, 0.99) is Light.GREY


def test_bad_news_that_no_day_can_mend_is_told_and_good_news_never():
    assert certain_by_then(10, 12, 0.99) is Light.RED
    assert certain_by_then(5, 12, 0.99) is Light.YELLOW
    assert certain_by_then(4, 249, 0.99) is None
    assert certain_by_then(10, 250, 0.99) is None


def test_other_confidences_have_their_own_zones():
    # 95 %: 12.5 exceptions are expected, 17 are green still, 18 yellow; 27 red.
    assert [zone(n, 250, 0.95) for n in (17, 18, 26, 27)] == [
        Light.GREEN,
        Light.YELLOW,
        Light.YELLOW,
        Light.RED,
    ]
    assert stats.binom.cdf(17, 250, 0.05) < 0.95 <= stats.binom.cdf(18, 250, 0.05)


@pytest.mark.parametrize(("n", "days", "rate"), [(-1, 5, 0.1), (1, -5, 0.1), (1, 5, 0.0), (1, 5, 1.0)])
def test_impossible_arguments_are_refused(n, days, rate):
    with pytest.raises(ValueError, match="need"):
        probability_up_to(n, days, rate)

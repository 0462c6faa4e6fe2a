"""Four moments: against scipy's moments, quantiles and integrals, and slopes against differences."""

import numpy as np
import pytest
from scipy import integrate, stats

from marginwatch.risk.var.cornish_fisher import (
    cornish_fisher_tail,
    is_in_domain,
    moments_of,
    multiples,
    tail_weights,
)
from marginwatch.risk.var.normal import normal_multiples


def test_moments_are_scipy_s(recorded_returns):
    gains = np.expm1(recorded_returns.values[:, :4].T) * 1e5
    found = moments_of(gains)
    np.testing.assert_allclose(found.deviation, gains.std(axis=1))
    np.testing.assert_allclose(found.skewness, stats.skew(gains, axis=1))
    np.testing.assert_allclose(found.kurtosis, stats.kurtosis(gains, axis=1))


def test_moments_over_time_are_those_of_sums():
    # The sum of four gamma variables of shape 4 is one of shape 16.
    gains = stats.gamma(4).ppf((np.arange(200_000) + 0.5) / 200_000)[None, :]
    variance, skewness, kurtosis = (float(value) for value in stats.gamma(16).stats("vsk"))
    found = moments_of(gains).over(4.0)
    assert found.deviation[0] == pytest.approx(variance**0.5, rel=1e-3)
    assert found.skewness[0] == pytest.approx(skewness, rel=5e-3)
    assert found.kurtosis[0] == pytest.approx(kurtosis, rel=2e-2)


def test_without_skewness_and_kurtosis_it_is_the_normal_distribution():
    for confidence in (0.95, 0.99):
        assert multiples(0.0, 0.0, confidence) == pytest.approx(normal_multiples(confidence))


@pytest.mark.parametrize("confidence", [0.95, 0.99])
@pytest.mark.parametrize("skewness", [-0.5, -0.2, 0.2, 0.5])
def test_quantiles_of_a_known_skewed_distribution_are_met(skewness, confidence):
    # The Pearson III distribution of this skewness has excess kurtosis 1.5 × skewness².
    known = stats.pearson3(skewness)
    found = multiples(skewness, 1.5 * skewness**2, confidence)
    assert found.var == pytest.approx(-known.ppf(1 - confidence), rel=0.01)
    beyond, _ = integrate.quad(known.ppf, 1e-12, 1 - confidence)
    assert found.shortfall == pytest.approx(-beyond / (1 - confidence), rel=0.015)
    # The normal distribution misses by more.
    assert abs(normal_multiples(confidence).var + known.ppf(1 - confidence)) > abs(
        found.var + known.ppf(1 - confidence)
    )


@pytest.mark.parametrize(("skewness", "kurtosis"), [(-0.4, 1.0), (0.3, 2.5), (0.0, 4.0)])
@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_shortfall_is_the_mean_of_the_quantiles_beyond(skewness, kurtosis, confidence):
    beyond, _ = integrate.quad(
        lambda p: multiples(skewness, kurtosis, 1 - p).var, 1e-9, 1 - confidence, limit=200
    )
    assert multiples(skewness, kurtosis, confidence).shortfall == pytest.approx(
        beyond / (1 - confidence), rel=1e-4
    )


@pytest.mark.parametrize("skewness", np.linspace(-1.5, 1.5, 7))
@pytest.mark.parametrize("kurtosis", [-0.5, 0.0, 0.5, 2.0, 5.0, 7.9, 8.5, 12.0])
def test_the_domain_is_where_quantiles_rise(skewness, kurtosis):
    levels = np.linspace(-12, 12, 4_001)
    z, s, k = levels, skewness, kurtosis
    quantiles = z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
    rises = bool((np.diff(quantiles) > -1e-12).all())
    assert bool(is_in_domain(np.array([s]), np.array([k]))[0]) == rises


def test_outside_of_the_domain_there_is_no_figure():
    gains = np.concatenate((np.random.default_rng(0).normal(size=995), [-30, -28, 31, 29, -33]))
    found = cornish_fisher_tail(gains[None, :], 1.0, 0.99)
    assert found.moments.kurtosis[0] > 8
    assert not found.is_valid[0]
    assert np.isnan(found.tail.var[0])


def test_books_that_stand_still_or_are_unknown():
    gains = np.vstack((np.full(300, 7.1), np.full(300, np.nan), np.random.default_rng(0).normal(size=300)))
    found = cornish_fisher_tail(gains, 1.0, 0.99)
    assert found.tail.var[0] == 0.0
    assert np.isnan(found.tail.var[1])
    assert found.is_valid.all()


@pytest.mark.parametrize("n_steps", [1.0, 10.0])
def test_weights_are_the_slopes_and_add_up(recorded_returns, n_steps):
    parts = np.expm1(recorded_returns.values[:, [0, 2, 5]].T) * np.array([[1e5], [2e4], [-1e5]])
    whole = parts.sum(axis=0)
    weights = tail_weights(whole, n_steps, 0.95)
    found = cornish_fisher_tail(whole[None], n_steps, 0.95).tail
    assert -(weights.var @ whole) == pytest.approx(found.var[0])
    assert -(weights.shortfall @ whole) == pytest.approx(found.shortfall[0])
    for part in parts:
        up = cornish_fisher_tail((whole + 1e-4 * part)[None], n_steps, 0.95).tail
        down = cornish_fisher_tail((whole - 1e-4 * part)[None], n_steps, 0.95).tail
        assert -(weights.var @ part) == pytest.approx((up.var[0] - down.var[0]) / 2e-4, rel=1e-5)
        assert -(weights.shortfall @ part) == pytest.approx(
            (up.shortfall[0] - down.shortfall[0]) / 2e-4, rel=1e-5
        )

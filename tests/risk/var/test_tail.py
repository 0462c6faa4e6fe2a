"""Loss quantiles and mean losses beyond them against skfolio's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skfolio.measures import cvar, value_at_risk

from marginwatch.risk.var.tail import tail_size, var_and_shortfall


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975, 0.99, 0.995])
@pytest.mark.parametrize("n", [250, 777, 1_000, 1_188])
def test_figures_are_skfolio_s(confidence, n):
    gains = np.random.default_rng(n).standard_t(3, size=(6, n))
    found = var_and_shortfall(gains, confidence)
    for book in range(6):
        assert found.var[book] == pytest.approx(value_at_risk(gains[book], confidence), rel=1e-12)
        assert found.shortfall[book] == pytest.approx(cvar(gains[book], confidence), rel=1e-12)


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_recorded_returns_agree_with_skfolio_too(recorded_returns, confidence):
    gains = np.expm1(recorded_returns.values[:, :4].T) * np.array([[1e6], [-2e5], [3e4], [-7e5]])
    found = var_and_shortfall(gains, confidence)
    np.testing.assert_allclose(found.var, value_at_risk(gains.T, confidence))
    np.testing.assert_allclose(found.shortfall, cvar(gains.T, confidence))


def test_a_hand_made_tail():
    # The ten worst of a thousand lose 1,000 to 991; 990 is exceeded in just one per cent.
    gains = np.arange(-1_000.0, 0.0)[None, :]
    found = var_and_shortfall(np.random.default_rng(0).permuted(gains, axis=1), 0.99)
    assert (found.var[0], found.shortfall[0]) == (990.0, 995.5)


def test_a_part_of_a_scenario_counts_in_part():
    gains = np.array([[-10.0, -8.0, -6.0, *[1.0] * 247]])
    # 2.5 scenarios: (10 + 8 + 6 ÷ 2) ÷ 2.5
    found = var_and_shortfall(gains, 0.99)
    assert (found.var[0], found.shortfall[0]) == (6.0, pytest.approx(8.4))


@pytest.mark.parametrize(
    ("n", "confidence", "size"), [(1_000, 0.99, 10), (100, 0.99, 1), (250, 0.99, 2.5), (300, 0.9, 30)]
)
def test_the_tail_of_round_numbers_is_round(n, confidence, size):
    assert tail_size(n, confidence) == size


def test_too_few_scenarios_are_refused_with_the_number_needed():
    with pytest.raises(ValueError, match="at least 100 scenarios to have one in the tail, got 99"):
        var_and_shortfall(np.zeros((1, 99)), 0.99)


@pytest.mark.parametrize("confidence", [0.5, 1.0, 99.0, float("nan")])
def test_a_confidence_out_of_range_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        var_and_shortfall(np.zeros((1, 1_000)), confidence)


def test_a_book_with_a_hole_has_no_figure_and_the_others_have():
    gains = np.random.default_rng(1).normal(size=(3, 200))
    gains[1, 7] = np.nan
    found = var_and_shortfall(gains, 0.95)
    assert np.isnan([found.var[1], found.shortfall[1]]).all()
    assert np.isfinite(found.var[[0, 2]]).all()


def test_certain_gains_are_negative_risk():
    found = var_and_shortfall(np.full((1, 200), 5.0), 0.95)
    assert (found.var[0], found.shortfall[0]) == (-5.0, -5.0)


@given(st.integers(0, 10_000), st.floats(0.1, 1e6))
def test_twice_the_book_is_twice_the_risk_and_shortfall_is_the_larger(seed, scale):
    gains = np.random.default_rng(seed).standard_t(2, size=(4, 300))
    one, many = var_and_shortfall(gains, 0.97), var_and_shortfall(scale * gains, 0.97)
    np.testing.assert_allclose(many.var, scale * one.var)
    np.testing.assert_allclose(many.shortfall, scale * one.shortfall)
    assert (one.shortfall >= one.var - 1e-12).all()


@given(st.integers(0, 10_000))
def test_shortfall_never_grows_by_joining_books(seed):
    gains = np.random.default_rng(seed).standard_t(2, size=(2, 300))
    apart = var_and_shortfall(gains, 0.97).shortfall.sum()
    together = var_and_shortfall(gains.sum(axis=0, keepdims=True), 0.97).shortfall[0]
    assert together <= apart + 1e-9


def test_a_book_that_stands_still_risks_nothing_and_not_minus_nothing():
    found = var_and_shortfall(np.zeros((1, 200)), 0.99)
    assert not np.signbit(found.var[0])
    assert not np.signbit(found.shortfall[0])

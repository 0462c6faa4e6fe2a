"""Exponentially weighted volatility against arch's."""

import numpy as np
import pytest
from arch.univariate import EWMAVariance

from marginwatch.risk.history.volatility import (
    DECAY_DAILY,
    DECAY_HOURLY,
    decay_for,
    ewma_variance,
    ewma_volatility,
)


@pytest.mark.parametrize("decay", [0.94, 0.985])
def test_the_recursion_is_arch_s(recorded_returns, decay):
    returns = recorded_returns.values[:, :2]
    ours = ewma_variance(returns, decay)
    for column in range(2):
        resids = np.ascontiguousarray(returns[:, column])
        sigma2 = np.empty(resids.shape[0])
        bounds = np.tile([1e-12, 1e6], (resids.shape[0], 1))
        EWMAVariance(decay).compute_variance(np.empty(0), resids, sigma2, ours[0, column], bounds)
        np.testing.assert_allclose(ours[:-1, column], sigma2, rtol=1e-12)


def test_a_row_does_not_know_its_own_return():
    returns = np.random.default_rng(0).normal(size=(200, 3))
    changed = returns.copy()
    changed[150] = 99.0
    before, after = ewma_variance(returns, 0.94), ewma_variance(changed, 0.94)
    np.testing.assert_array_equal(before[:151], after[:151])
    assert (after[151] > before[151]).all()


def test_doubled_returns_double_the_volatility(recorded_returns):
    returns = recorded_returns.values[:, :3]
    np.testing.assert_allclose(ewma_volatility(2 * returns, 0.94), 2 * ewma_volatility(returns, 0.94))


def test_the_usual_decays():
    assert (decay_for(3_600), decay_for(86_400), decay_for(7 * 86_400)) == (
        DECAY_HOURLY,
        DECAY_DAILY,
        DECAY_DAILY,
    )


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.1, 2.0])
def test_a_decay_outside_its_range_is_refused(decay):
    with pytest.raises(ValueError, match="decay"):
        ewma_variance(np.zeros((3, 1)), decay)


def test_no_return_is_refused():
    with pytest.raises(ValueError, match="rows"):
        ewma_variance(np.zeros((0, 2)), 0.94)

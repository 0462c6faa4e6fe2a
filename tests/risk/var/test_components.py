"""Attribution of simulated tails."""

import numpy as np
import pytest

from marginwatch.risk.var.components import simulation_weights
from marginwatch.risk.var.tail import var_and_shortfall


@pytest.mark.parametrize("n", [250, 777, 1_000])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_weights_give_back_the_figures_of_the_whole(n, confidence):
    gains = np.random.default_rng(n).standard_t(3, size=n)
    weights, found = simulation_weights(gains, confidence), var_and_shortfall(gains[None], confidence)
    assert -(weights.var @ gains) == pytest.approx(found.var[0])
    assert -(weights.shortfall @ gains) == pytest.approx(found.shortfall[0])
    assert (weights.var >= 0).all()
    assert weights.shortfall.sum() == pytest.approx(1.0)


def test_shortfall_is_attributed_by_its_exact_slope():
    rng = np.random.default_rng(3)
    parts = rng.standard_t(4, size=(3, 1_000))
    weights = simulation_weights(parts.sum(axis=0), 0.99)
    for part in parts:
        up = var_and_shortfall((parts.sum(axis=0) + 1e-6 * part)[None], 0.99).shortfall[0]
        down = var_and_shortfall((parts.sum(axis=0) - 1e-6 * part)[None], 0.99).shortfall[0]
        assert -(weights.shortfall @ part) == pytest.approx((up - down) / 2e-6, rel=1e-6)


def test_var_is_attributed_near_the_truth_and_nearer_than_by_one_scenario():
    # Of independent normal gains with deviations 1, 2 and 3 the true parts of the quantile are 1/14, 4/14 and 9/14.
    truth, kernel, single = np.array([1, 4, 9]) / 14, [], []
    for seed in range(60):
        parts = np.random.default_rng(seed).normal(size=(3, 1_000)) * np.array([[1.0], [2.0], [3.0]])
        whole = parts.sum(axis=0)
        figure = var_and_shortfall(whole[None], 0.95).var[0]
        kernel.append(-(parts @ simulation_weights(whole, 0.95).var) / figure)
        single.append(-parts[:, np.argsort(whole)[50]] / figure)
    errors = [np.sqrt(np.mean((np.array(found) - truth) ** 2)) for found in (kernel, single)]
    np.testing.assert_allclose(np.mean(kernel, axis=0), truth, atol=0.03)
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("level", [0.0, 5.0])
def test_a_tail_that_is_no_loss_is_still_attributed(level):
    gains = np.full(200, level)
    weights = simulation_weights(gains, 0.95)
    assert -(weights.var @ gains) == -level
    gains = np.concatenate((np.full(12, -1.0), np.full(188, 0.001)))
    weights = simulation_weights(gains, 0.94)
    assert -(weights.var @ gains) == pytest.approx(var_and_shortfall(gains[None], 0.94).var[0])

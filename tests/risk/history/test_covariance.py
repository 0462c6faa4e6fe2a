"""Covariances against skfolio and against sums written out."""

import numpy as np
import pytest
from skfolio.moments import EWCovariance

from marginwatch.risk.history.covariance import (
    constant_correlation,
    correlation_of,
    ewma_weights,
    shrunk_covariance,
    weighted_covariance,
)


def correlated(n_times, n_coins, correlation, seed=0):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n_times, 1))
    own = rng.normal(size=(n_times, n_coins))
    return (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own) * np.linspace(0.01, 0.05, n_coins)


def test_exponential_weights_are_skfolio_s(recorded_returns):
    returns = recorded_returns.values[:, [0, 1, 2, 3, 5]]
    decay = 0.94
    model = EWCovariance(half_life=np.log(0.5) / np.log(decay), assume_centered=True)
    theirs = model.fit(returns).covariance_
    ours = weighted_covariance(returns, ewma_weights(returns.shape[0], decay))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def obvious_intensity(returns):
    """Ledoit and Wolf (2004), appendix B, sum by sum, mean 0."""
    t, n = len(returns), len(returns[0])
    s = [[sum(returns[k][i] * returns[k][j] for k in range(t)) / t for j in range(n)] for i in range(n)]
    r_bar = (
        sum(s[i][j] / (s[i][i] * s[j][j]) ** 0.5 for i in range(n) for j in range(n) if i < j)
        * 2
        / (n * (n - 1))
    )
    f = [[s[i][i] if i == j else r_bar * (s[i][i] * s[j][j]) ** 0.5 for j in range(n)] for i in range(n)]

    def pi(i, j):
        return sum((returns[k][i] * returns[k][j] - s[i][j]) ** 2 for k in range(t)) / t

    def theta(own, i, j):
        return (
            sum(
                (returns[k][own] ** 2 - s[own][own]) * (returns[k][i] * returns[k][j] - s[i][j])
                for k in range(t)
            )
            / t
        )

    pi_sum = sum(pi(i, j) for i in range(n) for j in range(n))
    rho = sum(pi(i, i) for i in range(n))
    for i in range(n):
        for j in range(n):
            if i != j:
                rho += (
                    r_bar
                    / 2
                    * (
                        (s[j][j] / s[i][i]) ** 0.5 * theta(i, i, j)
                        + (s[i][i] / s[j][j]) ** 0.5 * theta(j, i, j)
                    )
                )
    gamma = sum((f[i][j] - s[i][j]) ** 2 for i in range(n) for j in range(n))
    return max(0.0, min(1.0, (pi_sum - rho) / gamma / t))


@pytest.mark.parametrize("seed", range(4))
def test_the_intensity_is_the_paper_s(seed):
    returns = correlated(60, 5, 0.4, seed)
    returns[:, 4] = -returns[:, 4]
    expected = obvious_intensity(returns.tolist())
    assert 0.0 < expected < 1.0
    assert shrunk_covariance(returns).intensity == pytest.approx(expected, rel=1e-9)


def test_shrinking_brings_a_short_sample_nearer_to_the_truth():
    truth = np.full((12, 12), 0.5) + 0.5 * np.eye(12)
    truth[0, 1:] = truth[1:, 0] = 0.2
    sd = np.linspace(0.01, 0.05, 12)
    truth *= np.outer(sd, sd)
    root = np.linalg.cholesky(truth)
    errors = []
    for seed in range(40):
        returns = np.random.default_rng(seed).normal(size=(40, 12)) @ root.T
        pair = shrunk_covariance(returns), shrunk_covariance(returns, intensity=0.0)
        errors.append([float(((found.values - truth) ** 2).sum()) for found in pair])
    shrunk, plain = np.mean(errors, axis=0)
    assert shrunk < 0.9 * plain


@pytest.mark.parametrize("intensity", [0.0, 0.3, 1.0])
def test_a_stated_intensity_mixes_sample_and_target(intensity):
    returns = correlated(200, 6, 0.3)
    sample = returns.T @ returns / 200
    target, mean = constant_correlation(sample)
    found = shrunk_covariance(returns, intensity=intensity)
    np.testing.assert_allclose(found.values, (1 - intensity) * sample + intensity * target)
    np.testing.assert_allclose(np.diagonal(found.values), np.diagonal(sample))
    assert np.linalg.eigvalsh(found.values).min() > -1e-15
    off = correlation_of(target)[~np.eye(6, dtype=bool)]
    np.testing.assert_allclose(off, mean)


def test_coins_that_do_not_move_have_no_correlation_and_stay_still():
    returns = correlated(100, 3, 0.5)
    returns[:, 1] = 0.0
    found = shrunk_covariance(returns, 0.94)
    assert not found.values[1].any()
    assert np.isnan(found.correlation[1]).all()
    assert found.correlation[0, 2] > 0.0
    assert found.correlation[0, 0] == 1.0


@pytest.mark.parametrize("n_coins", [0, 1])
def test_a_single_coin_is_not_shrunk(n_coins):
    found = shrunk_covariance(correlated(50, 1, 0.0)[:, :n_coins])
    assert found.intensity == 0.0
    assert found.values.shape == (n_coins, n_coins)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="at least one row"):
        shrunk_covariance(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="intensity"):
        shrunk_covariance(np.ones((3, 2)), intensity=1.5)

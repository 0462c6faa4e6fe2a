"""Betas to Bitcoin: what is known weighs, what is not falls back on what coins usually have."""

import numpy as np
import pytest

from marginwatch.risk.betas import PRIOR_MEAN, PRIOR_SD, RETURNS_MIN, exempted, prior_betas, shrunk_betas


def returns_of(beta, noise, n, seed=1):
    """Return a benchmark's returns and those of a coin that follows it with some noise."""
    rng = np.random.default_rng(seed)
    benchmark = rng.normal(0.0, 0.03, n)
    return benchmark, beta * benchmark + rng.normal(0.0, noise, n)


def test_bitcoin_itself_has_beta_one_and_no_band():
    benchmark, _ = returns_of(1.0, 0.0, 60)

    betas = shrunk_betas(benchmark[:, None], benchmark)

    assert betas.value[0] == 1.0
    assert betas.low[0] == betas.high[0] == 1.0


def test_estimate_lies_between_least_squares_and_the_usual_beta():
    benchmark, coin = returns_of(2.2, 0.02, 90)
    fitted = np.polyfit(benchmark, coin, 1)[0]

    betas = shrunk_betas(coin[:, None], benchmark)

    assert PRIOR_MEAN < betas.value[0] < fitted
    assert betas.low[0] < betas.value[0] < betas.high[0]


def test_noisier_history_is_believed_less_and_leaves_a_wider_band():
    calm, wild = (returns_of(2.2, noise, 90)[1] for noise in (0.005, 0.2))
    benchmark = returns_of(2.2, 0.0, 90)[0]

    betas = shrunk_betas(np.column_stack((calm, wild)), benchmark)

    assert betas.high[1] - betas.low[1] > betas.high[0] - betas.low[0]
    assert abs(betas.value[1] - PRIOR_MEAN) < abs(betas.value[0] - PRIOR_MEAN)


def test_gaps_are_left_out_and_not_read_as_standing_still():
    benchmark, coin = returns_of(1.8, 0.01, 200)
    with_gaps = coin.copy()
    with_gaps[::2] = np.nan

    betas = shrunk_betas(np.column_stack((with_gaps, coin)), benchmark)
    alone = shrunk_betas(coin[1::2, None], benchmark[1::2])

    assert betas.n_returns.tolist() == [100.0, 200.0]
    assert betas.value[0] == pytest.approx(alone.value[0], rel=1e-12)


@pytest.mark.parametrize("n", [0, 1, RETURNS_MIN - 1])
def test_short_history_says_nothing(n):
    benchmark, coin = returns_of(3.0, 0.001, n)

    betas = shrunk_betas(coin[:, None], benchmark)

    assert betas.value[0] == PRIOR_MEAN
    assert betas.n_returns[0] == 0.0
    assert betas.high[0] - PRIOR_MEAN == pytest.approx(1.645 * PRIOR_SD)


def test_standing_benchmark_says_nothing():
    betas = shrunk_betas(np.full((50, 1), 0.01), np.zeros(50))

    assert betas.value[0] == PRIOR_MEAN


def test_without_history_bitcoin_is_one_and_others_have_the_prior():
    betas = prior_betas(np.array([True, False]))

    assert betas.value.tolist() == [1.0, PRIOR_MEAN]
    assert betas.low[0] == betas.high[0] == 1.0


def test_exempt_coins_do_not_move_at_all():
    betas = exempted(prior_betas(np.array([True, False, False])), np.array([False, False, True]))

    assert betas.value.tolist() == [1.0, PRIOR_MEAN, 0.0]
    assert betas.low[2] == betas.high[2] == 0.0

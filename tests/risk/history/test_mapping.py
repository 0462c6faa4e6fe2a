"""Who borrows whose returns."""

import numpy as np
import pytest

from marginwatch.risk.betas import PRIOR_MEAN
from marginwatch.risk.history.mapping import Source, complete_history
from marginwatch.risk.history.returns import ReturnTable


def table(**columns):
    n = len(next(iter(columns.values())))
    return ReturnTable(
        tuple(columns),
        86_400,
        np.arange(1, n + 1) * 86_400,
        np.column_stack(list(columns.values())).astype(float),
    )


def rng_column(seed, n=300, scale=0.03):
    return np.random.default_rng(seed).normal(0, scale, n)


def test_a_short_history_is_filled_by_beta_and_listed():
    btc = rng_column(1)
    own = 1.5 * btc + rng_column(2, scale=0.002)
    own[:200] = np.nan
    history = complete_history(table(BTC=btc, NEW=own), ["NEW", "BTC"], rows_max=300)
    source = history.sources[0]
    assert (source.source, source.proxy, source.n_own, source.n_borrowed) == (Source.BETA, "BTC", 100, 200)
    # Between the prior and what was measured.
    assert PRIOR_MEAN < source.beta < 1.5
    np.testing.assert_allclose(history.values[:200, 0], source.beta * btc[:200])
    np.testing.assert_array_equal(history.values[200:, 0], own[200:])
    assert [one.name for one in history.borrowers] == ["NEW"]


def test_a_coin_without_any_history_moves_by_the_prior():
    btc = rng_column(1)
    history = complete_history(table(BTC=btc), ["UNKNOWN"], rows_max=300)
    np.testing.assert_allclose(history.values[:, 0], PRIOR_MEAN * btc)
    assert history.sources[0].n_own == 0


def test_a_named_proxy_is_followed_one_for_one_and_itself_filled():
    btc, eth = rng_column(1), rng_column(2)
    eth[:10] = np.nan
    history = complete_history(table(BTC=btc, ETH=eth), ["STETH", "ETH"], rows_max=300)
    assert (history.sources[0].source, history.sources[0].proxy, history.sources[0].beta) == (
        Source.NAMED,
        "ETH",
        1.0,
    )
    np.testing.assert_array_equal(history.values[:, 0], history.values[:, 1])
    assert not np.isnan(history.values).any()


def test_exempt_coins_stand_still_where_they_have_no_returns():
    peg = rng_column(3, scale=0.0005)
    peg[:100] = np.nan
    history = complete_history(
        table(BTC=rng_column(1), USDC=peg), ["USDT", "USDC"], rows_max=300, exempt={"USDT", "USDC"}
    )
    assert not history.values[:, 0].any()
    assert not history.values[:100, 1].any()
    np.testing.assert_array_equal(history.values[100:, 1], peg[100:])
    assert [one.source for one in history.sources] == [Source.EXEMPT, Source.EXEMPT]


def test_rows_are_the_newest_of_the_benchmark():
    btc = np.arange(10) / 100
    btc[8] = np.nan
    history = complete_history(table(BTC=btc), ["BTC"], rows_max=4)
    assert history.values[:, 0].tolist() == [0.05, 0.06, 0.07, 0.09]
    assert history.times_s.tolist() == [6 * 86_400, 7 * 86_400, 8 * 86_400, 10 * 86_400]


def test_the_newest_row_waits_until_it_has_come_to_all_who_had_the_one_before():
    btc, eth, dead = rng_column(1), rng_column(2), rng_column(3)
    eth[-1] = np.nan
    dead[-40:] = np.nan
    returns = table(BTC=btc, ETH=eth, DEAD=dead)
    history = complete_history(returns, ["BTC", "ETH", "DEAD", "UNKNOWN"], rows_max=200)
    assert history.times_s.tolist() == returns.times_s[99:-1].tolist()
    np.testing.assert_array_equal(history.values[:, :2], np.column_stack([btc, eth])[99:-1])
    # Nobody waits for those who stopped long ago, or for coins that are not asked for.
    assert [one.name for one in history.borrowers] == ["DEAD", "UNKNOWN"]
    assert complete_history(returns, ["DEAD"], rows_max=200).times_s[-1] == returns.times_s[-1]
    # One row later it is no newest row any more.
    eth[-2] = np.nan
    later = complete_history(table(BTC=btc, ETH=eth), ["ETH"], rows_max=200)
    assert (later.times_s[-1], later.sources[0].n_borrowed) == (returns.times_s[-1], 2)


@pytest.mark.parametrize(("n_lacking", "n_left_out", "borrowed"), [(0, 0, 0), (3, 3, 0), (4, 0, 4)])
def test_a_history_that_begins_a_little_later_borrows_nothing(n_lacking, n_left_out, borrowed):
    late, btc = rng_column(2), rng_column(1)
    late[:n_lacking] = np.nan
    history = complete_history(table(BTC=btc, LATE=late), ["LATE"], rows_max=300)
    assert history.values.shape == (300 - n_left_out, 1)
    assert history.sources[0].n_borrowed == borrowed


@pytest.mark.parametrize("returns", [table(ETH=rng_column(1)), table(BTC=np.full(5, np.nan))])
def test_without_the_benchmark_nothing_can_be_said(returns):
    with pytest.raises(ValueError, match="no history of BTC"):
        complete_history(returns, ["ETH"], rows_max=100)


def test_recorded_pepe_borrows_the_days_before_its_listing(recorded_returns):
    history = complete_history(recorded_returns, ["BTC", "PEPE"], rows_max=1_188)
    assert history.sources[0].source is Source.OWN
    pepe = history.sources[1]
    # Listed on 2023-05-05, so its first return is of 2023-05-06: 217 returns before it are missing.
    assert (pepe.n_borrowed, pepe.n_own) == (217, 971)
    assert 1.15 < pepe.beta < 2.5

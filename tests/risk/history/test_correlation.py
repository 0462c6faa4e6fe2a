"""The alarm when correlations break."""

import numpy as np
import pytest

from marginwatch.risk.answers import Answer
from marginwatch.risk.history.correlation import watch_correlations
from marginwatch.risk.history.mapping import CoinSource, History, Source, complete_history


def history(values, borrowed=()):
    n, m = values.shape
    sources = tuple(
        CoinSource(
            f"C{i}",
            Source.BETA if i in borrowed else Source.OWN,
            None,
            1.0,
            n // 2 if i in borrowed else n,
            n // 2 if i in borrowed else 0,
        )
        for i in range(m)
    )
    return History(tuple(f"C{i}" for i in range(m)), 86_400, np.arange(n) * 86_400, values, sources)


def market(n, loadings, seed, scale=0.03):
    rng = np.random.default_rng(seed)
    loadings = np.array(loadings)
    return scale * (
        rng.normal(size=(n, 1)) * loadings + rng.normal(size=(n, loadings.size)) * np.sqrt(1 - loadings**2)
    )


def test_quiet_times_seldom_alarm():
    alarms = sum(watch_correlations(history(market(600, [0.8] * 5, seed))).is_broken for seed in range(40))
    # One in a hundred is expected at the end of a series; the threshold itself is estimated.
    assert alarms <= 4


@pytest.mark.parametrize("seed", range(5))
def test_a_coin_that_parts_from_the_others_is_named(seed):
    before = market(560, [0.9] * 5, seed)
    after = market(40, [0.9, 0.9, 0.9, 0.9, -0.9], seed + 100)
    found = watch_correlations(history(np.vstack((before, after))))
    assert found.answer is Answer.NUMBER
    assert found.is_broken
    assert found.distance > found.threshold
    assert all("C4" in (pair.first, pair.second) for pair in found.pairs[:4])
    assert found.pairs[0].recent < found.pairs[0].long_run


def test_all_becoming_one_is_seen_in_the_means():
    found = watch_correlations(history(np.vstack((market(560, [0.3] * 6, 1), market(60, [0.97] * 6, 2)))))
    assert found.is_broken
    assert found.mean_recent > found.mean_long_run + 0.2


def test_a_storm_alone_is_no_break():
    calm, storm = market(560, [0.8] * 5, 3), market(40, [0.8] * 5, 4, scale=0.15)
    assert not watch_correlations(history(np.vstack((calm, storm)))).is_broken


def test_too_short_a_history_is_missing_and_one_coin_has_no_correlation():
    assert watch_correlations(history(market(270, [0.8] * 3, 1))).answer is Answer.MISSING
    assert watch_correlations(history(market(500, [0.8], 1))).answer is Answer.NOT_APPLICABLE


def test_borrowed_and_still_coins_take_no_part():
    values = market(500, [0.8] * 4, 1)
    values[:, 3] = 0.0
    found = watch_correlations(history(values, borrowed={2}))
    assert found.names == ("C0", "C1")


def test_recorded_coins_move_together(recorded_returns):
    found = watch_correlations(
        complete_history(recorded_returns, ["BTC", "ETH", "SOL", "DOGE", "PAXG"], rows_max=1_000)
    )
    assert found.answer is Answer.NUMBER
    by_name = dict(zip(found.names, found.long_run, strict=True))
    assert by_name["BTC"][found.names.index("ETH")] > 0.7
    assert abs(by_name["PAXG"][found.names.index("DOGE")]) < 0.4

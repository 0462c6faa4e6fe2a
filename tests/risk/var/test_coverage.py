"""The tests of forecasts against vartests, scipy and published regions."""

import numpy as np
import pytest
from scipy import stats
from vartests import kupiec_test

from marginwatch.risk.answers import Answer
from marginwatch.risk.var.coverage import christoffersen, conditional_coverage, exceptions_of, kupiec


@pytest.mark.parametrize("confidence", [0.95, 0.99])
@pytest.mark.parametrize("n_days", [20, 250, 1_000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.03, 0.2, 1.0])
def test_kupiec_is_that_of_vartests(confidence, n_days, share):
    n_exceptions = round(share * n_days)
    theirs = kupiec_test(x=n_exceptions, n=n_days, risk_conf_level=confidence)
    ours = kupiec(n_exceptions, n_days, confidence)
    assert ours.statistic == pytest.approx(theirs["statistic"], rel=1e-9, abs=1e-9)
    assert ours.p_value == pytest.approx(theirs["p-value"], rel=1e-9, abs=1e-7)


@pytest.mark.parametrize(
    ("confidence", "n_days", "accepted"),
    [
        (0.99, 255, range(1, 7)),
        (0.99, 510, range(2, 11)),
        (0.99, 1_000, range(5, 17)),
        (0.95, 255, range(7, 21)),
        (0.95, 510, range(17, 36)),
        (0.95, 1_000, range(38, 65)),
    ],
)
def test_the_published_regions_are_met(confidence, n_days, accepted):
    # Kupiec (1995), as tabulated in Jorion, Value at Risk, 3rd edition, table 6-2: exceptions not rejected at 95 %.
    # The table says N < 7 for the first; at 0 the statistic is 5.1, so its lower end is 1.
    ours = [n for n in range(100) if kupiec(n, n_days, confidence).statistic < 3.841459]
    assert ours == list(accepted)


@pytest.mark.parametrize("seed", range(12))
def test_independence_is_the_g_test_of_scipy(seed):
    rng = np.random.default_rng(seed)
    hits = rng.random(400) < 0.06
    if seed % 2:
        hits |= np.roll(hits, 1) & (rng.random(400) < 0.5)
    before, after = hits[:-1], hits[1:]
    counts = [
        [(~before & ~after).sum(), (~before & after).sum()],
        [(before & ~after).sum(), (before & after).sum()],
    ]
    theirs = stats.chi2_contingency(counts, correction=False, lambda_="log-likelihood")
    ours = christoffersen(hits)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-9)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_conditional_coverage_has_two_degrees_of_freedom(seed):
    hits = np.random.default_rng(seed).random(300) < 0.05
    ours = conditional_coverage(hits, 0.95)
    expected = kupiec(int(hits.sum()), 300, 0.95).statistic + christoffersen(hits).statistic
    assert ours.statistic == pytest.approx(expected)
    assert ours.p_value == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-9)


def test_exceptions_in_a_row_are_found():
    clustered, spread = np.zeros(250, bool), np.zeros(250, bool)
    clustered[100:106] = True
    spread[::42] = True
    assert clustered.sum() == spread.sum()
    assert christoffersen(clustered).p_value < 0.001
    assert christoffersen(spread).p_value > 0.3


@pytest.mark.parametrize("hits", [np.zeros(0, bool), np.zeros(250, bool), np.ones(3, bool)])
def test_without_both_kinds_of_days_independence_has_no_answer(hits):
    assert christoffersen(hits).answer is Answer.NOT_APPLICABLE
    assert conditional_coverage(hits, 0.99).p_value is None


@pytest.mark.parametrize("day", [0, 249])
def test_one_exception_at_either_end_tells_nothing_against(day):
    hits = np.zeros(250, bool)
    hits[day] = True
    assert christoffersen(hits).p_value > 0.9


def test_no_day_has_no_answer_and_impossible_counts_are_refused():
    assert kupiec(0, 0, 0.99).answer is Answer.NOT_APPLICABLE
    with pytest.raises(ValueError, match="n_exceptions"):
        kupiec(3, 2, 0.99)


def test_a_loss_of_just_the_forecast_is_no_exception():
    gains, var = np.array([-1.0, -1.1, np.nan, -9.0]), np.array([1.0, 1.0, 1.0, np.nan])
    assert exceptions_of(gains, var).tolist() == [False, True, False, False]

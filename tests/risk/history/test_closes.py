"""Closes on one grid."""

import numpy as np
import pytest

from marginwatch.risk.history.closes import DAY_S, HOUR_S, CloseSeries, close_table


def series(name, times, closes):
    return CloseSeries(name, np.array(times, np.int64), np.array(closes, float))


def test_different_spans_share_one_grid_and_holes_stay_holes():
    table = close_table(
        [series("BTC", [3600, 7200, 14400], [1, 2, 4]), series("ETH", [7200, 10800], [5, 6])], HOUR_S
    )
    assert table.times_s.tolist() == [3600, 7200, 10800, 14400]
    np.testing.assert_array_equal(table.closes, [[1, np.nan], [2, 5], [np.nan, 6], [4, np.nan]])


def test_order_does_not_matter_and_the_later_of_two_closes_holds():
    table = close_table([series("BTC", [7200, 3600, 7200], [2, 1, 3])], HOUR_S)
    assert table.closes[:, 0].tolist() == [1, 3]


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_what_is_no_price_is_a_hole(bad):
    table = close_table([series("BTC", [3600, 7200], [bad, 2])], HOUR_S)
    assert np.isnan(table.closes[0, 0])
    assert table.closes[1, 0] == 2


def test_only_the_newest_rows_are_kept():
    table = close_table([series("BTC", [DAY_S * n for n in range(1, 11)], range(1, 11))], DAY_S, rows_max=3)
    assert table.closes[:, 0].tolist() == [8, 9, 10]


def test_nothing_is_an_empty_table():
    table = close_table([series("BTC", [], [])], DAY_S)
    assert table.closes.shape == (0, 1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([series("BTC", [3600], [1]), series("BTC", [3600], [1])], "one series"),
        ([series("BTC", [3601], [1])], "BTC: a time is no multiple of 3600"),
        ([series("BTC", [3600], [1, 2])], "1 times but 2 closes"),
        ([series("BTC", [3600, 3600 * 10**6], [1, 2])], "check their times"),
    ],
)
def test_what_cannot_be_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        close_table(wrong, HOUR_S)

"""Returns between adjacent closes."""

import math

import numpy as np

from marginwatch.risk.history.closes import HOUR_S, CloseSeries, close_table
from marginwatch.risk.history.returns import log_returns


def test_a_gap_is_no_return_and_is_not_spread():
    times = [3600, 7200, 14400, 18000]
    table = close_table([CloseSeries("BTC", np.array(times), np.array([100.0, 110.0, 55.0, 66.0]))], HOUR_S)
    found = log_returns(table)
    assert found.times_s.tolist() == [7200, 10800, 14400, 18000]
    values = found.column("BTC")
    assert math.isclose(values[0], math.log(1.1))
    assert np.isnan(values[1])
    assert np.isnan(values[2])
    assert math.isclose(values[3], math.log(1.2))
    assert found.column("ETH") is None


def test_a_recorded_crash_is_found(recorded_returns):
    # Bitcoin fell from 58,161.00 to 54,018.81 on 2024-08-05 by the recorded closes.
    day = np.flatnonzero(recorded_returns.times_s == 1_722_902_400)[0]
    assert math.isclose(
        math.expm1(recorded_returns.column("BTC")[day]), 54_018.81 / 58_161.00 - 1, abs_tol=1e-9
    )

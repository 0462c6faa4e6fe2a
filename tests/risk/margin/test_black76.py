"""Black-76 in columns against the standard library's error function, number by number."""

import math
import random

import numpy as np
import pytest

from marginwatch.risk.margin.black76 import normal_cdf, option_price, years_left


def slow_price(forward, strike, volatility, years, is_call):
    sign, deviation = (1 if is_call else -1), volatility * math.sqrt(years)

    def phi(value):
        return 0.5 * math.erfc(-value / math.sqrt(2))

    up = (math.log(forward / strike) + deviation**2 / 2) / deviation
    return sign * (forward * phi(sign * up) - strike * phi(sign * (up - deviation)))


def test_the_normal_distribution_is_exact_far_into_its_tails():
    x = np.concatenate((np.linspace(-12, 12, 4001), [-7.0710678, 7.0710679, 0.0]))
    want = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in x])
    assert np.abs(normal_cdf(x) - want).max() < 1e-14
    assert np.abs(normal_cdf(x[x < 0]) / want[x < 0] - 1).max() < 1e-8
    assert math.isnan(normal_cdf(np.array([np.nan]))[0])


def test_prices_agree_with_the_formula_written_out():
    pick = random.Random(3)
    rows = [
        (
            pick.uniform(1e4, 1e5),
            pick.uniform(1e4, 1e5),
            pick.uniform(0.1, 2),
            pick.uniform(0.001, 1),
            pick.random() < 0.5,
        )
        for _ in range(500)
    ]
    forward, strike, volatility, years, is_call = (np.array(column) for column in zip(*rows, strict=True))
    got = option_price(forward, strike, volatility, years, is_call)
    assert got == pytest.approx([slow_price(*row) for row in rows], rel=1e-9, abs=1e-6)
    # Put-call parity: a forward is a call bought and a put sold.
    other = option_price(forward, strike, volatility, years, ~is_call)
    sign = np.where(is_call, 1.0, -1.0)
    assert sign * (got - other) == pytest.approx(forward - strike, abs=1e-6)


@pytest.mark.parametrize(("volatility", "years"), [(0.0, 1.0), (0.5, 0.0), (-0.2, 1.0), (0.5, -1.0)])
def test_without_time_or_volatility_the_payoff_is_left(volatility, years):
    got = option_price(
        np.array([110.0, 90.0]),
        np.full(2, 100.0),
        np.full(2, volatility),
        np.full(2, years),
        np.array([True, True]),
    )
    assert got.tolist() == [10.0, 0.0]


def test_time_left_never_goes_below_zero():
    day = 86_400_000_000_000
    assert years_left(np.array([365 * day, 0]), 0).tolist() == [1.0, 0.0]
    assert years_left(np.array([365 * day]), 0, seconds_later=400 * 86_400.0).tolist() == [0.0]

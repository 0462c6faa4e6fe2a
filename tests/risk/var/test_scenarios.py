"""Scenarios as they were and in today's volatility."""

import numpy as np
import pytest
from arch import arch_model
from arch.univariate import EWMAVariance, ZeroMean

from marginwatch.risk.history.mapping import complete_history
from marginwatch.risk.history.volatility import SEED_ROWS
from marginwatch.risk.var.scenarios import filtered_scenarios, historical_scenarios
from marginwatch.risk.var.tail import var_and_shortfall

DAY_S = 86_400


def history_of(returns, names=("BTC", "ETH"), rows_max=1_000):
    return complete_history(returns, names, rows_max=rows_max)


def test_a_day_of_history_is_a_day_as_it_was(recorded_returns, recorded_series):
    found = historical_scenarios(history_of(recorded_returns), DAY_S)
    closes = recorded_series[0].closes[-1_001:]
    np.testing.assert_allclose(found.returns[:, 0], closes[1:] / closes[:-1] - 1)


def test_longer_horizons_grow_with_the_root_of_time(recorded_returns):
    one, ten = (historical_scenarios(history_of(recorded_returns), days * DAY_S) for days in (1, 10))
    assert ten.n_steps == 10
    np.testing.assert_allclose(np.log1p(ten.returns), np.sqrt(10) * np.log1p(one.returns))
    assert (ten.returns > -1).all()


def test_filtered_moves_are_arch_s_residuals_in_its_forecast(recorded_returns):
    history = history_of(recorded_returns)
    found = filtered_scenarios(history, DAY_S)
    for column in range(2):
        returns = np.ascontiguousarray(history.values[:, column])
        model = ZeroMean(returns, volatility=EWMAVariance(0.94), rescale=False)
        start = float((returns[:SEED_ROWS] ** 2).mean())
        result = model.fit(backcast=start, disp="off")
        ahead = float(np.sqrt(result.forecast(horizon=1, reindex=False).variance.iloc[-1, 0]))
        expected = np.asarray(result.std_resid) * ahead
        # Where the floor does not bind.
        free = np.asarray(result.conditional_volatility) > 0.2 * np.sqrt((returns**2).mean())
        assert free.mean() > 0.99
        np.testing.assert_allclose(np.log1p(found.returns[free, column]), expected[free], rtol=1e-6)


def test_after_a_storm_the_filter_sees_more_risk_and_in_a_calm_less():
    rng = np.random.default_rng(0)
    calm, storm = rng.normal(0, 0.01, 500), rng.normal(0, 0.05, 60)
    returns = {"after storm": np.concatenate((calm, storm)), "after calm": np.concatenate((storm, calm))}
    for name, values in returns.items():
        history = history_of(recorded(values), ("BTC",))
        plain = var_and_shortfall(historical_scenarios(history, DAY_S).returns.T, 0.99).var[0]
        filtered = var_and_shortfall(filtered_scenarios(history, DAY_S).returns.T, 0.99).var[0]
        expected = 2.33 * (0.05 if name == "after storm" else 0.01)
        assert filtered == pytest.approx(expected, rel=0.35), name
        assert abs(filtered - expected) < abs(plain - expected)


def recorded(values):
    from marginwatch.risk.history.returns import ReturnTable

    return ReturnTable(("BTC",), DAY_S, np.arange(1, values.size + 1) * DAY_S, values[:, None])


def test_a_coin_that_never_moves_stays_where_it_is():
    history = complete_history(
        recorded(np.random.default_rng(0).normal(0, 0.02, 100)),
        ["USDT", "BTC"],
        rows_max=100,
        exempt={"USDT"},
    )
    assert not filtered_scenarios(history, DAY_S).returns[:, 0].any()


def test_a_move_out_of_a_dead_calm_is_multiplied_by_a_bounded_factor():
    values = np.full(300, 1e-9)
    values[200] = 0.1
    values[-1] = 0.1
    found = filtered_scenarios(history_of(recorded(values), ("BTC",)), DAY_S)
    usual = np.sqrt((values**2).mean())
    now = np.sqrt(0.06 * 0.1**2)
    assert np.log1p(found.returns[200, 0]) <= 0.1 * 1.5 * now / (0.2 * usual)


@pytest.mark.parametrize("horizon_s", [0, -5])
def test_a_horizon_that_is_none_is_refused(recorded_returns, horizon_s):
    with pytest.raises(ValueError, match="horizon_s"):
        historical_scenarios(history_of(recorded_returns), horizon_s)


def test_arch_s_own_volatility_model_is_near(recorded_returns):
    # A fitted GARCH is another model; on two and a half years its forecast differs from ours by less than a third.
    history = history_of(recorded_returns)
    from marginwatch.risk.history.volatility import ewma_volatility

    ours = ewma_volatility(history.values, 0.94)[0]
    fitted = arch_model(100 * history.values[:, 0], mean="Zero", vol="GARCH").fit(disp="off")
    theirs = float(np.sqrt(fitted.forecast(horizon=1, reindex=False).variance.iloc[-1, 0])) / 100
    assert ours == pytest.approx(theirs, rel=1 / 3)

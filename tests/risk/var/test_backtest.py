"""Forecasts against what happened, on recorded prices and on made ones."""

import numpy as np
import pytest

from marginwatch.risk.answers import Answer
from marginwatch.risk.history.mapping import complete_history
from marginwatch.risk.var.backtest import backtest, hypothetical_gains
from marginwatch.risk.var.exposures import exposures_of
from marginwatch.risk.var.scenarios import filtered_scenarios, historical_scenarios
from marginwatch.risk.var.tail import var_and_shortfall
from marginwatch.risk.var.traffic_light import Light


@pytest.mark.parametrize("n_days", [0, 1, 20, 249])
def test_it_is_grey_until_there_is_enough_whatever_happens(n_days):
    found = backtest(np.ones(n_days), np.zeros(n_days), 0.99)
    assert (found.light, found.progress, found.certain) == (Light.GREY, f"{n_days} of 250 days", None)
    assert found.n_days == n_days


def test_after_250_good_days_it_is_green_and_says_no_more_about_progress():
    found = backtest(np.ones(250), np.zeros(250), 0.99)
    assert (found.light, found.progress) == (Light.GREEN, None)
    assert found.christoffersen.answer is Answer.NOT_APPLICABLE


def test_bad_days_early_are_grey_but_certain():
    found = backtest(np.ones(12), np.full(12, -2.0), 0.99)
    assert (found.light, found.certain, found.n_exceptions) == (Light.GREY, Light.RED, 12)


def test_only_the_newest_250_count_and_holes_are_counted_apart():
    gains = np.concatenate((np.full(100, -9.0), np.zeros(251)))
    var = np.ones(351)
    var[200] = np.nan
    found = backtest(var, gains, 0.99)
    assert (found.n_days, found.n_exceptions, found.n_left_out) == (250, 0, 1)


def test_days_without_forecast_or_gain_are_left_out():
    var, gains = np.array([1.0, np.nan, 1.0, 1.0]), np.array([-2.0, -2.0, np.nan, 0.0])
    found = backtest(var, gains, 0.95)
    assert (found.n_days, found.n_exceptions, found.n_left_out) == (2, 1, 2)
    assert found.n_expected == pytest.approx(0.1)


def test_series_of_different_lengths_and_odd_confidences_are_refused():
    with pytest.raises(ValueError, match="3 forecasts but 2 gains"):
        backtest(np.ones(3), np.ones(2), 0.99)
    with pytest.raises(ValueError, match="confidence"):
        backtest(np.ones(3), np.ones(3), 99)


@pytest.mark.parametrize(("forecast", "expected"), [(2.33, Light.GREEN), (1.0, Light.RED)])
def test_right_forecasts_pass_and_half_ones_do_not(forecast, expected):
    lights = [
        backtest(np.full(250, forecast), np.random.default_rng(seed).normal(size=250), 0.99).light
        for seed in range(20)
    ]
    assert lights.count(expected) >= 17


def test_the_filter_passes_on_recorded_bitcoin(recorded_returns):
    """Forecast every day of 2024 and 2025 from the days before it alone, and judge the forecasts."""
    closes = recorded_returns.column("BTC")
    verdicts = {}
    for name, make in (("filtered", filtered_scenarios), ("historical", historical_scenarios)):
        var, gains = [], []
        for day in range(len(closes) - 250, len(closes)):
            known = type(recorded_returns)(
                ("BTC",), 86_400, recorded_returns.times_s[:day], recorded_returns.values[:day, :1]
            )
            history = complete_history(known, ["BTC"], rows_max=500)
            var.append(var_and_shortfall(1e6 * make(history, 86_400).returns.T, 0.95).var[0])
            gains.append(1e6 * np.expm1(closes[day]))
        verdicts[name] = backtest(np.array(var), np.array(gains), 0.95)
    for verdict in verdicts.values():
        assert verdict.light is Light.GREEN
        assert verdict.kupiec.p_value > 0.05
        assert 4 <= verdict.n_exceptions <= 17


def test_a_frozen_book_gains_what_its_contracts_gain(desk_world, sheet_of):
    frozen = exposures_of(sheet_of(desk_world))
    moves = {"BTC": np.log(1.04), "ETH": np.log(0.9)}
    gains = hypothetical_gains(frozen, np.array([moves.get(name, np.nan) for name in frozen.coin_names]))
    by_name = dict(zip(frozen.account_ids, gains, strict=True))
    assert by_name["long"] == pytest.approx(2 * 50_000 * 0.04)
    assert by_name["pair"] == pytest.approx(-50_000 * 0.04 - 17 * 3_000 * 0.1)
    assert by_name["empty"] == 0.0
    assert np.isnan(by_name["unpriced"])


def test_a_coin_whose_return_is_not_known_leaves_its_holders_out(desk_world, sheet_of, priced, parts, call):
    frozen = exposures_of(sheet_of(desk_world))
    gains = hypothetical_gains(
        frozen, np.array([np.log(1.04) if n == "BTC" else np.nan for n in frozen.coin_names])
    )
    by_name = dict(zip(frozen.account_ids, gains, strict=True))
    assert by_name["long"] == pytest.approx(4_000)
    assert np.isnan(by_name["pair"])
    world = priced()
    world.account("options", parts.position(call, 1, "1200"))
    frozen = exposures_of(sheet_of(world))
    assert np.isnan(hypothetical_gains(frozen, np.full(len(frozen.coin_names), np.nan)))[0]

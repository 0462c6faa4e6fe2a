"""The scenarios that are run without being asked for."""

import pytest

from marginwatch.model.scenario import Scenario, ScenarioKind
from marginwatch.risk.scenarios.library import (
    coin_scenarios,
    day_scenarios,
    depeg_scenarios,
    funding_scenarios,
    grid_scenarios,
    standard_scenarios,
)


def test_names_tell_all_scenarios_apart():
    own = Scenario(name="ours", btc_move=-0.1)
    found = standard_scenarios((own,))
    assert len({scenario.name for scenario in found}) == len(found)
    assert found[-1] is own
    assert {scenario.kind for scenario in found} == set(ScenarioKind) - {ScenarioKind.COIN}
    assert len(found) <= 50


def test_the_grid_is_every_combination():
    found = grid_scenarios((-0.2, 0.125), (1.0, 2.0), (0.0, 0.3))
    assert [scenario.name for scenario in found] == [
        "BTC -20%",
        "BTC -20%, volatility +30",
        "BTC -20%, betas ×2",
        "BTC -20%, betas ×2, volatility +30",
        "BTC +12.5%",
        "BTC +12.5%, volatility +30",
        "BTC +12.5%, betas ×2",
        "BTC +12.5%, betas ×2, volatility +30",
    ]
    last = found[-1]
    assert (last.btc_move, last.beta_factor, last.volatility_shift) == (0.125, 2.0, 0.3)


def test_stablecoins_fall_when_they_depeg():
    assert [(s.name, s.moves) for s in depeg_scenarios()] == [
        ("USDT -5%", {"USDT": -0.05}),
        ("USDT -12%", {"USDT": -0.12}),
        ("USDC -5%", {"USDC": -0.05}),
        ("USDC -12%", {"USDC": -0.12}),
    ]


def test_others_name_what_they_move():
    assert [(s.name, s.moves) for s in coin_scenarios(["SOL"], (-0.3, 1.0))] == [
        ("SOL alone -30%", {"SOL": -0.3}),
        ("SOL alone +100%", {"SOL": 1.0}),
    ]
    (depeg,) = depeg_scenarios(["USDC"], (-0.12,))
    assert (depeg.kind, depeg.moves, depeg.btc_move) == (ScenarioKind.DEPEG, {"USDC": -0.12}, None)
    longs, shorts = funding_scenarios(0.01, 2)
    assert (longs.funding_rate, shorts.funding_rate, longs.funding_payments) == (0.01, -0.01, 2)


def test_a_day_has_bitcoins_move_for_all_that_it_does_not_know():
    (day,) = day_scenarios(["2020-03-12"])
    assert day.btc_move == pytest.approx(4_410 / 7_934.52 - 1.0)
    assert "BTC" not in day.moves
    assert "SOL" not in day.moves
    assert day.moves["ETH"] == pytest.approx(101.2 / 194.61 - 1.0)
    with pytest.raises(ValueError, match=r"no record of '2019-01-01'; known are: 2020-03-12, "):
        day_scenarios(["2019-01-01"])

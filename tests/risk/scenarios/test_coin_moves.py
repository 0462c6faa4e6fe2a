"""Who moves, by how much, and because of whom."""

import numpy as np
import pytest
from benchmarks.random_sheet import random_sheet

from marginwatch.model.scenario import Scenario
from marginwatch.risk.scenarios.coin_moves import MoveSource, borrowed_moves, coin_moves, unmet_moves

NAMES = (None, "USDT", "BTC", "ETH", "STETH", "WBTC", "PEPE", "XAUT")


@pytest.fixture
def sheet():
    from dataclasses import replace

    made = random_sheet(1, 8, 5, 6, inverse_part=0.0)
    return replace(made, coin_names=NAMES, coin_is_exempt=np.isin(np.arange(8), (0, 1, 7)))


def moved(sheet, books, scenario):
    moves = coin_moves(sheet, books.betas_of(sheet), (scenario,))
    return dict(zip(NAMES[1:], moves.factor[0, 1:].tolist(), strict=True)), moves


def test_coins_follow_bitcoin_with_their_betas_and_exempt_ones_stay(books, sheet):
    factor, moves = moved(sheet, books, Scenario(name="x", btc_move=-0.2, beta_factor=1.5))
    assert factor == pytest.approx(
        {
            "USDT": 1.0,
            "BTC": 0.8,
            "ETH": 0.8**1.8,
            "STETH": 0.8**1.65,
            # A wrapped Bitcoin is Bitcoin, whatever multiplies the betas of others.
            "WBTC": 0.8,
            "PEPE": 0.8**3.0,
            "XAUT": 1.0,
        }
    )
    assert moves.factor[0, 0] == 1.0
    assert moves.source[0, [1, 2, 3]].tolist() == [MoveSource.STAYS, MoveSource.OWN, MoveSource.BETA]


def test_a_move_of_its_own_comes_first_and_takes_wrapped_forms_along(books, sheet):
    scenario = Scenario(name="x", btc_move=-0.2, moves={"ETH": -0.5, "XAUT": 0.1, "USDT": -0.01})
    factor, moves = moved(sheet, books, scenario)
    assert factor == pytest.approx(
        {
            "USDT": 0.99,
            "BTC": 0.8,
            "ETH": 0.5,
            "STETH": 0.5,
            "WBTC": 0.8,
            "PEPE": 0.64,
            "XAUT": 1.1,
        }
    )
    by_name = {one.coin: one for one in borrowed_moves(sheet, moves, 0)}
    assert set(by_name) == {"STETH", "WBTC", "PEPE"}
    assert (by_name["STETH"].proxy, by_name["STETH"].exponent) == ("ETH", 1.0)
    assert (by_name["PEPE"].proxy, by_name["PEPE"].exponent) == ("BTC", 2.0)
    assert by_name["PEPE"].move == pytest.approx(-0.36)


def test_without_a_move_of_bitcoin_the_others_stay(books, sheet):
    factor, moves = moved(sheet, books, Scenario(name="x", moves={"BTC": -0.5}))
    assert {name for name, value in factor.items() if value != 1.0} == {"BTC", "WBTC"}
    assert [one.coin for one in borrowed_moves(sheet, moves, 0)] == ["WBTC"]


def test_a_coin_that_nobody_holds_is_told(books, sheet):
    scenario = Scenario(name="x", moves={"ETH": -0.1, "EHT": -0.5})
    assert unmet_moves(sheet, scenario) == ("EHT",)


def test_betas_of_other_coins_are_refused(books, sheet):
    other = books.betas_of(random_sheet(1, 2, 2, 3))
    with pytest.raises(ValueError, match=r"betas must have shape \(8,\)"):
        coin_moves(sheet, other, ())

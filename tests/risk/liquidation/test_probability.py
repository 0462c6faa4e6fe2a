"""Chances of reaching the limit: against the normal walk that has a formula, and what must hold of any of them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.random_sheet import random_sheet

from marginwatch.risk.liquidation.probability import HOURS_MIN, first_passage

BTC = 2


def one_bet(n=1, usd=1e6):
    """Return accounts that are long Bitcoin."""
    sheet = random_sheet(1, n, 1, 1, inverse_part=0.0)
    quantity = np.full(n, usd / sheet.mark_price[BTC])
    return replace(sheet, leg_quantity=quantity, holding_cash=np.where(sheet.holding_coin == 1, 1e5, 0.0))


def walk(n_hours=5000, sd=0.01, seed=3):
    """Return hourly returns of the coins of a sheet of one bet, of which only Bitcoin moves, without drift."""
    moves = np.random.default_rng(seed).normal(0.0, sd, n_hours)
    returns = np.zeros((n_hours, one_bet().coin_usd.shape[0]))
    returns[:, BTC] = moves - moves.mean()
    return returns


@pytest.mark.parametrize("room", [2e4, 5e4, 1e5])
def test_agrees_with_the_maximum_of_a_normal_walk(room):
    """P(min ≤ −a) = 2 Φ(−a ÷ σ√T) for a continuous walk; one looked at hourly is moved by 0.5826 σ (Broadie et al. 1997)."""
    sheet, hours, sd = one_bet(), 24, 0.01

    found = first_passage(sheet, np.array([room]), walk(sd=sd), {hours: np.zeros(1)}, n_paths=20_000)

    barrier = room / 1e6 + 0.5826 * sd
    expected = math.erfc(barrier / (sd * math.sqrt(hours)) / math.sqrt(2.0))
    assert found.within[hours][0] == pytest.approx(expected, abs=0.015)


def test_longer_horizons_and_less_room_are_never_safer():
    sheet = one_bet(3)

    found = first_passage(
        sheet, np.array([1e4, 3e4, 9e4]), walk(), {1: np.zeros(3), 24: np.zeros(3)}, n_paths=4000
    )

    assert (found.within[24] >= found.within[1]).all()
    assert (np.diff(found.within[24]) <= 0.0).all()
    assert found.within[24][0] > found.within[24][2]


def test_funding_due_takes_room_away():
    sheet = one_bet(2)

    found = first_passage(sheet, np.array([5e4, 5e4]), walk(), {24: np.array([0.0, -3e4])}, n_paths=4000)

    assert found.within[24][1] > found.within[24][0]


def test_offsetting_bets_in_one_account_cancel():
    sheet = random_sheet(1, 1, 2, 2, inverse_part=0.0)
    same_coin = replace(
        sheet,
        leg_quantity=np.array([1e6, -1e6]) / sheet.mark_price[sheet.leg_contract],
        underlying_coin=np.where(np.arange(4) >= BTC, BTC, sheet.underlying_coin),
        holding_cash=np.where(sheet.holding_coin == 1, 1e5, 0.0),
    )
    returns = np.column_stack((walk(), np.zeros(5000)))

    found = first_passage(same_coin, np.array([1e3]), returns, {24: np.zeros(1)})

    assert found.within[24][0] == 0.0


def test_unknown_room_and_short_history_are_missing():
    sheet = one_bet(2)

    unknown = first_passage(sheet, np.array([np.nan, 1e5]), walk(), {1: np.zeros(2)})
    short = first_passage(sheet, np.array([1e4, 1e5]), walk(HOURS_MIN - 1), {1: np.zeros(2)})

    assert np.isnan(unknown.within[1][0])
    assert np.isfinite(unknown.within[1][1])
    assert np.isnan(short.within[1]).all()


def test_same_seed_gives_the_same_chances():
    sheet = one_bet()
    arguments = (sheet, np.array([3e4]), walk(), {24: np.zeros(1)})

    assert first_passage(*arguments).within[24][0] == first_passage(*arguments).within[24][0]


def test_returns_of_other_coins_are_refused():
    with pytest.raises(ValueError, match=r"returns must have \d columns, one for each coin, got 2"):
        first_passage(one_bet(), np.array([1.0]), np.zeros((500, 2)), {1: np.zeros(1)})

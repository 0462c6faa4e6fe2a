"""Each position's own distance against a plain look at legs and pairs."""

import numpy as np
import pytest

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.risk.answers import Answer
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.moves import moves_of


@pytest.mark.parametrize("seed", range(5))
def test_each_leg_is_found_by_account_and_coin(parts, seed):
    world = parts.random_world(seed, 15)
    world.frame()
    sheet = world.press.sheet(world.now)
    figures = measure_distance(sheet, moves_of(sheet, None))
    of, coins = figures.positions, figures.distances.coins
    by_pair = {
        (int(account), int(coin)): (float(shock), int(answer))
        for account, coin, shock, answer in zip(
            coins.account, coins.coin, coins.ways.shock, coins.ways.answer, strict=True
        )
    }
    legs = figures.distances.legs
    by_leg = {
        int(leg): (float(shock), int(answer))
        for leg, shock, answer in zip(legs.leg, legs.ways.shock, legs.ways.answer, strict=True)
    }
    n_alone = 0
    for leg, row in enumerate(sheet.leg_position_row.tolist()):
        account, contract = int(sheet.leg_account[leg]), int(sheet.leg_contract[leg])
        if sheet.mode[account] == MARGIN_MODES["isolated"]:
            wanted = by_leg[leg]
            n_alone += 1
        else:
            wanted = by_pair.get((account, int(sheet.underlying_coin[contract])), (np.nan, Answer.MISSING))
        assert int(of.answer[row]) == wanted[1]
        np.testing.assert_equal(float(of.shock[row]), wanted[0])
    held = set(sheet.leg_position_row.tolist())
    others = [row for row in range(of.answer.shape[0]) if row not in held]
    assert (of.answer[others] == Answer.NOT_APPLICABLE).all()
    assert n_alone
    assert of.n_opened == world.book.columns.positions.n_opened


def test_legs_of_a_hedge_in_cross_margin_share_the_fate_of_their_coin(world, parts):
    world.usual_marks()
    rows = (
        parts.position(parts.BTCUSDT, 2, "50050", side="long"),
        parts.position(parts.BTCUSDT, -1, "50050", side="short"),
    )
    world.account("a", *rows)
    world.facts()
    world.frame()
    sheet = world.press.sheet(world.now)
    of = measure_distance(sheet, moves_of(sheet, None)).positions
    long, short = world.book.entry("a").rows.values()
    assert of.answer[long] == of.answer[short]
    np.testing.assert_equal(float(of.shock[long]), float(of.shock[short]))


def test_nobody_holds_anything(world):
    world.account("a")
    sheet = world.press.sheet(world.now)
    of = measure_distance(sheet, moves_of(sheet, None)).positions
    assert of.answer.tolist() == [Answer.NOT_APPLICABLE]

"""Distances to liquidation of whole accounts: against a slow loop, and what must hold of any of them."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.random_sheet import random_sheet

from marginwatch.risk.answers import Answer
from marginwatch.risk.betas import Betas, exempted, prior_betas
from marginwatch.risk.liquidation.distance import distances
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_at, prices_now

BTC = 2


def betas_of(sheet, seed=0):
    """Return betas that differ by coin, with bands."""
    rng = np.random.default_rng(seed)
    n = sheet.coin_usd.shape[0]
    betas = prior_betas(np.arange(n) == BTC)
    value = np.where(np.arange(n) == BTC, 1.0, rng.uniform(0.4, 2.0, n))
    return exempted(Betas(value, value - 0.3, value + 0.3, betas.n_returns), sheet.coin_is_exempt)


def leveraged(seed, n_accounts=40, legs_each=4, **options):
    """Return accounts that die of moves of all sizes."""
    return random_sheet(seed, n_accounts, legs_each, 12, leverage=8.0, inverse_part=0.25, **options)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("direction", [-1, 1])
def test_common_shock_agrees_with_a_slow_loop(slow, seed, direction):
    sheet = leveraged(seed)
    betas = betas_of(sheet, seed)

    ways = distances(sheet, betas).common

    found, answers = (ways.down, ways.down_answer) if direction < 0 else (ways.up, ways.up_answer)
    numbers = 0
    for account in range(sheet.n_accounts):
        expected = slow.slow_distance(
            lambda shock, a=account: slow.slow_headroom(sheet, a, betas.value, shock), direction, steps=600
        )
        if expected is None:
            assert answers[account] == Answer.NONE_IN_RANGE
        else:
            numbers += 1
            assert found[account] == pytest.approx(expected, rel=1e-8, abs=1e-10)
    assert numbers > 5


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("direction", [-1, 1])
def test_one_coin_alone_agrees_with_a_slow_loop(slow, seed, direction):
    sheet = leveraged(seed, n_accounts=20)
    betas = betas_of(sheet)

    coins = distances(sheet, betas).coins

    found = coins.ways.down if direction < 0 else coins.ways.up
    answers = coins.ways.down_answer if direction < 0 else coins.ways.up_answer
    numbers = 0
    for row, (account, coin) in enumerate(zip(coins.account.tolist(), coins.coin.tolist(), strict=True)):
        expected = slow.slow_distance(
            lambda shock, a=account, c=coin: slow.slow_headroom(sheet, a, betas.value, shock, c),
            direction,
            steps=300,
        )
        if expected is None:
            assert answers[row] == Answer.NONE_IN_RANGE
        else:
            numbers += 1
            assert found[row] == pytest.approx(expected, rel=1e-8, abs=1e-10)
    assert numbers > 5
    held = {
        (int(a), int(c))
        for a, c in zip(sheet.leg_account, sheet.underlying_coin[sheet.leg_contract], strict=True)
    }
    assert held <= set(zip(coins.account.tolist(), coins.coin.tolist(), strict=True))


def test_cautious_is_never_farther_than_the_plain_distance():
    sheet = leveraged(5, n_accounts=200)

    found = distances(sheet, betas_of(sheet))

    for plain, careful in ((found.common.down, found.cautious.down), (found.common.up, found.cautious.up)):
        both = ~np.isnan(plain)
        assert both.any()
        assert (np.abs(careful[both]) <= np.abs(plain[both]) + 1e-9).all()


def test_the_venue_refuses_new_risk_before_it_liquidates():
    sheet = leveraged(6, n_accounts=200)

    found = distances(sheet, betas_of(sheet))

    dies = found.common.down_answer == Answer.NUMBER
    assert dies.any()
    assert (found.no_new_risk.down_answer[dies] == Answer.NUMBER).all()
    assert (found.no_new_risk.down[dies] >= found.common.down[dies]).all()


def test_doubling_everything_leaves_the_distance_where_tiers_do_not_matter():
    sheet = random_sheet(3, 50, 3, 10, leverage=15.0)
    flat = replace(
        sheet,
        tier_limit=np.full((sheet.mark_price.shape[0], 1), np.inf),
        tier_rate=sheet.tier_rate[:, :1].copy(),
        tier_deduction=np.zeros((sheet.mark_price.shape[0], 1)),
        tier_leverage=sheet.tier_leverage[:, :1].copy(),
        borrow_maintenance_rate=np.full_like(sheet.borrow_maintenance_rate, 0.04),
    )
    doubled = replace(flat, leg_quantity=2.0 * flat.leg_quantity, holding_cash=2.0 * flat.holding_cash)
    betas = betas_of(sheet)

    once, twice = distances(flat, betas), distances(doubled, betas)

    np.testing.assert_allclose(twice.common.down, once.common.down, rtol=1e-9)
    np.testing.assert_allclose(twice.common.up, once.common.up, rtol=1e-9)


def test_other_accounts_make_no_difference():
    sheet = leveraged(9, n_accounts=30)
    fewer = leveraged(9, n_accounts=30)
    betas = betas_of(sheet)
    changed = replace(
        fewer, leg_quantity=np.where(fewer.leg_account == 0, fewer.leg_quantity, -fewer.leg_quantity)
    )

    found, other = distances(sheet, betas), distances(changed, betas)

    assert found.common.down[0] == other.common.down[0] or np.isnan(found.common.down[0])
    assert (found.common.up[1:] != other.common.up[1:]).any()


def test_account_without_positions_and_debts_has_no_distance():
    sheet = random_sheet(1, 3, 1, 5)
    empty = replace(
        sheet,
        leg_account=sheet.leg_account[:0],
        leg_contract=sheet.leg_contract[:0],
        leg_settle_holding=sheet.leg_settle_holding[:0],
        leg_quantity=sheet.leg_quantity[:0],
        leg_entry_price=sheet.leg_entry_price[:0],
        leg_leverage=sheet.leg_leverage[:0],
        leg_extra_margin=sheet.leg_extra_margin[:0],
        leg_taker_fee=sheet.leg_taker_fee[:0],
        leg_order_value=sheet.leg_order_value[:0],
        leg_position_row=sheet.leg_position_row[:0],
        first_leg=np.zeros(4, np.int64),
    )

    found = distances(empty, betas_of(sheet))

    assert (found.common.answer == Answer.NOT_APPLICABLE).all()
    assert np.isnan(found.common.shock).all()


def test_account_with_a_missing_mark_is_missing_and_nobody_else_is():
    sheet = leveraged(2, n_accounts=60)
    contract = int(sheet.leg_contract[0])
    mark = sheet.mark_price.copy()
    mark[contract] = np.nan
    without = replace(sheet, mark_price=mark)
    concerned = np.unique(sheet.leg_account[sheet.leg_contract == contract])

    found = distances(without, betas_of(sheet))

    is_missing = found.common.answer == Answer.MISSING
    assert np.flatnonzero(is_missing).tolist() == concerned.tolist()
    assert np.isnan(found.common.shock[concerned]).all()
    assert concerned.shape[0] < sheet.n_accounts


def test_account_beyond_its_limit_is_at_zero():
    sheet = leveraged(4, n_accounts=10)
    broke = replace(sheet, holding_cash=np.where(sheet.holding_account == 3, -1e6, sheet.holding_cash))

    found = distances(broke, betas_of(sheet))

    assert found.common.down[3] == found.common.up[3] == found.common.shock[3] == 0.0
    assert found.common.answer[3] == Answer.NUMBER


def test_worst_leg_is_the_one_that_loses_most():
    sheet = random_sheet(8, 1, 2, 2, leverage=10.0, inverse_part=0.0)
    size = np.array([3.0, -1.0]) * 10_000.0 / sheet.mark_price[sheet.leg_contract]
    lopsided = replace(sheet, leg_quantity=size)

    found = distances(lopsided, betas_of(sheet))

    assert found.common.down_leg[0] == 0
    assert found.common.up_leg[0] == 1 or found.common.up_answer[0] == Answer.NONE_IN_RANGE


def takes(sheet, factor):
    """Return how much more each leg needs after a move of the coins, USD: margin that grows and profit that goes."""

    def needed(prices):
        legs = margins(sheet, prices).legs
        return (legs.maintenance_margin - legs.unrealized_pnl) * prices.leg_settle_usd(sheet)

    return needed(prices_at(sheet, factor)) - needed(prices_now(sheet))


def taking_most(sheet, account, factor):
    """Return the leg of an account that takes most of its headroom, and how much; −1 if none takes any."""
    mine = slice(int(sheet.first_leg[account]), int(sheet.first_leg[account + 1]))
    taken = takes(sheet, factor)[mine]
    return (mine.start + int(taken.argmax()), float(taken.max())) if taken.max() > 0.0 else (-1, 0.0)


@pytest.mark.parametrize("direction", [-1, 1])
def test_worst_leg_takes_most_in_dollars_whatever_it_settles_in(direction):
    sheet = leveraged(11, n_accounts=40, legs_each=5)
    betas = betas_of(sheet)

    ways = distances(sheet, betas).common

    shocks, legs = (ways.down, ways.down_leg) if direction < 0 else (ways.up, ways.up_leg)
    kinds = set()
    for account in np.flatnonzero(np.isfinite(shocks) & (shocks != 0.0)).tolist():
        leg, _ = taking_most(sheet, account, (1.0 + shocks[account]) ** betas.value)
        assert legs[account] == leg
        kinds.add(bool(sheet.is_inverse[sheet.leg_contract[leg]]))
    assert kinds == {False, True}


def test_margin_that_grows_counts_as_taken_beside_profit_that_goes():
    """Of two legs that lose nearly the same, the one whose margin grows more is the worse."""
    sheet = random_sheet(8, 1, 2, 2, leverage=10.0, inverse_part=0.0)
    size = np.array([-1.0, -1.01]) * 100_000.0 / sheet.mark_price[sheet.leg_contract]
    rates = np.where(np.arange(len(sheet.mark_price)) == sheet.leg_contract[0], 0.2, 0.001)[:, None]
    alike = replace(
        sheet,
        leg_quantity=size,
        leg_entry_price=sheet.mark_price[sheet.leg_contract],
        holding_cash=np.where(sheet.holding_coin == 1, 60_000.0, 0.0),
        tier_limit=np.full_like(rates, np.inf),
        tier_rate=rates,
        tier_deduction=np.zeros_like(rates),
        tier_leverage=np.full_like(rates, 10.0),
    )
    n = sheet.coin_usd.shape[0]
    value = np.where(sheet.coin_is_exempt, 0.0, 1.0)

    found = distances(alike, Betas(value, value, value, np.zeros(n)))

    assert found.common.up_leg[0] == 0


def test_worst_leg_of_a_coin_is_a_leg_on_that_coin():
    sheet = leveraged(12, n_accounts=30)

    coins = distances(sheet, betas_of(sheet)).coins

    numbers = 0
    for row in np.flatnonzero(np.isfinite(coins.ways.down) & (coins.ways.down_leg >= 0)).tolist():
        leg = coins.ways.down_leg[row]
        assert sheet.leg_account[leg] == coins.account[row]
        assert sheet.underlying_coin[sheet.leg_contract[leg]] == coins.coin[row]
        numbers += 1
    assert numbers > 5


@pytest.mark.parametrize("direction", [-1, 1])
def test_no_new_risk_is_where_nothing_is_available_any_more(direction):
    sheet = leveraged(13, n_accounts=20)
    betas = betas_of(sheet)

    ways = distances(sheet, betas).no_new_risk

    shocks = ways.down if direction < 0 else ways.up
    numbers = 0
    for account in np.flatnonzero(np.isfinite(shocks) & (shocks != 0.0)).tolist():
        figures = margins(sheet, prices_at(sheet, (1.0 + shocks[account]) ** betas.value))
        left = figures.adjusted_equity[account] - figures.initial_margin[account]
        assert left == pytest.approx(0.0, abs=1e-6 * figures.initial_margin[account])
        numbers += 1
    assert numbers > 3


def test_a_debt_that_comes_into_a_dearer_tier_can_kill_on_the_way_to_safety(slow):
    """Twenty Bitcoin, a debt just below a borrow tier, and a short: margin jumps with the tier, and the coin outruns it later."""
    sheet = random_sheet(1, 1, 1, 1, inverse_part=0.0)
    mark = sheet.mark_price[BTC]
    owing = replace(
        sheet,
        leg_quantity=np.array([-15.0]),
        leg_entry_price=np.array([mark]),
        holding_cash=np.where(sheet.holding_coin == BTC, 20.0, -998_000.0),
    )
    alone = np.where(np.arange(sheet.coin_usd.shape[0]) == BTC, 1.0, 0.0)

    coins = distances(owing, betas_of(sheet)).coins

    def headroom(shock):
        return slow.slow_headroom(owing, 0, alone, shock, BTC)

    assert headroom(0.0) > 0.0 > headroom(0.01)
    assert headroom(5.0) > 0.0
    assert coins.coin.tolist() == [BTC]
    assert coins.ways.up[0] == pytest.approx(slow.slow_distance(headroom, 1), rel=1e-6)

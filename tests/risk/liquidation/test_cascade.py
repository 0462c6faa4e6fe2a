"""Deaths that cause deaths: the ladder without impact, a chain by hand with it."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.random_sheet import random_sheet

from marginwatch.risk.betas import exempted, prior_betas
from marginwatch.risk.liquidation.cascade import UNKNOWN_DEPTH_USD, cascade, impact_per_usd
from marginwatch.risk.liquidation.distance import distances
from marginwatch.risk.liquidation.ladder import in_daily_sigmas, ladder

BTC = 2


def betas_of(sheet):
    return exempted(prior_betas(np.arange(sheet.coin_usd.shape[0]) == BTC), sheet.coin_is_exempt)


def chained(n, gap, size_usd=1e6):
    """Return accounts that are long the same coin, each with a little more cash than the one before."""
    sheet = random_sheet(1, n, 1, 1, inverse_part=0.0)
    cash = np.where(sheet.holding_coin == 1, size_usd * (0.1 + gap * sheet.holding_account), 0.0)
    mark = sheet.mark_price[BTC]
    return replace(
        sheet,
        leg_quantity=np.full(n, size_usd / mark),
        leg_entry_price=np.full(n, mark),
        holding_cash=cash,
    )


@pytest.mark.parametrize("direction", [-1, 1])
def test_without_impact_it_is_the_ladder(direction):
    sheet = random_sheet(3, 60, 4, 12, leverage=12.0)
    betas = betas_of(sheet)
    rungs = ladder(distances(sheet, betas).common, direction, 60_000.0)

    found = cascade(sheet, betas, direction, np.zeros(sheet.coin_usd.shape[0]))

    order = [int(account) for one in found.rounds for account in one.accounts]
    shocks = [one.shock for one in found.rounds for _ in one.accounts]
    assert len(order) > 10
    assert order == rungs.account.tolist()
    np.testing.assert_allclose(shocks, rungs.shock, rtol=1e-8)
    assert not any(one.is_caused for one in found.rounds)
    # Bitcoin's price at each rung lies where the market has gone, farther from rung to rung.
    assert ((rungs.btc_price - 60_000.0) * direction > 0.0).all()
    assert (np.diff(rungs.btc_price) * direction >= 0.0).all()
    np.testing.assert_allclose(rungs.btc_price / 60_000.0 - 1.0, rungs.shock, rtol=1e-9)


def test_each_death_takes_the_next_along_where_the_market_is_thin():
    sheet = chained(5, gap=0.001)
    thin = impact_per_usd(sheet, {"BTC": 1e5})

    found = cascade(sheet, betas_of(sheet), -1, thin)

    assert [one.accounts.tolist() for one in found.rounds] == [[0], [1, 2, 3, 4]]
    assert [one.is_caused for one in found.rounds] == [False, True]
    # A million sold into a book in which 100,000 move the price by 1 %.
    assert found.rounds[0].coin_factor[BTC] == pytest.approx(0.9)
    assert found.rounds[0].left_usd[BTC] == pytest.approx(4e6)
    assert found.rounds[1].left_usd[BTC] == 0.0
    assert sum(one.loss_usd for one in found.rounds) == pytest.approx(sheet.holding_cash.sum())


def test_deep_market_takes_nobody_along():
    sheet = chained(5, gap=0.01)

    found = cascade(sheet, betas_of(sheet), -1, impact_per_usd(sheet, {"BTC": 1e12}))

    assert [one.accounts.tolist() for one in found.rounds] == [[0], [1], [2], [3], [4]]
    assert not any(one.is_caused for one in found.rounds)


def test_hedge_is_left_alone_when_its_other_leg_is_gone():
    sheet = chained(2, gap=5.0)
    hedged = replace(sheet, leg_quantity=sheet.leg_quantity * np.array([1.0, -1.0]))

    found = cascade(hedged, betas_of(hedged), -1, np.zeros(hedged.coin_usd.shape[0]))

    assert [one.accounts.tolist() for one in found.rounds] == [[0]]
    assert found.rounds[0].left_usd[BTC] == pytest.approx(-1e6)


def test_accounts_that_cannot_be_reckoned_are_counted():
    sheet = chained(4, gap=0.01)
    without = replace(sheet, is_missing=np.array([False, True, False, False]))

    found = cascade(without, betas_of(without), -1, np.zeros(without.coin_usd.shape[0]))

    assert found.n_left_out == 1
    assert [one.accounts.tolist() for one in found.rounds] == [[0], [2], [3]]


def test_cash_is_not_moved_and_unknown_coins_take_the_constant():
    sheet = chained(1, gap=0.0)

    impact = impact_per_usd(sheet, {})

    assert impact[1] == 0.0
    assert impact[BTC] * UNKNOWN_DEPTH_USD == pytest.approx(0.01)


def test_daily_sigmas_are_of_logs_and_missing_without_volatility():
    shocks = np.array([-0.5, 1.0, 0.0, np.nan])

    sigmas = in_daily_sigmas(shocks, 0.05)

    assert sigmas[:3] == pytest.approx([13.862944, 13.862944, 0.0])
    assert np.isnan(sigmas[3])
    assert np.isnan(in_daily_sigmas(shocks, float("nan"))).all()

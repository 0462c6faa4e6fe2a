"""Stress against a slow loop, against figures by hand, and against what must hold whatever is held."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.random_sheet import random_sheet

from marginwatch.model.scenario import Scenario
from marginwatch.risk.answers import Answer
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.measures.margin import usage
from marginwatch.risk.scenarios.coin_moves import coin_moves
from marginwatch.risk.scenarios.library import standard_scenarios
from marginwatch.risk.scenarios.stress import stress
from marginwatch.risk.var.exposures import exposures_of
from marginwatch.risk.var.measure import account_gains

STILL = Scenario(name="still")
FALL = Scenario(name="fall", btc_move=-0.25)
MIXED = Scenario(name="mixed", btc_move=0.4, beta_factor=1.5, moves={"coin-4": -0.6, "USDT": -0.03})
DEPEG = Scenario(name="depeg", moves={"USDT": -0.08})
PRICES = (STILL, FALL, MIXED, DEPEG)


def varied(seed, n_accounts=40, modes=("cross", "isolated"), inverse_part=0.2):
    """Return accounts of several desks, near enough to the edge that scenarios push some over it."""
    sheet = random_sheet(seed, n_accounts, 5, 12, leverage=7.0, modes=modes, inverse_part=inverse_part)
    rng = np.random.default_rng(seed)
    isolated_extra = np.where(rng.random(sheet.n_legs) < 0.3, rng.uniform(0.0, 0.02, sheet.n_legs), 0.0)
    return replace(
        sheet,
        desk=rng.integers(0, 3, n_accounts),
        desk_names=(None, "mm", "arb", "idle"),
        leg_extra_margin=isolated_extra * np.abs(sheet.leg_quantity),
        holding_cash=np.where(rng.random(sheet.n_holdings) < 0.05, -sheet.holding_cash, sheet.holding_cash),
    )


def bought_dear(sheet, seed):
    """Return the sheet with some entries so far from the mark that isolated legs are beyond their limits already."""
    off = np.random.default_rng(seed).choice([0.7, 1.0, 1.0, 1.4], sheet.n_legs)
    return replace(sheet, leg_entry_price=sheet.leg_entry_price * off)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_beyond", [False, True])
def test_every_account_agrees_with_the_slow_loop(books, slow, seed, is_beyond):
    sheet = bought_dear(varied(seed), seed) if is_beyond else varied(seed)
    betas = books.betas_of(sheet)
    found = stress(sheet, betas, PRICES).accounts
    factors = coin_moves(sheet, betas, PRICES).factor
    n_taken = n_gone = 0
    for account in range(sheet.n_accounts):
        is_isolated = account % 2 == 1
        now, _, _, gone = slow.slow_account(sheet, account, [1.0] * factors.shape[1], is_isolated)
        n_gone += gone
        for place in range(len(PRICES)):
            equity, adjusted, needed, taken = slow.slow_account(
                sheet, account, factors[place].tolist(), is_isolated
            )
            assert found.equity_left_usd[place, account] == pytest.approx(equity, rel=1e-9, abs=1e-6)
            assert found.pnl_usd[place, account] == pytest.approx(equity - now, rel=1e-9, abs=1e-5)
            if is_isolated:
                assert found.n_liquidated_legs[place, account] == taken
                assert found.is_liquidated[place, account] == (taken > 0)
                n_taken += taken
                continue
            assert found.is_liquidated[place, account] == (adjusted <= needed)
            assert found.n_liquidated_legs[place, account] == (5 if adjusted <= needed else 0)
            if adjusted > 0.0:
                assert found.usage[place, account] == pytest.approx(needed / adjusted, rel=1e-9)
    assert n_taken > 10
    assert (n_gone > 10) == is_beyond
    assert 10 < found.is_liquidated[:, ::2].sum() < 60 + 20 * is_beyond


def test_nothing_is_made_by_a_scenario_without_shocks_even_of_what_is_beyond_its_limit(books):
    sheet = bought_dear(varied(5), 5)
    found = stress(sheet, books.betas_of(sheet), (STILL,))
    assert found.accounts.n_liquidated_legs[0, 1::2].sum() > 10
    assert not found.accounts.pnl_usd.any()
    assert found.portfolio.pnl_usd.tolist() == [[0.0]]
    assert not found.assets.pnl_usd.any()


def test_nothing_happens_in_a_scenario_without_shocks(books):
    sheet = varied(5, modes=("cross",))
    found = stress(sheet, books.betas_of(sheet), (STILL,))
    now = margins(sheet, prices_now(sheet))
    assert not found.accounts.pnl_usd.any()
    np.testing.assert_array_equal(found.accounts.equity_left_usd[0], now.equity)
    np.testing.assert_array_equal(
        found.accounts.usage[0], usage(now.maintenance_margin, now.adjusted_equity)[0]
    )
    assert not found.assets.pnl_usd.any()
    assert found.borrowed(0) == ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_beyond", [False, True])
def test_sums_over_desks_assets_and_accounts_are_one_figure(books, seed, is_beyond):
    sheet = bought_dear(varied(seed), seed) if is_beyond else varied(seed)
    scenarios = (*PRICES, *standard_scenarios())
    found = stress(sheet, books.betas_of(sheet), scenarios)
    whole = found.portfolio.pnl_usd[:, 0]
    scale = np.abs(found.accounts.pnl_usd).sum(axis=1)
    for total in (
        found.accounts.pnl_usd.sum(axis=1),
        np.nansum(found.desks.pnl_usd, axis=1),
        found.assets.pnl_usd.sum(axis=1),
    ):
        np.testing.assert_allclose(total, whole, atol=1e-11 * scale.max())
    for desk in range(3):
        mine = sheet.desk == desk
        np.testing.assert_allclose(found.desks.pnl_usd[:, desk], found.accounts.pnl_usd[:, mine].sum(axis=1))
        np.testing.assert_allclose(
            found.desks.worst_usage[:, desk], np.nanmax(found.accounts.usage[:, mine], axis=1)
        )
        np.testing.assert_array_equal(
            found.desks.n_liquidated[:, desk], found.accounts.is_liquidated[:, mine].sum(axis=1)
        )
    np.testing.assert_array_equal(
        found.portfolio.n_liquidated[:, 0], found.accounts.is_liquidated.sum(axis=1)
    )
    assert found.desks.n_accounts.tolist() == [*np.bincount(sheet.desk, minlength=3).tolist(), 0]
    assert set(found.desks.answer[:, 3]) == {Answer.NOT_APPLICABLE}
    assert np.isnan(found.desks.pnl_usd[:, 3]).all()


def test_usage_of_a_desk_is_that_of_the_sums_of_its_accounts_that_have_one(books):
    sheet = varied(2)
    found = stress(sheet, books.betas_of(sheet), (STILL,))
    now = margins(sheet, prices_now(sheet))
    mine = (sheet.desk == 1) & (np.arange(sheet.n_accounts) % 2 == 0)
    whole = now.maintenance_margin[mine].sum() / now.adjusted_equity[mine].sum()
    assert found.desks.usage[0, 1] == pytest.approx(whole)


@pytest.mark.parametrize("seed", range(3))
def test_profit_is_that_of_the_exposures_which_know_nothing_of_margins(books, seed):
    sheet = varied(seed, modes=("cross",), inverse_part=0.0)
    betas = books.betas_of(sheet)
    found = stress(sheet, betas, PRICES)
    exposures = exposures_of(sheet)
    rows = [sheet.coin_names.index(name) for name in exposures.coin_names]
    gains = account_gains(exposures, found.moves.factor[:, rows] - 1.0)
    np.testing.assert_allclose(found.accounts.pnl_usd, gains.T, rtol=1e-7, atol=1e-5)


def test_a_doubled_book_doubles_profit_and_keeps_usage_where_tiers_do_not_matter(books):
    sheet = varied(4, modes=("cross",))
    sheet = replace(
        sheet,
        tier_limit=np.full_like(sheet.tier_limit, np.inf),
        borrow_limit=np.full_like(sheet.borrow_limit, np.inf),
    )
    double = replace(sheet, leg_quantity=2.0 * sheet.leg_quantity, holding_cash=2.0 * sheet.holding_cash)
    once, twice = (stress(one, books.betas_of(one), PRICES) for one in (sheet, double))
    np.testing.assert_allclose(twice.accounts.pnl_usd, 2.0 * once.accounts.pnl_usd, rtol=1e-12)
    np.testing.assert_allclose(twice.assets.pnl_usd, 2.0 * once.assets.pnl_usd, rtol=1e-10, atol=1e-6)
    np.testing.assert_allclose(twice.accounts.usage, once.accounts.usage, rtol=1e-12)


def test_an_offsetting_position_on_another_account_makes_the_whole_indifferent(books):
    sheet = random_sheet(3, 2, 4, 8, inverse_part=0.0)
    # Whatever the first account holds, the second holds the other way round, against its own cash.
    sheet = replace(
        sheet,
        leg_quantity=np.concatenate((sheet.leg_quantity[:4], -sheet.leg_quantity[:4])),
        leg_contract=np.tile(sheet.leg_contract[:4], 2),
        leg_entry_price=np.tile(sheet.leg_entry_price[:4], 2),
        holding_cash=np.where(sheet.holding_coin == 1, sheet.holding_cash, 0.0),
    )
    found = stress(sheet, books.betas_of(sheet), (FALL,))
    first, second = found.accounts.pnl_usd[0]
    assert abs(first) > 1.0
    assert second == pytest.approx(-first)
    assert found.portfolio.pnl_usd[0, 0] == pytest.approx(0.0, abs=1e-9 * abs(first))
    np.testing.assert_allclose(found.assets.pnl_usd[0], 0.0, atol=1e-9 * abs(first))


def test_an_option_without_a_volatility_makes_its_holders_missing_in_scenarios_and_sums(books):
    sheet = random_sheet(1, 8, 3, 9)
    is_option = np.arange(sheet.mark_price.shape[0]) == 4
    holders = np.unique(sheet.leg_account[sheet.leg_contract == 4])
    others = np.setdiff1d(np.arange(8), holders)
    assert holders.size
    assert others.size
    sheet = replace(
        sheet,
        is_option=is_option,
        expiry_ns=np.where(is_option, sheet.at_ns + 10**15, 0),
        strike_price=np.where(is_option, sheet.mark_price, np.nan),
        underlying_price=np.where(is_option, sheet.mark_price, np.nan),
    )
    found = stress(sheet, books.betas_of(sheet), (FALL,))
    assert np.flatnonzero(found.accounts.answer[0] == Answer.MISSING).tolist() == holders.tolist()
    assert [name for name, _ in found.left_out] == [sheet.account_ids[row] for row in holders]
    assert all("option" in reason for _, reason in found.left_out)
    assert found.portfolio.n_left_out[0, 0] == holders.size
    assert found.portfolio.pnl_usd[0, 0] == pytest.approx(found.accounts.pnl_usd[0, others].sum())
    assert np.nansum(found.assets.pnl_usd[0]) == pytest.approx(found.portfolio.pnl_usd[0, 0])


@pytest.mark.filterwarnings("error")
def test_moves_beyond_all_bounds_have_figures_and_no_warnings(books):
    sheet = random_sheet(1, 6, 4, 8, modes=("cross", "isolated"), inverse_part=0.25)
    wild = (
        Scenario(name="up", btc_move=1_000.0, beta_factor=10.0),
        Scenario(name="down", btc_move=-0.999999, beta_factor=2.0),
    )
    found = stress(sheet, books.betas_of(sheet), wild)
    assert (found.accounts.answer == Answer.NUMBER).all()
    assert np.isfinite(found.portfolio.pnl_usd).all()

"""Levels: thresholds, what is missing, contributions that add up, and sums that name what they leave out."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.risk.answers import Answer
from marginwatch.risk.contributions import contributions
from marginwatch.risk.level_scores import account_scores
from marginwatch.risk.levels import LevelInputs, LevelSettings, Threshold, level_of, risk_levels, scores
from marginwatch.risk.liquidation.distance import distances
from marginwatch.risk.liquidation.exposures import coin_exposures
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now


@pytest.fixture(scope="module")
def tools():
    path = Path(__file__).with_name("advice") / "conftest.py"
    spec = importlib.util.spec_from_file_location("advice_tools_of_levels", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def inputs_of(tools, sheet, covariance=None, chance=None):
    betas = tools.betas_of(sheet)
    return LevelInputs(
        sheet, margins(sheet, prices_now(sheet)), distances(sheet, betas), betas, covariance, chance
    )


@pytest.fixture
def desk(tools):
    desk = tools.Desk()
    desk.uids = [
        tools.trader(desk, "calm", 500_000, "BTCUSDT", "0.5"),
        tools.trader(desk, "warm", 30_000, "ETHUSDT", "25"),
        tools.trader(desk, "hot", 6_000, "SOLUSDT", "500", leverage="50"),
        desk.account("idle", USDT=10_000),
    ]
    return desk


def sheet_of(tools, desk):
    sheet = tools.read(desk)
    return replace(sheet, desk=np.array([1, 1, 2, 2]), desk_names=(None, "mm", "arb"))


def test_a_score_passes_its_marks_and_stops_at_the_ends():
    rising, falling = Threshold(0.2, 0.5, 0.7, 1.0), Threshold(0.5, 0.25, 0.1, 0.0)
    values = np.array([0.0, 0.2, 0.5, 0.6, 0.7, 1.0, 9.0, np.nan])
    np.testing.assert_allclose(rising.scores(values), [1.0, 1.0, 4.0, 5.5, 7.0, 10.0, 10.0, np.nan])
    values = np.array([9.0, 0.5, 0.25, 0.175, 0.1, 0.0])
    np.testing.assert_allclose(falling.scores(values), [1.0, 1.0, 4.0, 5.5, 7.0, 10.0])
    assert [level_of(score) for score in (1.0, 3.99, 4.0, 6.99, 7.0, 10.0)] == [
        "LOW",
        "LOW",
        "MEDIUM",
        "MEDIUM",
        "HIGH",
        "HIGH",
    ]


@given(st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=2), st.booleans())
def test_what_is_worse_never_scores_less(pair, is_rising):
    threshold = Threshold(0.1, 0.4, 0.6, 0.9) if is_rising else Threshold(0.9, 0.6, 0.4, 0.1)
    better, worse = sorted(pair, reverse=not is_rising)
    of_better, of_worse = threshold.scores(np.array([better, worse]))
    assert 1.0 <= of_better <= of_worse <= 10.0


@pytest.mark.parametrize("marks", [(0.1, 0.1, 0.2, 0.3), (0.1, 0.3, 0.2, 0.4), (0.4, 0.3, 0.3, 0.1)])
def test_thresholds_that_turn_are_refused(marks):
    with pytest.raises(ValueError, match="strictly rise or strictly fall"):
        Threshold(*marks)


@pytest.mark.parametrize("wrong", [{"account_share": 1.5}, {"target_usage": 0.0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LevelSettings(**wrong)


def test_levels_of_a_desk(tools, desk):
    sheet = sheet_of(tools, desk)
    levels = risk_levels(inputs_of(tools, sheet))
    calm, warm, hot, idle = levels.accounts
    assert (calm.level, calm.score) == ("LOW", 1)
    assert hot.level == "HIGH"
    assert hot.driver in {"distance", "cautious_distance", "leverage", "maintenance_margin_usage"}
    assert calm.score <= warm.score <= hot.score
    for level in (calm, warm, hot):
        worst = max(one.score for one in level.measures if one.score is not None)
        assert level.score == int(worst)
        assert next(one for one in level.measures if one.name == level.driver).score == worst
        assert not level.is_at_least
    # Nothing is held: nothing is used, and no distance can be asked for.
    assert idle.level == "LOW"
    assert {one.name: one.reasons.get("value") for one in idle.measures}["distance"] == "not_applicable"
    mm, arb = levels.desks
    assert (mm.name, arb.name) == ("mm", "arb")
    assert arb.level == "HIGH"
    assert arb.driver == f"account {desk.uids[2]}"
    assert levels.portfolio.scope == "portfolio"
    assert hot.riskiest[0].instrument_id == "bybit:linear:SOLUSDT"
    assert len(levels.portfolio.riskiest) == 3


def test_a_small_account_does_not_make_its_desk_high(tools, desk):
    sheet = sheet_of(tools, desk)
    sheet = replace(sheet, desk=np.array([1, 1, 1, 1]))
    everything = risk_levels(inputs_of(tools, sheet), LevelSettings(account_share=0.9)).desks[0]
    assert everything.level == "LOW"
    assert risk_levels(inputs_of(tools, sheet), LevelSettings(account_share=0.0)).desks[0].level == "HIGH"


def test_a_missing_account_has_no_level_and_totals_name_it(tools, desk):
    sheet = sheet_of(tools, desk)
    missing = np.array([False, True, False, False])
    sheet = replace(sheet, is_missing=missing, missing_reasons=(None, "no mark of ETHUSDT", None, None))
    levels = risk_levels(inputs_of(tools, sheet), left_out={3: "lost"})
    warm = levels.accounts[1]
    assert warm.level is None
    assert warm.is_at_least
    assert "no mark of ETHUSDT" in warm.reasons["level"]
    assert levels.desks[0].is_at_least
    assert levels.sums[0].left_out == (f"{desk.uids[1]}: missing: no mark of ETHUSDT",)
    assert levels.sums[1].left_out == (f"{desk.uids[3]}: lost",)
    assert levels.total.n_accounts == 2
    unrounded, answers = scores(inputs_of(tools, sheet))
    assert answers.tolist()[1] == Answer.MISSING
    assert np.isnan(unrounded[1])


def test_what_is_high_already_is_high_whatever_is_missing(tools, desk):
    sheet = sheet_of(tools, desk)
    chance = np.array([np.nan, np.nan, np.nan, np.nan])
    found = account_scores(inputs_of(tools, sheet, chance=chance), LevelSettings())
    assert found.answer.tolist() == [Answer.MISSING, Answer.MISSING, Answer.NUMBER, Answer.NUMBER]
    assert found.is_at_least.tolist() == [True, True, True, False]
    levels = risk_levels(inputs_of(tools, sheet, chance=chance))
    assert levels.accounts[0].level is None
    assert levels.accounts[2].level == "HIGH"


def test_a_desk_of_nobody_has_no_level(tools):
    levels = risk_levels(inputs_of(tools, tools.read(tools.Desk())))
    assert (levels.accounts, levels.desks, levels.sums) == ((), (), ())
    assert levels.portfolio.level is None
    assert levels.portfolio.reasons["level"] == "not_applicable"
    assert levels.total.free_usd is None


def test_margin_sums_by_hand(tools, desk):
    sheet = sheet_of(tools, desk)
    total = risk_levels(inputs_of(tools, sheet)).total
    truths = [desk.truth(uid) for uid in desk.uids]
    assert total.initial_margin_usd == pytest.approx(sum(one.initial for one in truths), rel=1e-6)
    assert total.maintenance_margin_usd == pytest.approx(sum(one.maintenance for one in truths), rel=1e-6)
    assert total.free_usd == pytest.approx(sum(one.available for one in truths), rel=1e-6)
    assert total.collateral_usd == pytest.approx(sum(one.balance for one in truths), rel=1e-6)
    idle = sum(max(one.balance - max(one.initial, one.maintenance / 0.5), 0.0) for one in truths)
    assert total.idle_usd == pytest.approx(idle, rel=1e-6)
    assert total.gross_usd == pytest.approx(sum(one.notional for one in truths), rel=1e-6)
    assert total.collateral_to_gross == pytest.approx(total.collateral_usd / total.gross_usd)
    assert total.left_out == ()


def test_an_isolated_account_is_part_of_margins_and_has_nothing_free(tools):
    desk = tools.Desk()
    uid = desk.account("alone", mode="ISOLATED_MARGIN", USDT=20_000)
    desk.exchange.open_position(uid, "BTCUSDT", "0.5")
    sheet = tools.read(desk)
    levels = risk_levels(inputs_of(tools, sheet))
    truth = desk.truth(uid)
    coin = truth.coins["USDT"]
    usd = desk.exchange.usd_index("USDT")
    assert levels.total.maintenance_margin_usd == pytest.approx(coin.position_maintenance * usd, rel=1e-6)
    assert levels.total.collateral_usd == pytest.approx(truth.equity, rel=1e-6)
    assert levels.total.free_usd == levels.total.idle_usd == 0.0
    (level,) = levels.accounts
    assert level.level is not None
    assert {one.name: one.reasons.get("value") for one in level.measures}["initial_margin_usage"] == (
        "not_applicable"
    )


@pytest.mark.parametrize("with_covariance", [True, False])
def test_contributions_and_those_of_wallets_add_up_to_one(tools, desk, with_covariance):
    sheet = sheet_of(tools, desk)
    m = len(sheet.coin_names)
    rng = np.random.default_rng(3)
    returns = rng.normal(0.0, 0.03, (200, 1)) + rng.normal(0.0, 0.02, (200, m))
    covariance = returns.T @ returns / 200 if with_covariance else None
    betas = tools.betas_of(sheet)
    found = contributions(sheet, np.zeros(4, np.int64), 1, betas, covariance)
    pairs = coin_exposures(sheet)
    exposure = np.bincount(pairs.coin, pairs.usd, minlength=m)
    matrix = np.outer(betas.value, betas.value) if covariance is None else covariance
    whole = exposure @ matrix @ exposure
    wallets = np.bincount(
        sheet.holding_coin, sheet.holding_cash * sheet.coin_usd[sheet.holding_coin], minlength=m
    )
    of_wallets = wallets @ matrix @ exposure / whole
    assert found.part.sum() + of_wallets == pytest.approx(1.0)
    assert found.is_variance.tolist() == [with_covariance]
    # Each part is what the deviation changes by, per unit, if the leg alone grows.
    for leg in range(sheet.n_legs):
        coin = sheet.underlying_coin[sheet.leg_contract[leg]]
        grown = exposure.copy()
        grown[coin] += 1e-4 * exposure_of(sheet, leg)
        slope = (np.sqrt(grown @ matrix @ grown) - np.sqrt(whole)) / 1e-4 / np.sqrt(whole)
        assert found.part[leg] == pytest.approx(slope, rel=1e-3, abs=1e-6)


def exposure_of(sheet, leg):
    contract = sheet.leg_contract[leg]
    usd = sheet.coin_usd[sheet.quote_coin[contract]]
    return sheet.leg_quantity[leg] * sheet.multiplier[contract] * sheet.mark_price[contract] * usd

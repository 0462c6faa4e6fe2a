"""All of it together, on recorded returns."""

import math
from dataclasses import replace

import numpy as np
import pytest

from marginwatch.model.balance import Balance
from marginwatch.risk.answers import Answer
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.risk.var.exposures import Exposures, exposures_of
from marginwatch.risk.var.measure import account_gains, history_for, measure_var, measure_with, rough_gains
from marginwatch.risk.var.settings import VarMethod, VarSettings
from marginwatch.risk.var.tail import var_and_shortfall

METHODS = list(VarMethod)
TEN_DAYS = 10 * 86_400


@pytest.fixture
def exposures(desk_world, sheet_of):
    return exposures_of(sheet_of(desk_world))


def settings_of(method, **more):
    return VarSettings(method=method, **({"horizon_s": TEN_DAYS} | more))


def obvious_var(exposures, returns, account, confidence):
    """One account, one day, one scenario after the other, sorted by hand."""
    names = list(returns.names)
    losses = []
    for row in returns.values[-1_000:]:
        gain = 0.0
        for coin, usd in zip(exposures.coin_names, exposures.linear_usd[account], strict=True):
            if coin in names:
                gain += usd * (math.exp(row[names.index(coin)]) - 1.0)
        losses.append(-gain)
    losses.sort(reverse=True)
    n_tail = round(len(losses) * (1 - confidence))
    return losses[n_tail], sum(losses[:n_tail]) / n_tail


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_historical_figures_are_those_of_a_slow_loop(exposures, recorded_returns, confidence):
    found = measure_var(
        exposures, recorded_returns, settings_of("historical", confidence=confidence, horizon_s=86_400)
    )
    for name in ("long", "inverse", "pair"):
        row = exposures.account_ids.index(name)
        var, shortfall = obvious_var(exposures, recorded_returns, row, confidence)
        # Gains of accounts are summed in single precision.
        assert found.accounts.var_usd[row] == pytest.approx(var, rel=1e-5)
        assert found.accounts.shortfall_usd[row] == pytest.approx(shortfall, rel=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_parts_add_up_to_the_whole(exposures, recorded_returns, method):
    found = measure_var(exposures, recorded_returns, settings_of(VarMethod(method)))
    assert found.portfolio.answer[0] == Answer.NUMBER
    for parts, whole in (
        (found.var_parts, found.portfolio.var_usd[0]),
        (found.shortfall_parts, found.portfolio.shortfall_usd[0]),
    ):
        assert whole > 0
        assert np.nansum(parts.by_account) == pytest.approx(whole)
        assert parts.by_coin.sum() == pytest.approx(whole)
        assert parts.by_desk.sum() == pytest.approx(whole)
        for desk in set(exposures.desk.tolist()):
            mine = exposures.desk == desk
            assert parts.by_desk[desk] == pytest.approx(np.nansum(parts.by_account[mine]))
        np.testing.assert_allclose(
            parts.by_coin, np.nansum(exposures.linear_usd, axis=0) * parts.marginal_by_coin, atol=1e-6
        )


@pytest.mark.parametrize("method", ["normal", "cornish-fisher", "historical"])
def test_marginal_figures_are_the_slopes(desk_world, sheet_of, parts, recorded_returns, method):
    # One unit more of a coin, bought for cash, on an account of its own.
    settings = settings_of(VarMethod(method), confidence=0.95)
    before = measure_var(exposures_of(sheet_of(desk_world)), recorded_returns, settings)
    row = exposures_of(sheet_of(desk_world)).coin_names.index("ETH")
    desk_world.account("extra", parts.position(parts.ETHUSDT, 0.01, "3000"))
    after = measure_var(exposures_of(sheet_of(desk_world)), recorded_returns, settings)
    slope = (after.portfolio.shortfall_usd[0] - before.portfolio.shortfall_usd[0]) / 30
    assert before.shortfall_parts.marginal_by_coin[row] == pytest.approx(slope, rel=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_twice_the_book_is_twice_the_risk(priced, parts, sheet_of, recorded_returns, method):
    def figures(scale):
        world = priced()
        coin = str(scale)
        world.account(
            "one",
            parts.position(parts.BTCUSDT, -2 * scale, "51000"),
            parts.position(parts.ETHUSD, 4_000 * scale, "2900"),
            coins=[Balance(asset="BTC", wallet_balance=coin, equity=coin)],
        )
        return measure_var(exposures_of(sheet_of(world)), recorded_returns, settings_of(VarMethod(method)))

    one, two = figures(1), figures(2)
    assert two.accounts.var_usd[0] == pytest.approx(2 * one.accounts.var_usd[0])
    assert two.accounts.shortfall_usd[0] == pytest.approx(2 * one.accounts.shortfall_usd[0])


@pytest.mark.parametrize("method", METHODS)
def test_every_kind_of_answer_stays_what_it_is(exposures, recorded_returns, method):
    found = measure_var(exposures, recorded_returns, settings_of(VarMethod(method)))
    answers = dict(zip(exposures.account_ids, found.accounts.answer.tolist(), strict=True))
    assert answers["empty"] == Answer.NOT_APPLICABLE
    assert answers["unpriced"] == Answer.MISSING
    assert answers["long"] == answers["inverse"] == Answer.NUMBER
    assert [name for name, _ in found.left_out] == ["unpriced"]
    assert np.isnan(
        found.accounts.var_usd[[exposures.account_ids.index(n) for n in ("empty", "unpriced")]]
    ).all()
    # An account that is left out has no part, and the desk and the whole have a number without it.
    assert np.isnan(found.var_parts.by_account[exposures.account_ids.index("unpriced")])
    assert np.isfinite(found.desks.var_usd[exposures.desk_names.index("arb")])


def test_coins_that_borrowed_are_listed(exposures, recorded_returns):
    found = measure_var(exposures, recorded_returns)
    assert {one.name: one.source for one in found.sources} == {
        "NEW": "beta",
        "USD": "exempt",
        "USDT": "exempt",
    }


def test_methods_agree_on_the_order_of_magnitude(exposures, recorded_returns):
    figures = [
        measure_var(exposures, recorded_returns, settings_of(method)).portfolio.var_usd[0]
        for method in METHODS
    ]
    assert max(figures) < 3 * min(figures)


@pytest.mark.parametrize("method", METHODS)
def test_more_confidence_and_longer_horizons_are_more_risk(exposures, recorded_returns, method):
    def of(**more):
        return measure_var(
            exposures, recorded_returns, settings_of(VarMethod(method), **more)
        ).portfolio.var_usd[0]

    assert of(confidence=0.95) < of(confidence=0.99)
    assert of(horizon_s=TEN_DAYS) < of(horizon_s=2 * TEN_DAYS)


def test_outside_its_domain_the_expansion_does_not_apply(exposures, recorded_returns):
    crash = recorded_returns.values.copy()
    crash[-100, recorded_returns.names.index("BTC")] = -0.9
    returns = type(recorded_returns)(recorded_returns.names, 86_400, recorded_returns.times_s, crash)
    found = measure_var(exposures, returns, settings_of(VarMethod.CORNISH_FISHER, horizon_s=86_400))
    answers = dict(zip(exposures.account_ids, found.accounts.answer.tolist(), strict=True))
    assert (answers["long"], answers["unpriced"]) == (Answer.NOT_APPLICABLE, Answer.MISSING)
    assert np.isnan(found.accounts.var_usd[exposures.account_ids.index("long")])


@pytest.mark.parametrize(
    ("returns", "settings", "words"),
    [
        (
            ReturnTable(("ETH",), 86_400, np.zeros(0, np.int64), np.zeros((0, 1))),
            VarSettings(),
            "no history of BTC",
        ),
        (
            ReturnTable(("BTC",), 86_400, np.arange(30), np.zeros((30, 1))),
            VarSettings(),
            "30 returns are known",
        ),
        (
            ReturnTable(("BTC",), 86_400, np.arange(80), np.zeros((80, 1))),
            VarSettings(),
            "at least 100 scenarios",
        ),
    ],
)
def test_without_enough_history_everything_held_is_missing_with_the_reason(
    exposures, returns, settings, words
):
    found = measure_var(exposures, returns, settings)
    assert words in found.missing_reason
    answers = dict(zip(exposures.account_ids, found.accounts.answer.tolist(), strict=True))
    assert answers == {"long": 3, "inverse": 3, "pair": 3, "empty": 1, "unpriced": 3}
    assert found.portfolio.answer[0] == Answer.MISSING
    assert found.var_parts is None
    assert np.isnan(found.portfolio.var_usd[0])


def test_a_history_of_other_coins_is_refused(exposures, recorded_returns):
    history = history_for(exposures, recorded_returns, VarSettings())
    other = type(history)(
        history.names[1:], history.interval_s, history.times_s, history.values[:, 1:], history.sources[1:]
    )
    with pytest.raises(ValueError, match="other coins"):
        measure_with(exposures, other, VarSettings())


def test_an_empty_book_has_nothing_to_lose(priced, sheet_of, recorded_returns):
    world = priced()
    world.account("empty")
    for method in METHODS:
        found = measure_var(exposures_of(sheet_of(world)), recorded_returns, settings_of(method))
        assert found.portfolio.answer[0] == Answer.NOT_APPLICABLE
        assert found.var_parts is None


def test_options_are_revalued_or_it_is_said_that_they_are_not(
    priced, parts, call, sheet_of, recorded_returns
):
    world = priced()
    world.account("short", parts.position(call, -10, "1200"), desk="vol")
    exposures = exposures_of(sheet_of(world))
    simulated = measure_var(exposures, recorded_returns, settings_of(VarMethod.HISTORICAL, horizon_s=86_400))
    by_delta = measure_var(exposures, recorded_returns, settings_of(VarMethod.NORMAL, horizon_s=86_400))
    assert (simulated.is_revalued, by_delta.is_revalued, by_delta.has_options) == (True, False, True)
    assert simulated.var_parts.by_coin.sum() == pytest.approx(simulated.portfolio.var_usd[0])
    # A short call loses more than its delta says.
    assert simulated.portfolio.var_usd[0] > by_delta.portfolio.var_usd[0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_accounts_in_blocks_have_the_same_figures(
    desk_world, parts, call, sheet_of, recorded_returns, monkeypatch, method, at_once
):
    desk_world.account(
        "vol", parts.position(call, -3, "1200"), parts.position(parts.ETHUSDT, 2, "3000"), desk="vol"
    )
    exposures = exposures_of(sheet_of(desk_world))
    whole = measure_var(exposures, recorded_returns, settings_of(method))
    monkeypatch.setattr("marginwatch.risk.var.measure.ACCOUNTS_AT_ONCE", at_once)
    blocks = measure_var(exposures, recorded_returns, settings_of(method))
    np.testing.assert_allclose(blocks.accounts.var_usd, whole.accounts.var_usd, rtol=1e-5)
    np.testing.assert_allclose(blocks.accounts.shortfall_usd, whole.accounts.shortfall_usd, rtol=1e-5)
    np.testing.assert_array_equal(blocks.accounts.answer, whole.accounts.answer)
    assert blocks.portfolio.var_usd[0] == whole.portfolio.var_usd[0]


@pytest.mark.parametrize("method", ["normal", "cornish-fisher", "historical"])
def test_marginal_figures_of_accounts_and_desks_are_slopes_in_their_size(exposures, recorded_returns, method):
    settings = settings_of(VarMethod(method), confidence=0.95)
    before = measure_var(exposures, recorded_returns, settings)
    row = exposures.account_ids.index("pair")
    gross = 50_000 + 17 * 3_000
    grown = exposures.linear_usd.copy()
    grown[row] *= 1.0001
    after = measure_var(replace(exposures, linear_usd=grown, delta_usd=grown), recorded_returns, settings)
    slope = (after.portfolio.shortfall_usd[0] - before.portfolio.shortfall_usd[0]) / (gross * 0.0001)
    assert before.shortfall_parts.marginal_by_account[row] == pytest.approx(slope, rel=1e-2, abs=1e-7)
    # Nobody else of its desk has an exposure that counts.
    desk = exposures.desk_names.index("arb")
    assert before.shortfall_parts.marginal_by_desk[desk] == pytest.approx(
        before.shortfall_parts.marginal_by_account[row]
    )
    assert np.isnan(before.var_parts.marginal_by_account[exposures.account_ids.index("empty")])


def test_desks_are_the_books_of_their_accounts(exposures, recorded_returns):
    found = measure_var(exposures, recorded_returns, settings_of(VarMethod.HISTORICAL))
    desk = exposures.desk_names.index("mm")
    alone = replace(exposures, is_missing=exposures.is_missing | (exposures.desk != desk))
    assert measure_var(alone, recorded_returns, settings_of(VarMethod.HISTORICAL)).portfolio.var_usd[
        0
    ] == pytest.approx(found.desks.var_usd[desk])


@pytest.mark.parametrize("net_to_gross", [1.0, 1e-2, 1e-4])
def test_single_precision_is_wrong_by_no_more_than_it_says(net_to_gross):
    # Pairs of coins that move alike, held long and short: what is left is a small part of what is held.
    rng = np.random.default_rng(1)
    n_accounts, n_pairs, n_rows = 40, 50, 1_000
    common = rng.normal(0, 0.03, (n_rows, n_pairs))
    returns = np.expm1(
        np.concatenate((common, common + rng.normal(0, 0.03 * net_to_gross, common.shape)), axis=1)
    )
    held = rng.normal(0, 1e6, (n_accounts, n_pairs))
    exposures = Exposures(
        account_ids=tuple(f"a{number}" for number in range(n_accounts)),
        desk=np.zeros(n_accounts, np.int64),
        desk_names=(None,),
        coin_names=tuple(f"C{number:03}" for number in range(2 * n_pairs)),
        exempt=frozenset(),
        linear_usd=np.concatenate((held, -held), axis=1),
        delta_usd=np.concatenate((held, -held), axis=1),
        is_missing=np.zeros(n_accounts, bool),
        missing_reasons=(None,) * n_accounts,
    )
    exact = account_gains(exposures, returns)
    rough = rough_gains(exposures, returns.astype(np.float32), returns)
    moved = np.sqrt((exposures.linear_usd**2) @ (returns**2).T)
    assert np.abs(rough - exact).max() < 1e-6 * moved.max()
    error = np.abs(var_and_shortfall(rough, 0.99).var / var_and_shortfall(exact, 0.99).var - 1)
    assert error.max() < 1e-6 / net_to_gross


@pytest.mark.parametrize("method", METHODS)
def test_what_is_no_crypto_coin_and_has_no_history_is_not_without_risk(
    priced, parts, sheet_of, recorded_returns, method
):
    world = priced()
    gold = parts.contract("XAUUSDT", "XAU", "USDT")
    world.mark(gold, "4000")
    world.account("gold", parts.position(gold, 5, "4000"))
    found = measure_var(exposures_of(sheet_of(world)), recorded_returns, settings_of(method))
    assert found.accounts.var_usd[0] > 0.05 * 5 * 4_000
    assert {one.name: one.source for one in found.sources}["XAU"] == "beta"

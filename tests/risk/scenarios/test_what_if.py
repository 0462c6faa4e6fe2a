"""One move over all accounts: the scenario of the same shocks, the slow loop, the simulated exchange, and the present."""

import random

import numpy as np
import pytest
from benchmarks.random_sheet import random_sheet

from marginwatch.model.ids import AccountId
from marginwatch.model.scenario import Scenario
from marginwatch.risk.answers import Answer
from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.scenarios.coin_moves import coin_moves
from marginwatch.risk.scenarios.library import grid_scenarios
from marginwatch.risk.scenarios.stress import stress
from marginwatch.risk.scenarios.what_if import AFTER, BEFORE, ROWS_MAX, answer_of, what_if
from marginwatch.sim.coins import COINS

FALL = Scenario(name="what if", btc_move=-0.2, beta_factor=1.5)


def mixed(seed, n_accounts=60):
    return random_sheet(seed, n_accounts, 5, 12, leverage=7.0, modes=("cross", "isolated"), inverse_part=0.2)


@pytest.mark.parametrize(
    "named", grid_scenarios((-0.3, 0.2), (1.0, 1.5), (0.0, 0.5)), ids=lambda one: one.name
)
def test_it_is_the_stress_scenario_of_the_same_shocks(books, named):
    sheet = mixed(2)
    betas = books.betas_of(sheet)
    whole = stress(sheet, betas, (named,))
    move = Scenario(
        name="what if",
        btc_move=named.btc_move,
        beta_factor=named.beta_factor,
        volatility_shift=named.volatility_shift,
    )
    answer = answer_of(what_if(sheet, betas, move), "")
    assert answer.pnl_usd == whole.portfolio.pnl_usd[0, 0]
    assert answer.after.equity_usd == whole.portfolio.equity_left_usd[0, 0]
    assert answer.after.n_liquidated == whole.portfolio.n_liquidated[0, 0]
    assert answer.after.worst_usage == whole.portfolio.worst_usage[0, 0]
    assert len(answer.rows) == sheet.n_accounts
    for row in answer.rows:
        place = sheet.account_ids.index(row.account_id)
        assert row.after.equity_usd == whole.accounts.equity_left_usd[0, place]
        assert row.after.is_liquidated == whole.accounts.is_liquidated[0, place]
        if whole.accounts.usage_answer[0, place] == Answer.NUMBER:
            assert row.after.maintenance_margin_usage == whole.accounts.usage[0, place]
    assert sum(one.pnl_usd for one in answer.assets) == pytest.approx(answer.pnl_usd)


@pytest.mark.parametrize("seed", range(3))
def test_margins_agree_with_the_slow_loop(books, slow, seed):
    sheet = mixed(seed)
    betas = books.betas_of(sheet)
    found = what_if(sheet, betas, FALL).required
    factors = coin_moves(sheet, betas, (Scenario(name="now"), FALL)).factor
    for account in range(0, sheet.n_accounts, 2):
        for place in (BEFORE, AFTER):
            _, adjusted, needed, _ = slow.slow_account(sheet, account, factors[place].tolist())
            assert found.adjusted[place, account] == pytest.approx(adjusted, rel=1e-9)
            assert found.maintenance[place, account] == pytest.approx(needed, rel=1e-9)
    # Isolated: every leg that is left by itself.
    for account in range(1, sheet.n_accounts, 2):
        total = 0.0
        for leg in range(sheet.first_leg[account], sheet.first_leg[account + 1]):
            alone = slow.amounts(sheet, leg, factors[AFTER].tolist())
            _, needed, gain, fee, put_up = alone
            if put_up + gain - needed <= 0.0:
                continue
            coin = sheet.holding_coin[sheet.leg_settle_holding[leg]]
            total += (needed + fee) * sheet.coin_usd[coin] * factors[AFTER, coin]
        assert found.maintenance[AFTER, account] == pytest.approx(total, rel=1e-9)
        assert np.isnan(found.adjusted[AFTER, account])


def test_simulated_accounts_become_what_it_says(tools):
    betas_by_coin = {coin.name: coin.beta for coin in COINS if coin.name not in ("USDT", "USDC")}
    desk, pick = tools.Desk(11), random.Random(11)
    uids = [tools.random_account(desk, pick, number, mode="REGULAR_MARGIN") for number in range(20)]
    for uid in uids:
        for order_id in tuple(desk.exchange._account(uid).orders):
            desk.exchange.cancel_order(uid, order_id)
    desk.read()
    sheet = desk.sheet()
    value = np.array([betas_by_coin.get(name, 0.0) for name in sheet.coin_names])
    answer = answer_of(
        what_if(sheet, Betas(value, value, value, value * 0.0), Scenario(name="x", btc_move=-0.25)), ""
    )
    rows = {row.account_id: row for row in answer.rows}
    for place in ("before", "after"):
        if place == "after":
            desk.exchange._market.shock(-0.25)
        for uid in uids:
            truth, said = desk.truth(uid), getattr(rows[uid], place)
            # Marks are rounded to their ticks when prices move.
            near = {"rel": 2e-3, "abs": 2e-3 * abs(truth.equity) + 1.0}
            assert said.equity_usd == pytest.approx(truth.equity, **near)
            assert said.adjusted_equity_usd == pytest.approx(truth.balance, **near)
            assert said.maintenance_margin_usd == pytest.approx(truth.maintenance, **near)
    assert any(row.after.is_liquidated for row in answer.rows)


def test_a_move_of_nothing_is_the_present(books):
    sheet = mixed(4)
    answer = answer_of(what_if(sheet, books.betas_of(sheet), Scenario(name="x", btc_move=0.0)), "")
    assert answer.before == answer.after
    assert (answer.pnl_usd, answer.pnl_share, answer.assets) == (0.0, 0.0, ())
    now = margins(sheet, prices_now(sheet))
    for row in answer.rows:
        assert row.before == row.after
        place = sheet.account_ids.index(row.account_id)
        assert row.before.equity_usd == now.equity[place]
        if sheet.mode[place] == 1:
            assert row.before.adjusted_equity_usd == now.adjusted_equity[place]
            assert row.before.maintenance_margin_usd == now.maintenance_margin[place]
        else:
            assert row.before.reasons["adjusted_equity_usd"] == "not_applicable"


@pytest.mark.parametrize("seed", [30, 32, 35])
@pytest.mark.parametrize("btc_move", [-0.5, -0.2, 0.5])
def test_profit_is_equity_after_less_before_also_where_somebody_is_dead_already(books, parts, seed, btc_move):
    sheet = books.sheet_of(parts.random_world(seed, 25))
    answer = answer_of(what_if(sheet, books.betas_of(sheet), Scenario(name="x", btc_move=btc_move)), "")
    assert answer.before.n_liquidated_positions
    for one in (answer, *(row for row in answer.rows if row.pnl_usd is not None)):
        assert one.before.equity_usd + one.pnl_usd == pytest.approx(one.after.equity_usd)
    assert sum(one.pnl_usd for one in answer.assets) == pytest.approx(answer.pnl_usd)


@pytest.mark.parametrize("seed", range(40, 60))
def test_stress_and_what_if_say_the_same_of_the_same_move_whatever_is_held(books, parts, seed):
    sheet = books.sheet_of(parts.random_world(seed, 25))
    betas, pick = books.betas_of(sheet), random.Random(seed)
    move = Scenario(
        name="x",
        btc_move=pick.uniform(-0.6, 0.8),
        beta_factor=pick.choice((0.5, 1.0, 2.0)),
        volatility_shift=0.3,
    )
    outside = {name: "stale" for name in sheet.account_ids if pick.random() < 0.2}
    whole = stress(sheet, betas, (move,), left_out=outside)
    answer = answer_of(what_if(sheet, betas, move, outside), "")
    for row in answer.rows:
        place = sheet.account_ids.index(row.account_id)
        if row.pnl_usd is None:
            assert whole.accounts.answer[0, place] == Answer.MISSING
            continue
        made = row.after.equity_usd - row.before.equity_usd
        assert whole.accounts.pnl_usd[0, place] == pytest.approx(made, rel=1e-9, abs=1e-6)
    assert answer.pnl_usd is not None, "somebody counts"
    made = answer.after.equity_usd - answer.before.equity_usd
    assert whole.portfolio.pnl_usd[0, 0] == pytest.approx(made, rel=1e-9, abs=1e-6)
    by_asset = dict(zip(whole.assets.names, whole.assets.pnl_usd[0].tolist(), strict=True))
    assert sum(by_asset[one.asset] for one in answer.assets) == pytest.approx(made, rel=1e-9, abs=1e-6)
    assert set(answer.left_out) == {f"{name}: {why}" for name, why in whole.left_out}


def test_sums_are_those_of_the_accounts_that_count_and_the_worst_come_first(books):
    sheet = mixed(5, ROWS_MAX + 40)
    outside = {AccountId("account-0"): "stale", AccountId("account-3"): "lost"}
    found = what_if(sheet, books.betas_of(sheet), FALL, outside)
    answer = answer_of(found, "prior")
    assert len(answer.rows) == ROWS_MAX
    assert (answer.n_accounts, answer.n_left_out) == (ROWS_MAX + 40, 2)
    assert set(answer.left_out) == {"account-0: stale", "account-3: lost"}
    counting = [place for place in range(sheet.n_accounts) if sheet.account_ids[place] not in outside]
    after = found.result.accounts
    assert answer.after.equity_usd == pytest.approx(after.equity_left_usd[AFTER, counting].sum())
    assert answer.after.maintenance_margin_usd == pytest.approx(
        found.required.maintenance[AFTER, counting].sum()
    )
    cross = [place for place in counting if sheet.mode[place] == 1]
    needed, backing = (
        values[AFTER, cross].sum() for values in (found.required.maintenance, found.required.adjusted)
    )
    assert answer.after.adjusted_equity_usd == pytest.approx(backing)
    assert answer.after.maintenance_margin_usage == pytest.approx(needed / backing)
    n_dead = int(after.is_liquidated[AFTER].sum())
    assert 0 < n_dead < ROWS_MAX
    assert all(row.after.is_liquidated for row in answer.rows[:n_dead])
    usages = [row.after.maintenance_margin_usage for row in answer.rows]
    assert usages[n_dead:] == sorted(usages[n_dead:], reverse=True)
    shown = {row.account_id: row.is_included for row in answer.rows}
    assert all(shown.get(name, False) is False for name in outside)


def test_what_is_missing_has_its_reason(books, parts):
    world = parts.World()
    world.usual_marks()
    world.account("dark", parts.position(parts.BTCUSDT, 1))
    answer = answer_of(what_if(sheet := books.sheet_of(world), books.betas_of(sheet), FALL), "")
    [row] = answer.rows
    assert row.after.equity_usd is None
    for one in (row, row.before, row.after, answer, answer.before, answer.after):
        nulls = {name for name in one.__struct_fields__ if getattr(one, name) is None} - {"desk"}
        assert nulls <= one.reasons.keys()
    assert answer.n_left_out == 1


def test_nobody_is_no_error_and_payments_are_refused(books, parts):
    sheet = books.sheet_of(parts.World())
    answer = answer_of(what_if(sheet, books.betas_of(sheet), FALL), "")
    assert (answer.rows, answer.n_accounts, answer.pnl_usd) == ((), 0, None)
    with pytest.raises(ValueError, match="no funding payments"):
        what_if(sheet, books.betas_of(sheet), Scenario(name="x", funding_rate=0.01, funding_payments=1))

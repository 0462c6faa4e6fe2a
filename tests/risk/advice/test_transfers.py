"""Transfers: against brute force, against scipy, against the simulated exchange that carries them out, and properties."""

import random
from dataclasses import replace
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq, linprog

from marginwatch.risk.advice.moved import holding_of, with_cash, with_coins
from marginwatch.risk.advice.settings import TransferTarget
from marginwatch.risk.advice.transfers import advise_transfers
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now

DONE = {"nothing_to_do", "possible"}


def usage_of(sheet):
    found = margins(sheet, prices_now(sheet))
    return found.maintenance_margin / found.adjusted_equity


def only(advice):
    assert len(advice.groups) == 1
    return advice.groups[0]


def random_desk(tools, seed, n_accounts=8, modes=("REGULAR_MARGIN",)):
    desk, pick = tools.Desk(seed), random.Random(seed)
    for number in range(n_accounts):
        tools.random_account(desk, pick, number, mode=pick.choice(modes))
    return desk


def carry_out(desk, group):
    """Do on the exchange what was advised, in an order in which everything can leave; it refuses what cannot."""
    waiting = list(group.transfers)
    while waiting:
        refused = []
        for one in waiting:
            amount = Decimal(f"{one.amount:.8f}")
            if amount <= desk.exchange.withdrawable(one.giver_id, one.coin):
                desk.exchange.transfer(one.giver_id, one.taker_id, one.coin, amount)
            else:
                refused.append(one)
        assert len(refused) < len(waiting), refused
        waiting = refused


def test_the_smallest_transfer_is_what_bisection_finds(tools):
    desk = tools.Desk()
    tools.trader(desk, "poor", 3_000, "BTCUSDT", "1", leverage="50")
    desk.account("rich", USDT=100_000)
    sheet = tools.read(desk)
    group = only(advise_transfers(sheet, TransferTarget(usage=0.1), tools.betas_of(sheet)))
    (one,) = group.transfers
    poor = int(np.argmax(np.nan_to_num(usage_of(sheet))))
    usdt = sheet.coin_names.index("USDT")
    holding = holding_of(sheet, np.array([poor]), np.array([usdt]))

    def beyond(amount):
        return usage_of(with_cash(sheet, holding, np.array([amount])))[poor] - 0.1

    assert one.coin == "USDT"
    assert one.amount == pytest.approx(brentq(beyond, 0.0, 100_000.0, xtol=1e-9), abs=0.3)
    assert group.status == "possible"
    assert group.missing_usd == 0.0


def test_three_accounts_and_two_coins_against_all_amounts_of_a_grid(tools):
    """Two that can give, a coin that counts in full and one that counts in part: nothing on the grid is smaller."""
    desk = tools.Desk()
    tools.trader(desk, "poor", 3_000, "ETHUSDT", "40", leverage="50")
    tools.trader(desk, "busy", 2_500, "BTCUSDT", "0.5", leverage="25")
    desk.exchange.deposit(desk.account("coins"), "BTC", "0.2")
    sheet = tools.read(desk)
    target = 0.15
    group = only(advise_transfers(sheet, TransferTarget(usage=target), tools.betas_of(sheet)))
    assert group.status == "possible"
    assert {one.coin for one in group.transfers} == {"USDT", "BTC"}
    usdt, btc = sheet.coin_names.index("USDT"), sheet.coin_names.index("BTC")
    wide = with_coins(sheet, np.array([usdt, btc]))
    poor, busy, coins = sorted(range(3), key=lambda row: -np.nan_to_num(usage_of(sheet))[row])
    btc_usd = sheet.coin_usd[btc]
    best = np.inf
    for of_btc, of_usdt in product(np.linspace(0.0, 0.02, 41), np.linspace(0.0, 1_000.0, 41)):
        moved = with_cash(
            wide,
            holding_of(wide, np.array([coins, poor, busy, poor]), np.array([btc, btc, usdt, usdt])),
            np.array([-of_btc, of_btc, -of_usdt, of_usdt]),
        )
        found = margins(moved, prices_now(moved))
        is_fine = (found.maintenance_margin <= target * found.adjusted_equity).all()
        if is_fine and (found.available[[busy, coins]] >= -1e-9).all():
            best = min(best, of_btc * btc_usd + of_usdt * sheet.coin_usd[usdt])
    # No better than one step of the grid, and no worse than its best.
    assert best - (0.02 / 40 * btc_usd + 25.0) <= group.total_usd <= best + 1.0


@pytest.mark.parametrize("seed", range(6))
def test_the_total_is_that_of_scipy_where_every_coin_counts_in_full(tools, seed):
    """Stablecoins alone and no debts: then the program is small enough to be written down by hand."""
    rng = np.random.default_rng(seed)
    desk = tools.Desk(seed)
    for number in range(6):
        size = f"{rng.uniform(0.1, 3.0):.3f}"
        tools.trader(desk, f"t{number}", float(rng.uniform(5_000, 60_000)), "BTCUSDT", size, leverage="100")
    sheet = tools.read(desk)
    usage = float(rng.uniform(0.03, 0.12))
    found = margins(sheet, prices_now(sheet))
    group = only(advise_transfers(sheet, TransferTarget(usage=usage), tools.betas_of(sheet)))
    usd = sheet.coin_usd[sheet.coin_names.index("USDT")]
    can_leave = np.minimum(
        found.available / usd,
        np.array([sheet.holding_cash[sheet.holding_account == i].sum() for i in range(6)]),
    )
    # What leaves (n), what comes (n), what is missing (n): u × equity − margin must not be negative.
    need = found.maintenance_margin - usage * found.adjusted_equity
    eye = np.eye(6)
    demands = np.hstack((usage * eye, -usage * eye, -usage * eye))
    balance = np.concatenate((np.ones(6), -np.ones(6), np.zeros(6)))[None, :]
    bounds = [(0.0, float(most) * usd) for most in can_leave] + [(0.0, None)] * 12
    least = linprog(np.repeat((0.0, 0.0, 1.0), 6), demands, -need, balance, [0.0], bounds)
    total = linprog(
        np.repeat((1.0, 0.0, 0.0), 6),
        np.vstack((demands, np.repeat((0.0, 0.0, 1.0), 6))),
        np.append(-need, least.fun + 1e-6),
        balance,
        [0.0],
        bounds,
    )
    assert group.missing_usd == pytest.approx(least.fun, rel=1e-6, abs=3.0)
    assert group.total_usd == pytest.approx(total.fun, rel=1e-6, abs=3.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("target", [TransferTarget(usage=0.3), TransferTarget(usage=None, distance=0.15)])
def test_the_exchange_that_carries_them_out_finds_every_account_at_the_target(tools, seed, target):
    desk = random_desk(tools, seed)
    desk.account("rich", USDT=80_000_000)
    sheet = tools.read(desk)
    group = only(advise_transfers(sheet, target, tools.betas_of(sheet)))
    assert group.status in DONE
    before = {one.account_id: one for one in group.accounts}
    carry_out(desk, group)
    for uid, effect in before.items():
        truth = desk.truth(uid)
        usage = effect.after.maintenance_margin_usage
        if truth.balance > 0.0 and usage is not None:
            assert usage == pytest.approx(truth.maintenance / truth.balance, rel=1e-6, abs=1e-9)
        if target.usage is not None:
            assert truth.maintenance <= target.usage * truth.balance + 0.02
        else:
            for way in (effect.after.distance_down, effect.after.distance_up):
                assert way is None or abs(way) >= target.distance * (1 - 1e-6)


@pytest.mark.parametrize(
    ("seed", "mode", "usage", "distance"),
    [
        (119, "ISOLATED_MARGIN", 0.1, None),
        (137, "ISOLATED_MARGIN", 0.1, None),
        (140, "REGULAR_MARGIN", 0.4, 0.25),
        (158, "REGULAR_MARGIN", 0.1, None),
        (207, "PORTFOLIO_MARGIN", 0.2, 0.25),
    ],
)
def test_the_exchange_takes_each_amount_as_it_is_written(tools, seed, mode, usage, distance):
    # Whoever gives all there is gives no unit more than the exchange lets go; and a debt brought down to the very end
    # of its borrow tier is in that tier, as there.
    desk = random_desk(tools, seed, 8, tuple(dict.fromkeys(("REGULAR_MARGIN", mode))))
    sheet = tools.read(desk)
    target = TransferTarget(usage=usage, distance=distance)
    group = only(advise_transfers(sheet, target, tools.betas_of(sheet)))
    assert group.transfers
    carry_out(desk, group)
    for one in group.accounts:
        truth, after = desk.truth(one.account_id), one.after
        if after.adjusted_equity_usd is not None and not one.is_estimated:
            assert after.adjusted_equity_usd == pytest.approx(truth.balance, rel=1e-6, abs=0.02)
            assert after.maintenance_margin_usd == pytest.approx(truth.maintenance, rel=1e-6, abs=0.02)


@pytest.mark.parametrize("rich", [3_000_000, 1_000])
@pytest.mark.parametrize("seed", range(3))
def test_properties_of_mixed_desks(tools, seed, rich):
    desk = random_desk(
        tools, seed + 50, 10, ("REGULAR_MARGIN", "REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN")
    )
    desk.account("rich", USDT=rich)
    sheet = tools.read(desk)
    betas = tools.betas_of(sheet)
    totals = []
    for usage in (0.4, 0.2, 0.1, 0.05):
        group = only(advise_transfers(sheet, TransferTarget(usage=usage), betas))
        given, taken = (
            sum(getattr(one, name) for one in group.accounts) for name in ("given_usd", "taken_usd")
        )
        assert given == pytest.approx(taken) == pytest.approx(group.total_usd)
        assert all(one.amount > 0.0 and one.giver_id != one.taker_id for one in group.transfers)
        for one in group.accounts:
            if (
                one.given_usd
                and one.after.maintenance_margin_usage is not None
                and one.is_at_target is not None
            ):
                limit = max(usage, one.before.maintenance_margin_usage or 0.0)
                assert one.after.maintenance_margin_usage <= limit + 1e-6
                assert one.after.available_usd >= -0.02
            was = one.before.maintenance_margin_usage
            if one.is_at_target is not None and was is not None and was <= usage:
                assert one.is_at_target, "nobody is pushed out of the target for somebody else"
            if one.is_at_target:
                assert one.after.maintenance_margin_usage <= usage + 1e-6
            isolated = one.before.reasons.get("initial_margin_usage") == "not_applicable"
            if isolated and one.before.distance_down is not None:
                assert one.taken_usd == 0.0
                assert one.is_at_target is None
        if group.status in DONE:
            totals.append(group.total_usd)
    assert totals == sorted(totals)
    if rich > 1e6:
        assert totals[-1] > 0.0


def test_what_cannot_be_done_says_how_much_is_missing(tools):
    desk = tools.Desk()
    poor = tools.trader(desk, "poor", 3_000, "BTCUSDT", "1", leverage="50")
    desk.account("modest", USDT=500)
    sheet = tools.read(desk)
    group = only(advise_transfers(sheet, TransferTarget(usage=0.1), tools.betas_of(sheet)))
    assert group.status == "partly"
    assert "missing" in group.summary
    assert group.total_usd == pytest.approx(500.0, rel=1e-2)
    effects = {one.account_id: one for one in group.accounts}
    assert effects[poor].is_at_target is False
    carry_out(desk, group)
    usd = float(sheet.coin_usd[sheet.coin_names.index("USDT")])
    desk.exchange.deposit(poor, "USDT", f"{group.missing_usd / usd:.6f}")
    truth = desk.truth(poor)
    assert truth.maintenance / truth.balance == pytest.approx(0.1, rel=1e-4)


def test_nobody_is_pushed_out_of_the_target_for_somebody_else(tools):
    """A coin repays a debt with borrow margin there and counts for less here: giving it all would lack less in all."""
    desk = tools.Desk()
    fine = desk.account("fine", BTC="0.1")
    desk.exchange.set_leverage(fine, "ETHUSDT", "100")
    desk.exchange.open_position(fine, "ETHUSDT", "5")
    debtor = desk.account("debtor", USDT=95_000, BTC="-1")
    desk.exchange.set_leverage(debtor, "ETHUSDT", "100")
    desk.exchange.open_position(debtor, "ETHUSDT", "200")
    sheet = tools.read(desk)
    group = only(advise_transfers(sheet, TransferTarget(usage=0.02), tools.betas_of(sheet)))
    effects = {one.account_id: one for one in group.accounts}
    assert group.status == "partly"
    assert effects[fine].given_usd > 0.0
    assert effects[fine].is_at_target
    assert effects[fine].after.maintenance_margin_usage == pytest.approx(0.02, rel=1e-4)
    assert effects[debtor].after.maintenance_margin_usage < effects[debtor].before.maintenance_margin_usage


def test_nothing_is_done_where_all_is_well_and_nothing_can_be_where_nothing_is_free(tools):
    desk = tools.Desk()
    tools.trader(desk, "one", 50_000, "BTCUSDT", "0.1")
    tools.trader(desk, "two", 10_000, "ETHUSDT", "1")
    sheet = tools.read(desk)
    calm = only(advise_transfers(sheet, TransferTarget(usage=0.5), tools.betas_of(sheet)))
    assert (calm.status, calm.transfers, calm.total_usd, calm.missing_usd) == ("nothing_to_do", (), 0.0, 0.0)
    stuck = only(
        advise_transfers(
            sheet,
            TransferTarget(usage=0.0005),
            tools.betas_of(sheet),
            withdrawable=np.zeros(sheet.n_holdings),
        )
    )
    assert stuck.status == "partly"
    assert stuck.transfers == ()
    assert stuck.missing_usd > 0.0


def test_accounts_without_owner_of_others_lost_or_missing_take_no_part(tools):
    desk = tools.Desk()
    for name in ("a", "b", "c", "d", "e"):
        tools.trader(desk, name, 3_000, "BTCUSDT", "1", leverage="50")
    desk.account("rich", USDT=1_000_000)
    sheet = tools.read(desk)
    order = {name: row for row, name in enumerate(sheet.account_ids)}
    rich = order[desk.exchange.accounts()[-1].uid]
    others = [row for row in order.values() if row != rich]
    owner = np.ones(sheet.n_accounts, np.int64)
    owner[others[0]], owner[others[1]] = 0, 2
    sheet = tools.owned(sheet, owner)
    missing = np.zeros(sheet.n_accounts, np.bool_)
    missing[others[2]] = True
    reasons = tuple("no mark of BTCUSDT" if row == others[2] else None for row in range(sheet.n_accounts))
    sheet = replace(sheet, is_missing=missing, missing_reasons=reasons)
    advice = advise_transfers(
        sheet, TransferTarget(usage=0.1), tools.betas_of(sheet), left_out={others[3]: "lost"}
    )
    first, second = advice.groups
    ids = sheet.account_ids
    assert [one.account_id for one in advice.left_out] == [ids[others[0]]]
    assert {one.account_id: one.reason for one in first.left_out} == {
        ids[others[2]]: "missing: no mark of BTCUSDT",
        ids[others[3]]: "lost",
    }
    assert {one.taker_id for one in first.transfers} == {ids[others[4]]}
    assert second.status == "partly"
    assert second.owner == "fund-2"
    assert "2 accounts are not part of this" in first.summary


def test_of_a_group_that_nobody_can_judge_nothing_is_known_and_the_reason_is_said(tools):
    desk = tools.Desk()
    tools.trader(desk, "one", 50_000, "BTCUSDT", "0.1")
    tools.trader(desk, "two", 10_000, "ETHUSDT", "1")
    sheet = tools.read(desk)
    target, betas = TransferTarget(usage=0.5), tools.betas_of(sheet)
    both: list[int] = np.flatnonzero(np.diff(sheet.first_leg)).tolist()
    dark = replace(
        sheet,
        is_missing=np.ones(sheet.n_accounts, np.bool_),
        missing_reasons=("no mark of BTCUSDT",) * sheet.n_accounts,
    )
    stale = dict.fromkeys(range(sheet.n_accounts), "stale: not heard for 90 s")
    for group, why in (
        (only(advise_transfers(dark, target, betas)), "missing: no mark of BTCUSDT"),
        (only(advise_transfers(sheet, target, betas, left_out=stale)), "stale: not heard for 90 s"),
    ):
        assert (group.status, group.transfers, group.accounts) == ("unknown", (), ())
        assert why in group.summary
        assert [one.reason for one in group.left_out] == [why] * sheet.n_accounts
    some = only(advise_transfers(sheet, target, betas, left_out={both[0]: "lost"}))
    assert some.status == "nothing_to_do"
    assert some.summary.startswith("every account that can be judged is at the target; 1 account is not")


def test_the_venues_own_word_on_what_can_leave_holds(tools):
    desk = tools.Desk()
    tools.trader(desk, "poor", 3_000, "BTCUSDT", "1", leverage="50")
    desk.account("rich", USDT=100_000)
    sheet = tools.read(desk)
    said = np.full(sheet.n_holdings, np.nan)
    said[np.argmax(sheet.holding_cash)] = 100.0
    group = only(advise_transfers(sheet, TransferTarget(usage=0.1), tools.betas_of(sheet), withdrawable=said))
    assert [one.amount for one in group.transfers] == [100.0]
    with pytest.raises(ValueError, match="withdrawable must have shape"):
        advise_transfers(sheet, TransferTarget(), tools.betas_of(sheet), withdrawable=said[:-1])


def test_a_desk_of_nobody_gets_no_advice(tools):
    desk = tools.Desk()
    advice = advise_transfers(tools.read(desk), TransferTarget(), tools.betas_of(tools.read(desk)))
    assert (advice.groups, advice.left_out) == ((), ())


@pytest.mark.parametrize(
    "wrong", [{"usage": None}, {"usage": 0.0}, {"usage": 1.5}, {"distance": 0.0}, {"distance": 1.0}]
)
def test_targets_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r"usage|distance"):
        TransferTarget(**wrong)

"""What stress says about simulated accounts, against what the simulated exchange makes of them when it happens."""

import random
from decimal import Decimal

import numpy as np
import pytest

from marginwatch.model.scenario import Scenario
from marginwatch.risk.betas import Betas
from marginwatch.risk.scenarios.stress import stress
from marginwatch.risk.scenarios.what_if import answer_of, what_if
from marginwatch.sim.coins import COINS
from marginwatch.sim.funding import pay_funding
from marginwatch.sim.instruments import FUNDING_CAP

BETAS = {coin.name: coin.beta for coin in COINS if coin.name not in ("USDT", "USDC")}


def betas_of(sheet):
    value = np.array([BETAS.get(name, 0.0) for name in sheet.coin_names])
    return Betas(value, value, value, np.zeros(value.shape[0]))


def opened(tools, seed, n, *, mode="REGULAR_MARGIN"):
    """Return a desk of random accounts without open orders, and their sheet."""
    desk, pick = tools.Desk(seed), random.Random(seed)
    uids = [tools.random_account(desk, pick, number, mode=mode) for number in range(n)]
    for uid in uids:
        for order_id in tuple(desk.exchange._account(uid).orders):
            desk.exchange.cancel_order(uid, order_id)
    desk.read()
    return desk, desk.sheet(), uids


def move(desk, factors):
    """Multiply USD prices of coins in the simulated market, stablecoins among them."""
    market = desk.exchange._market
    before = market._levels()
    for coin, factor in factors.items():
        market.usd[coin] *= factor
    for quote in market._moving:
        market._requote(quote)
    market._travelled(before)


def factors_of(scenario):
    found = {} if scenario.btc_move is None else {c: (1.0 + scenario.btc_move) ** b for c, b in BETAS.items()}
    return found | {coin: 1.0 + own for coin, own in scenario.moves.items()}


def slack(desk, uid):
    """Return what marks that are rounded to their ticks, before and after, may be worth to an account, USD."""
    market, worth = desk.exchange._market, 1e-6
    for position in desk.exchange._account(uid).positions.values():
        quote = market.quotes[position.contract.symbol]
        size, tick = abs(float(position.size)), float(quote.contract.tick)
        if quote.contract.is_inverse:
            worth += 8.0 * size * tick / quote.mark
        else:
            worth += 8.0 * size * tick * market.usd[quote.contract.quote]
    return worth


SCENARIOS = (
    Scenario(name="fall", btc_move=-0.3),
    Scenario(name="rise", btc_move=0.5),
    Scenario(name="alts", btc_move=-0.1, moves={"ETH": -0.45, "SOL": 0.4}),
    Scenario(name="tether", moves={"USDT": -0.06}),
    Scenario(name="circle", btc_move=-0.05, moves={"USDC": -0.1}),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_cross_accounts_become_what_stress_says(tools, scenario):
    desk, sheet, uids = opened(tools, 3, 40)
    found = stress(sheet, betas_of(sheet), (scenario,)).accounts
    equities = {uid: desk.truth(uid).equity for uid in uids}
    move(desk, factors_of(scenario))
    n_liquidated = 0
    for uid in uids:
        row, truth, room = sheet.account_ids.index(uid), desk.truth(uid), slack(desk, uid)
        assert found.equity_left_usd[0, row] == pytest.approx(truth.equity, abs=room, rel=1e-9)
        assert found.pnl_usd[0, row] == pytest.approx(truth.equity - equities[uid], abs=room, rel=1e-9)
        headroom = truth.balance - truth.maintenance
        if abs(headroom) > room:
            assert found.is_liquidated[0, row] == (headroom < 0.0)
            n_liquidated += headroom < 0.0
        if truth.balance > 100.0 * room:
            usage = truth.maintenance / truth.balance
            assert found.usage[0, row] == pytest.approx(usage, rel=3.0 * room / truth.balance, abs=1e-6)
    assert 0 < n_liquidated < len(uids)


def isolated_desk(tools):
    """Return a desk of isolated accounts with linear and inverse positions, opened at the mark, and their ids."""
    desk, pick = tools.Desk(5), random.Random(5)
    exchange, market = desk.exchange, desk.exchange._market
    usable = [c for c in market.contracts if c.settle in ("USDT", "USDC", "BTC", "ETH")]
    uids = []
    for number in range(25):
        uid = desk.account(
            f"alone-{number}", mode="ISOLATED_MARGIN", USDT="90000000", USDC="90000000", BTC="900", ETH="9000"
        )
        for contract in pick.sample(usable, 4):
            exchange.set_leverage(
                uid, contract.symbol, str(min(float(contract.max_leverage), pick.choice((2, 5, 10))))
            )
            mark = market.quotes[contract.symbol].mark
            worth = 10 ** pick.uniform(3, 6)
            quantity = Decimal(worth if contract.is_inverse else worth / mark)
            size = min(max(1, int(quantity / contract.step)) * contract.step, contract.max_qty)
            entry = (Decimal(mark) / contract.tick).to_integral_value() * contract.tick
            exchange.open_position(uid, contract.symbol, str(size * pick.choice((1, -1))), str(entry))
        uids.append(uid)
    return desk, uids


def held(desk, uid):
    return {symbol for symbol, leg in desk.exchange._account(uid).positions.items() if leg.size}


@pytest.mark.parametrize("btc_move", [-0.15, 0.2])
def test_isolated_positions_are_taken_with_their_margin(tools, btc_move):
    desk, uids = isolated_desk(tools)
    desk.read()
    sheet = desk.sheet()
    found = stress(sheet, betas_of(sheet), (Scenario(name="x", btc_move=btc_move),)).accounts
    before = {uid: held(desk, uid) for uid in uids}
    rooms = {uid: slack(desk, uid) for uid in uids}
    desk.exchange._market.shock(btc_move)
    desk.exchange._after_prices()
    n_taken = 0
    for uid in uids:
        row = sheet.account_ids.index(uid)
        n_gone = len(before[uid] - held(desk, uid))
        assert found.n_liquidated_legs[0, row] == n_gone
        assert found.equity_left_usd[0, row] == pytest.approx(desk.truth(uid).equity, abs=2.0 * rooms[uid])
        n_taken += n_gone
    assert 10 < n_taken < 90


@pytest.mark.parametrize("btc_move", [-0.12, 0.08])
def test_what_isolated_positions_beyond_their_limit_have_lost_is_not_the_scenario_s(tools, btc_move):
    # The exchange takes what is beyond its limit: at once in one world, after the scenario in the other.
    (desk, uids), (other, _) = isolated_desk(tools), isolated_desk(tools)
    for one in (desk, other):
        one.exchange._market.shock(-0.12)
    desk.read()
    sheet = desk.sheet()
    scenario = Scenario(name="x", btc_move=btc_move)
    found = stress(sheet, betas_of(sheet), (scenario,)).accounts
    said = {row.account_id: row for row in answer_of(what_if(sheet, betas_of(sheet), scenario), "").rows}
    at_mark = {uid: desk.truth(uid).equity for uid in uids}
    rooms = {uid: 3.0 * slack(desk, uid) for uid in uids}
    other.exchange._market.shock(btc_move)
    for one in (desk, other):
        one.exchange._after_prices()
    n_already = 0
    for uid in uids:
        row, gone = sheet.account_ids.index(uid), desk.truth(uid).equity
        made = other.truth(uid).equity - gone
        assert found.pnl_usd[0, row] == pytest.approx(made, abs=rooms[uid])
        assert said[uid].pnl_usd == found.pnl_usd[0, row]
        assert said[uid].before.equity_usd == pytest.approx(gone, abs=rooms[uid])
        n_already += abs(gone - at_mark[uid]) > rooms[uid]
    assert n_already > 5


@pytest.mark.parametrize("sign", [1, -1])
def test_funding_is_what_the_exchange_settles(tools, sign):
    desk, sheet, uids = opened(tools, 8, 25)
    market = desk.exchange._market
    for quote in market._moving:
        quote.premium = sign * 1.0  # far beyond the cap, so that all perpetuals pay the same
    rate = sign * float(FUNDING_CAP)
    scenario = Scenario(name="spike", funding_rate=rate, funding_payments=1)
    found = stress(sheet, betas_of(sheet), (scenario,)).accounts
    before = {uid: desk.truth(uid).equity for uid in uids}
    pay_funding(desk.exchange._world)
    paid = 0.0
    for uid in uids:
        gain = desk.truth(uid).equity - before[uid]
        assert found.pnl_usd[0, sheet.account_ids.index(uid)] == pytest.approx(gain, rel=1e-6, abs=1e-4)
        paid += abs(gain)
    assert paid > 1_000.0

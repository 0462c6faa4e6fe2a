"""Predicted liquidations come true: the simulated exchange, with a margin engine of its own, acts within one tick of them."""

import random
from decimal import Decimal

import numpy as np
import pytest

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.risk.answers import Answer
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.distance import distances
from marginwatch.risk.liquidation.market_move import common_shock
from marginwatch.risk.margin.build import Calibrations
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.workspace import Workspace
from marginwatch.sim.coins import COINS


def betas_of(sheet):
    """Return the betas that the simulated market moves its coins with."""
    known = {coin.name: 0.0 if coin.name in ("USDT", "USDC") else coin.beta for coin in COINS}
    value = np.array([known.get(name, 0.0) for name in sheet.coin_names])
    return Betas(value, value, value, np.zeros(value.shape[0]))


def fired(desk, uid):
    """Return whether the exchange has acted against the account."""
    return desk.exchange._account(uid).liquidations > 0


def isolated_account(desk, pick, number):
    """Open an account with some positions that stand on margin of their own, one of them with margin added."""
    exchange, market = desk.exchange, desk.exchange._market
    uid = desk.account(
        f"alone-{number}", mode="ISOLATED_MARGIN", USDT="90000000", USDC="90000000", BTC="900", ETH="9000"
    )
    usable = [c for c in market.contracts if c.settle in ("USDT", "USDC", "BTC", "ETH")]
    for place, contract in enumerate(pick.sample(usable, pick.randint(1, 5))):
        leverage = min(float(contract.max_leverage), pick.choice((2, 3.5, 5, 10, 25, 50)))
        exchange.set_leverage(uid, contract.symbol, str(leverage))
        mark = market.quotes[contract.symbol].mark
        worth = 10 ** pick.uniform(3, 6)
        quantity = Decimal(worth if contract.is_inverse else worth / mark)
        size = min(max(1, int(quantity / contract.step)) * contract.step, contract.max_qty)
        entry = (Decimal(mark * pick.uniform(0.98, 1.02)) / contract.tick).to_integral_value() * contract.tick
        exchange.open_position(uid, contract.symbol, str(size * pick.choice((1, -1))), str(entry))
        if not place and pick.random() < 0.5:
            exchange.add_margin(uid, contract.symbol, f"{worth / 50 / market.usd[contract.settle]:.8f}")
    return uid


def opened(tools, seed, n, *, mode):
    """Return a desk of random accounts that the exchange leaves alone as the market is."""
    desk, pick = tools.Desk(seed), random.Random(seed)
    one = isolated_account if mode == "ISOLATED_MARGIN" else tools.random_account
    uids = [one(desk, pick, number) for number in range(n)]
    for uid in uids:
        # An order that fills on the way makes another account of it.
        for order_id in tuple(desk.exchange._account(uid).orders):
            desk.exchange.cancel_order(uid, order_id)
    desk.exchange._after_prices()
    desk.read()
    sheet = desk.sheet()
    alive = [
        uid for uid in uids if not fired(desk, uid) and not sheet.is_missing[sheet.account_ids.index(uid)]
    ]
    return desk, sheet, alive


def tick_worth(desk, sheet, betas, account, shock):
    """Return what an account gains or loses, USD, if every mark of it is one tick off, before a shock or after it.

    Marks are rounded to ticks, and a shock of many times the price makes as many times the error of today's rounding.
    """
    market = desk.exchange._market
    worth = 0.0
    for leg in range(int(sheet.first_leg[account]), int(sheet.first_leg[account + 1])):
        contract = sheet.leg_contract[leg]
        quote = market.quotes[sheet.contract_names[contract].split(":")[-1]]
        factor = (1.0 + shock) ** betas.value[sheet.underlying_coin[contract]]
        tick, quantity = float(quote.contract.tick), abs(sheet.leg_quantity[leg])
        if quote.contract.is_inverse:
            worth += quantity * tick / quote.mark / min(1.0, factor)
        else:
            worth += quantity * tick * market.usd[quote.contract.quote] * max(1.0, factor)
    return worth


def tick_of_nearest(desk, sheet, betas, shock, leg):
    """Return two ticks of the price of the leg that dies first, one for today's rounding, as a shock of Bitcoin."""
    contract = sheet.leg_contract[leg]
    quote = desk.exchange._market.quotes[sheet.contract_names[contract].split(":")[-1]]
    beta = betas.value[sheet.underlying_coin[contract]]
    tick = float(quote.contract.tick) / quote.mark
    return (1.0 + shock) * (tick + tick / (1.0 + shock) ** beta) / beta


def slack_at(desk, sheet, betas, shocks, legs, row):
    """Return how much farther or nearer a root may be if every mark is one tick off: on its safe side, for there may be a jump."""
    if sheet.mode[row] == MARGIN_MODES["isolated"]:
        return tick_of_nearest(desk, sheet, betas, shocks[row], legs[row])
    accounts = common_shock(sheet, betas, Workspace())
    far, near = (accounts.headroom(np.nan_to_num(shocks) * (1.0 - s))[row] for s in (2e-4, 1e-4))
    slope = abs(near - far) / (1e-4 * abs(shocks[row]))
    return tick_worth(desk, sheet, betas, row, shocks[row]) / slope + 1e-9


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("mode", ["REGULAR_MARGIN", "ISOLATED_MARGIN"])
def test_accounts_are_liquidated_where_the_common_shock_says(tools, mode, seed, direction):
    desk, sheet, alive = opened(tools, seed, 90, mode=mode)
    betas = betas_of(sheet)
    ways = distances(sheet, betas).common
    shock, answer = (ways.down, ways.down_answer) if direction < 0 else (ways.up, ways.up_answer)
    legs = ways.down_leg if direction < 0 else ways.up_leg
    at = {uid: sheet.account_ids.index(uid) for uid in alive}
    doomed = sorted(
        (uid for uid in alive if answer[at[uid]] == Answer.NUMBER), key=lambda u: abs(shock[at[u]])
    )
    now = 0.0
    checked = 0
    for uid in doomed:
        row = at[uid]
        slack = slack_at(desk, sheet, betas, shock, legs, row)
        for target, is_due in (
            (shock[row] - direction * slack, False),
            (shock[row] + direction * slack, True),
        ):
            if (target - now) * direction > 0.0:
                desk.exchange._market.shock((1.0 + target) / (1.0 + now) - 1.0)
                desk.exchange._after_prices()
                now = target
                assert fired(desk, uid) == is_due, (seed, uid, target)
                checked += is_due
    assert checked > 10
    survivors = [uid for uid in alive if answer[at[uid]] == Answer.NONE_IN_RANGE]
    desk.exchange._market.shock((0.011 if direction < 0 else 5.99) / (1.0 + now) - 1.0)
    desk.exchange._after_prices()
    assert survivors
    assert not [uid for uid in survivors if fired(desk, uid)]


def calibrated(desk):
    """Return the sheet with portfolio margin leveled to what the exchange last said."""
    sheet = desk.sheet()
    raw = margins(sheet, prices_now(sheet))
    ratio = np.ones((2, desk.book.columns.accounts.size))
    ratio[0, sheet.account_row] = sheet.venue_maintenance_margin / raw.maintenance_margin
    ratio[1, sheet.account_row] = sheet.venue_initial_margin / raw.initial_margin
    return desk.sheet(Calibrations(*np.nan_to_num(ratio, nan=1.0)))


def room_after(desk, uid, shock):
    """Return what the exchange itself says is left of an account after a shock that is then taken back."""
    market = desk.exchange._market
    before = dict(market.usd)
    market.shock(shock)
    truth = desk.truth(uid)
    market.usd.clear()
    market.usd.update(before)
    for quote in market._moving:
        market._requote(quote)
    market.version += 1
    market.options.version = market.version
    return truth.balance - truth.maintenance


def test_portfolio_accounts_die_near_the_estimate(tools, slow):
    """An estimate: how near is published in docs/measures.md; here that it stays in that order of magnitude."""
    desk, pick = tools.Desk(50), random.Random(0)
    uids = []
    for number in range(36):
        n_options = pick.choice((0, 0, 4))
        uids.append(tools.random_account(desk, pick, number, mode="PORTFOLIO_MARGIN", n_options=n_options))
        for order_id in tuple(desk.exchange._account(uids[-1]).orders):
            desk.exchange.cancel_order(uids[-1], order_id)
    desk.read()
    sheet = calibrated(desk)
    ways = distances(sheet, betas_of(sheet)).common
    errors = []
    for uid in uids:
        row = sheet.account_ids.index(uid)
        if room_after(desk, uid, 0.0) <= 0.0:
            assert ways.down[row] == ways.up[row] == 0.0
            continue
        for direction, shock, answer in (
            (-1, ways.down[row], ways.down_answer[row]),
            (1, ways.up[row], ways.up_answer[row]),
        ):
            truth = slow.slow_distance(lambda s, u=uid: room_after(desk, u, s), direction, steps=40)
            assert (truth is None) == (answer == Answer.NONE_IN_RANGE)
            if truth is not None:
                errors.append(abs(np.log1p(shock) / np.log1p(truth) - 1.0))
    assert len(errors) > 8
    assert np.median(errors) < 0.001
    assert max(errors) < 0.02

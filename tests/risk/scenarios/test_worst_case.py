"""The worst of each coin against scenarios of that coin alone, which take the long way."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.random_sheet import random_sheet

from marginwatch.model.balance import AccountState, Balance
from marginwatch.risk.answers import Answer
from marginwatch.risk.scenarios.library import coin_scenarios
from marginwatch.risk.scenarios.stress import stress
from marginwatch.risk.scenarios.worst_case import worst_cases

TO_NOTHING = -1.0 + 1e-7


def with_options(sheet, seed):
    """Return the sheet with its last two linear contracts made a call and a put."""
    rng = np.random.default_rng(seed)
    is_option = np.zeros(sheet.mark_price.shape[0], np.bool_)
    is_option[[4, 5]] = True
    mark = sheet.mark_price
    changed = replace(
        sheet,
        is_option=is_option,
        is_call=np.arange(mark.shape[0]) == 4,
        expiry_ns=np.where(is_option, sheet.at_ns + 30 * 86_400 * 10**9, 0),
        strike_price=np.where(is_option, mark * 10.5, np.nan),
        underlying_price=np.where(is_option, mark * 10.0, np.nan),
        index_price=np.where(is_option, mark * 10.0, mark),
        volatility=np.where(is_option, rng.uniform(0.4, 0.9), np.nan),
    )
    changed.coin_usd[[4, 5]] *= 10.0
    return changed


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("modes", [("cross",), ("cross", "isolated")])
@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_each_coin_does_what_a_scenario_of_it_alone_does(books, seed, modes, spread):
    sheet = random_sheet(seed, 12, 5, 9, modes=modes, inverse_part=0.25)
    # Entries so far from the mark that isolated legs are beyond their limits already.
    off = 1.0 + spread * np.random.default_rng(seed).uniform(-1.0, 1.0, sheet.n_legs)
    sheet = replace(sheet, leg_entry_price=sheet.leg_entry_price * off)
    if modes == ("cross",):
        sheet = with_options(sheet, seed)
    coins = [name for name in sheet.coin_names if name not in (None, "USDT", "USD")]
    found = worst_cases(sheet)
    alone = stress(sheet, books.betas_of(sheet), coin_scenarios(coins, (TO_NOTHING, 1.0)))
    want = alone.accounts.pnl_usd.reshape(len(coins), 2, sheet.n_accounts)
    equity = float(alone.accounts.equity_left_usd[0].sum() - want[0, 0].sum())
    seen = np.zeros((len(coins), sheet.n_accounts), np.bool_)
    for place in range(found.account.shape[0]):
        coin, account = coins.index(sheet.coin_names[found.coin[place]]), found.account[place]
        seen[coin, account] = True
        got = found.pairs.to_zero_usd[place], found.pairs.doubled_usd[place]
        scale = np.abs(want[coin, :, account]).max()
        assert got == pytest.approx(want[coin, :, account], abs=1e-5 * scale)
        assert found.pairs.loss_usd[place] == pytest.approx(max(-got[0], -got[1], 0.0))
    assert np.abs(want.transpose(0, 2, 1)[~seen]).max(initial=0.0) < 1e-6
    for place, name in enumerate(found.asset_names):
        mine = want[coins.index(name)].sum(axis=1)
        got = found.assets.to_zero_usd[place], found.assets.doubled_usd[place]
        assert got == pytest.approx(mine, abs=1e-5 * np.abs(mine).max())
        assert found.assets.share_of_equity[place] == pytest.approx(max(-got[0], -got[1], 0.0) / equity)


def test_longs_fear_nothing_and_shorts_a_double(parts, books):
    world = parts.World()
    world.usual_marks()
    coins = [Balance(asset="USDT", wallet_balance="20000", equity="20000", is_collateral=True)]
    broke = [Balance(asset="USDT", wallet_balance="-5", equity="-5", is_collateral=True)]
    state = AccountState(margin_mode="cross")
    world.account("long", parts.position(parts.ETHUSDT, 10, "3003"), coins=coins, state=state)
    world.account("short", parts.position(parts.ETHUSDT, -5, "3003"), coins=coins, state=state)
    world.account("broke", parts.position(parts.ETHUSDT, 1, "3003"), coins=broke, state=state)
    world.account(
        "blind", parts.position(parts.contract("NEWUSDT", "NEW", "USDT"), 1), coins=coins, state=state
    )
    world.account("idle", coins=coins, state=state)
    world.facts()
    found = worst_cases(books.sheet_of(world))
    assert [found.sheet.account_ids[row] for row in found.account] == ["long", "short", "broke"]
    usd = found.sheet.coin_usd[found.sheet.coin_names.index("USDT")]
    assert found.pairs.to_zero_usd == pytest.approx(np.array([-30_030, 15_015, -3_003]) * usd)
    assert found.pairs.doubled_usd == pytest.approx(np.array([30_030, -15_015, 3_003]) * usd)
    assert found.pairs.loss_usd == pytest.approx(np.array([30_030, 15_015, 3_003]) * usd)
    assert found.pairs.share_of_equity[:2] == pytest.approx([30_030 / 20_000, 15_015 / 20_000])
    assert found.pairs.share_answer.tolist() == [Answer.NUMBER, Answer.NUMBER, Answer.NOT_APPLICABLE]
    assert found.asset_names == ("ETH",)
    assert found.assets.loss_usd == pytest.approx([18_018 * usd])
    assert [name for name, _ in found.left_out] == ["blind"]


def test_an_option_that_cannot_be_valued_makes_its_pair_missing(books):
    sheet = with_options(random_sheet(1, 6, 5, 9), 1)
    held = np.unique(sheet.leg_account[sheet.leg_contract == 4])
    sheet = replace(
        sheet, volatility=np.where(np.arange(len(sheet.volatility)) == 4, np.nan, sheet.volatility)
    )
    found = worst_cases(sheet)
    is_missing = found.pairs.answer == Answer.MISSING
    assert found.account[is_missing].tolist() == held.tolist()
    assert set(found.coin[is_missing]) == {4}
    assert np.isnan(found.pairs.loss_usd[is_missing]).all()
    assert found.assets.answer[found.asset_names.index("coin-4")] == Answer.MISSING
    assert (found.assets.answer == Answer.MISSING).sum() == 1


def test_nothing_of_a_coin_without_a_price_is_nothing(parts, books):
    world = parts.World()
    world.usual_marks()
    coins = [
        Balance(asset=asset, wallet_balance=amount, equity=amount, is_collateral=True)
        for asset, amount in (("BTC", "1"), ("NEW", "0"))
    ]
    world.account("a", coins=coins, state=AccountState(margin_mode="cross"))
    world.facts()
    found = worst_cases(books.sheet_of(world))
    assert found.left_out == ()
    assert found.asset_names == ("BTC",)
    assert found.pairs.loss_usd == pytest.approx([50_000])


def test_nobody_holds_nothing(parts, books):
    found = worst_cases(books.sheet_of(parts.World()))
    assert found.account.shape == (0,)
    assert found.asset_names == ()

"""Option curves against options revalued one scenario at a time."""

import numpy as np
import pytest
from scipy import stats

from marginwatch.model.balance import Balance
from marginwatch.risk.margin.prices import prices_at
from marginwatch.risk.var.exposures import exposures_of
from marginwatch.risk.var.measure import account_gains


@pytest.fixture
def option_world(priced, parts, call):
    world = priced()
    usdt = [Balance(asset="USDT", wallet_balance="100000", equity="100000")]
    world.account(
        "straddler",
        parts.position(call, -10, "1000"),
        parts.position(parts.BTCUSDT, 2, "50000"),
        coins=usdt,
    )
    world.account("holder", parts.position(call, 3, "1000"), coins=usdt)
    world.account("plain", parts.position(parts.ETHUSDT, 1, "3000"), coins=usdt)
    return world


def test_gains_are_those_of_a_full_revaluation(option_world, sheet_of):
    sheet = sheet_of(option_world)
    found = exposures_of(sheet)
    returns = np.zeros((200, len(found.coin_names)))
    draw = stats.t(3, scale=0.04).rvs(200, random_state=1)
    returns[:, found.coin_names.index("BTC")] = np.clip(draw, -0.9, 3.0)
    gains = account_gains(found, returns)
    btc = [number for number, name in enumerate(sheet.coin_names) if name == "BTC"]
    for scenario in range(0, 200, 7):
        factor = np.ones(len(sheet.coin_names))
        factor[btc] += returns[scenario, found.coin_names.index("BTC")]
        moved, now = prices_at(sheet, factor), prices_at(sheet, np.ones(len(sheet.coin_names)))
        for account, name in enumerate(sheet.account_ids):
            expected = 0.0
            for leg in np.flatnonzero(sheet.leg_account == account):
                expected += sheet.leg_quantity[leg] * (moved.leg_mark[leg] - now.leg_mark[leg])
            # Interpolation between points 1 % apart.
            assert gains[account, scenario] == pytest.approx(expected, abs=15.0), name


def test_a_long_option_never_loses_more_than_it_is_worth(option_world, sheet_of):
    found = exposures_of(sheet_of(option_world))
    returns = np.zeros((3, len(found.coin_names)))
    returns[:, found.coin_names.index("BTC")] = [-0.99, -0.5, 4.0]
    gains = account_gains(found, returns)[found.account_ids.index("holder")]
    # What the model misses of the mark stays missed: the mark is 1 % above its price.
    assert gains[0] == pytest.approx(-3 * 2_622, rel=0.02)
    assert gains[1] >= -3 * 2_622
    assert gains[2] > 3 * 100_000


def test_the_first_order_exposure_is_the_delta(option_world, sheet_of):
    sheet = sheet_of(option_world)
    found = exposures_of(sheet)
    row, coin = found.account_ids.index("holder"), found.coin_names.index("BTC")
    contract = int(np.flatnonzero(sheet.is_option)[0])
    years = (sheet.expiry_ns[contract] - sheet.at_ns) / 1e9 / (365 * 86_400)
    d1 = (np.log(50_000 / sheet.strike_price[contract]) + 0.6**2 / 2 * years) / (0.6 * np.sqrt(years))
    assert found.delta_usd[row, coin] == pytest.approx(3 * stats.norm.cdf(d1) * 50_000, rel=0.01)
    assert found.linear_usd[row, coin] == 0.0


def test_an_option_that_cannot_be_valued_makes_its_account_missing(priced, parts, call, sheet_of):
    world = priced()
    world.mark(call, "2622", "50000", underlying_price="50000", mark_volatility=None)
    world.account("holder", parts.position(call, 3, "1000"))
    world.account("other", parts.position(parts.BTCUSDT, 1, "50000"))
    found = exposures_of(sheet_of(world))
    assert found.missing_reasons[found.account_ids.index("holder")] == "value of options on BTC"
    assert found.missing_reasons[found.account_ids.index("other")] is None


def test_without_options_there_are_no_curves(desk_world, sheet_of):
    assert exposures_of(sheet_of(desk_world)).curves is None

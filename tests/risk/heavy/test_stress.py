"""What is run without being asked for, and whom its sums leave out."""

import numpy as np
import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.ids import AccountId
from marginwatch.model.scenario import Scenario
from marginwatch.risk.heavy.moves import moves_of
from marginwatch.risk.heavy.stress import measure_stress
from marginwatch.risk.margin.build import build_sheet
from marginwatch.risk.measures.prices import price_ages, usd_prices
from marginwatch.risk.settings import RiskSettings


def sheet_of(world):
    columns, settings = world.book.columns, RiskSettings()
    ages = price_ages(columns.instruments, world.now, settings)
    prices = usd_prices(columns.assets, columns.instruments, ages, world.now, settings)
    return build_sheet(columns, ages, prices, world.now)


@pytest.fixture
def sheet(parts):
    world = parts.World()
    world.usual_marks()
    coins = [Balance(asset="USDT", wallet_balance="20000", equity="20000", is_collateral=True)]
    for name, quantity in (("kept", 10), ("stale", -4)):
        world.account(
            name,
            parts.position(parts.ETHUSDT, quantity, "3003"),
            coins=coins,
            state=AccountState(margin_mode="cross"),
        )
    world.facts()
    return sheet_of(world)


def reckoned(sheet, own=(), left_out=None):
    return measure_stress(sheet, moves_of(sheet, None), own, left_out=left_out or {})


def test_accounts_that_count_in_no_total_are_counted_and_named_as_left_out(sheet):
    found = reckoned(sheet, left_out={AccountId("stale"): "stale"})
    whole = found.result.portfolio
    assert (whole.n_accounts.tolist(), set(whole.n_left_out[:, 0])) == ([2], {1})
    kept = sheet.account_ids.index("kept")
    np.testing.assert_allclose(whole.pnl_usd[:, 0], found.result.accounts.pnl_usd[:, kept])
    assert found.result.left_out == found.worst.left_out == (("stale", "stale"),)
    usd = sheet.coin_usd[sheet.coin_names.index("USDT")]
    assert found.worst.assets.to_zero_usd == pytest.approx([-10 * 3_003 * usd])
    assert found.worst.assets.share_of_equity == pytest.approx([30_030 / 20_000])


def test_the_coins_with_most_at_stake_are_moved_alone(sheet):
    found = reckoned(sheet).result
    names = [one.name for one in found.scenarios]
    assert "USDT alone -30%" not in names
    place = names.index("ETH alone -30%")
    usd = sheet.coin_usd[sheet.coin_names.index("USDT")]
    assert found.portfolio.pnl_usd[place, 0] == pytest.approx(-0.3 * 6 * 3_003 * usd)
    assert [name for name in names if name.endswith("alone +30%")] == ["ETH alone +30%"]


def test_a_scenario_of_the_desk_stands_in_for_a_standard_one_of_its_name(sheet):
    own = Scenario(name="2020-03-12", btc_move=-0.01)
    found = reckoned(sheet, [own]).result.scenarios
    assert [one for one in found if one.name == "2020-03-12"] == [own]
    assert len({one.name for one in found}) == len(found)

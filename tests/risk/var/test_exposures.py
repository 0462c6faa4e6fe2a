"""Exposures against the gains that contracts make by their own definition."""

from dataclasses import replace

import numpy as np
import pytest

from marginwatch.model.balance import Balance
from marginwatch.risk.var.exposures import exposures_of
from marginwatch.risk.var.measure import account_gains


def test_a_linear_contract_is_its_value_and_cash_is_cash(desk_world, sheet_of):
    found = exposures_of(sheet_of(desk_world))
    row = found.account_ids.index("long")
    by_coin = dict(zip(found.coin_names, found.linear_usd[row], strict=True))
    assert by_coin["BTC"] == pytest.approx(2 * 50_000)
    # Cash, less what was paid for the position.
    assert by_coin["USDT"] == pytest.approx(100_000 - 2 * 49_000)
    assert {"USDT"} <= found.exempt
    assert "BTC" not in found.exempt


@pytest.mark.parametrize("factor", [0.3, 0.9, 1.0, 1.2, 3.0])
def test_an_inverse_short_gains_exactly_what_its_contract_says(desk_world, sheet_of, factor):
    found = exposures_of(sheet_of(desk_world))
    row = found.account_ids.index("inverse")
    returns = np.zeros((1, len(found.coin_names)))
    returns[0, found.coin_names.index("BTC")] = factor - 1
    gain = account_gains(found, returns)[row, 0]

    def worth(price):
        # One coin in the wallet and −50,000 USD of contracts entered at 40,000, all in USD.
        return (1.0 - 50_000 * (1 / 40_000 - 1 / price)) * price

    assert gain == pytest.approx(worth(50_000 * factor) - worth(50_000), abs=1e-6)


def test_gains_of_a_spread_are_those_of_its_legs(desk_world, sheet_of):
    found = exposures_of(sheet_of(desk_world))
    row = found.account_ids.index("pair")
    returns = np.zeros((1, len(found.coin_names)))
    returns[0, found.coin_names.index("BTC")], returns[0, found.coin_names.index("ETH")] = 0.1, -0.05
    assert account_gains(found, returns)[row, 0] == pytest.approx(-5_000 - 17 * 150)


def test_a_coin_without_a_price_makes_its_account_missing_and_no_other(desk_world, sheet_of):
    found = exposures_of(sheet_of(desk_world))
    by_name = dict(zip(found.account_ids, found.missing_reasons, strict=True))
    assert [name for name, reason in by_name.items() if reason] == ["unpriced"]
    assert "NEWUSDT" in by_name["unpriced"]
    assert np.isnan(found.linear_usd[found.account_ids.index("unpriced")]).all()
    assert not np.isnan(np.delete(found.linear_usd, found.account_ids.index("unpriced"), axis=0)).any()


def test_an_empty_account_is_empty_and_a_missing_one_is_not(desk_world, sheet_of):
    found = exposures_of(sheet_of(desk_world))
    assert [name for name, empty in zip(found.account_ids, found.is_empty, strict=True) if empty] == ["empty"]


def test_nothing_of_an_unpriced_coin_is_nothing(priced, sheet_of):
    world = priced()
    world.account(
        "dust",
        coins=[
            Balance(asset="DEAD", wallet_balance="0", equity="0"),
            Balance(asset="BTC", wallet_balance="1", equity="1"),
        ],
    )
    found = exposures_of(sheet_of(world))
    assert not found.is_missing.any()


def test_an_offsetting_position_elsewhere_brings_the_sum_to_zero(priced, parts, sheet_of):
    world = priced()
    world.account("a", parts.position(parts.BTCUSDT, 3, "50000"))
    world.account("b", parts.position(parts.BTCUSDT, -3, "50000"))
    found = exposures_of(sheet_of(world))
    assert found.linear_usd.sum(axis=0) == pytest.approx(np.zeros(len(found.coin_names)))


@pytest.mark.parametrize("seed", range(3))
def test_twice_the_book_has_twice_the_exposure(parts, priced, sheet_of, seed):
    def book(scale):
        world = priced()
        pick = np.random.default_rng(seed)
        for number in range(10):
            rows = [
                parts.position(contract, scale * round(float(pick.uniform(-5, 5)), 3), "2500")
                for contract in (parts.BTCUSDT, parts.ETHUSD, parts.ETHUSDT)
            ]
            coin = scale * round(float(pick.uniform(0, 3)), 3)
            world.account(
                f"a{number}", *rows, coins=[Balance(asset="BTC", wallet_balance=str(coin), equity=str(coin))]
            )
        return exposures_of(sheet_of(world))

    np.testing.assert_allclose(book(2).linear_usd, 2 * book(1).linear_usd)


def test_an_account_that_was_never_heard_is_missing_and_not_empty(desk_world, sheet_of):
    desk_world.register("silent", desk="mm")
    found = exposures_of(sheet_of(desk_world))
    row = found.account_ids.index("silent")
    assert found.missing_reasons[row] == "not heard yet"
    assert np.isnan(found.linear_usd[row]).all()
    assert not found.is_empty[row]


def test_accounts_that_count_in_no_total_are_missing_with_their_reason(desk_world, sheet_of):
    found = exposures_of(sheet_of(desk_world), {"long": "stale"})
    by_name = dict(zip(found.account_ids, found.missing_reasons, strict=True))
    assert by_name["long"] == "stale"
    assert by_name["pair"] is None


def test_an_inverse_short_owns_the_dollars_it_was_sold_for(desk_world, sheet_of):
    found = exposures_of(sheet_of(desk_world))
    row = found.account_ids.index("inverse")
    assert found.linear_usd[row, found.coin_names.index("USD")] == pytest.approx(50_000 * 50_000 / 50_000)


def test_an_inverse_contract_entered_at_nothing_is_missing_and_not_infinite(desk_world, sheet_of):
    sheet = sheet_of(desk_world)
    inverse = sheet.is_inverse[sheet.leg_contract]
    found = exposures_of(replace(sheet, leg_entry_price=np.where(inverse, 0.0, sheet.leg_entry_price)))
    row = found.account_ids.index("inverse")
    assert "BTCUSD" in found.missing_reasons[row]
    assert np.isfinite(found.linear_usd[~found.is_missing]).all()


def test_what_is_no_crypto_coin_still_moves(priced, parts, sheet_of):
    world = priced()
    gold = parts.contract("XAUUSDT", "XAU", "USDT")
    world.mark(gold, "4000")
    world.account("gold", parts.position(gold, 5, "4000"))
    sheet = sheet_of(world)
    assert sheet.coin_is_exempt[sheet.coin_names.index("XAU")]
    assert exposures_of(sheet).exempt == {"USDT"}

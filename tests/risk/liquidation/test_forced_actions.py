"""What the venue does first: orders, then debts, then a cut, then all of it."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.random_sheet import random_sheet

from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.distance import distances
from marginwatch.risk.liquidation.forced_actions import ForcedAction, first_actions
from marginwatch.risk.liquidation.market_move import common_shock
from marginwatch.risk.workspace import Workspace

BTC, USDT = 2, 1


def long_bitcoin(mode, usd=100_000.0, **changes):
    """Return the first action against one account that is long Bitcoin on a fifth of it in USDT."""
    sheet = random_sheet(1, 1, 1, 1, modes=(mode,), inverse_part=0.0)
    mark = sheet.mark_price[sheet.leg_contract]
    columns = {
        "leg_quantity": usd / mark,
        "leg_entry_price": mark,
        "holding_cash": np.where(sheet.holding_coin == USDT, usd / 5.0, 0.0),
    }
    sheet = replace(sheet, **columns | {name: change(sheet) for name, change in changes.items()})
    value = np.where(np.arange(sheet.coin_usd.shape[0]) == BTC, 1.0, 0.0)
    betas = Betas(value, value, value, np.zeros(value.shape[0]))
    shock = distances(sheet, betas).common.shock
    assert np.isfinite(shock[0])
    return ForcedAction(
        int(first_actions(common_shock(sheet, betas, Workspace()), np.zeros(1, np.int64), shock)[0])
    )


def in_usdt(amount):
    return lambda sheet: np.where(sheet.holding_coin == USDT, amount, 0.0)


def owing_dollars(sheet):
    return np.where(sheet.holding_coin == USDT, -1_000.0, 0.5)


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_a_small_position_is_taken_over_at_once(mode):
    assert long_bitcoin(mode) is ForcedAction.LIQUIDATION


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_a_position_above_its_lowest_tier_is_cut_first(mode):
    assert long_bitcoin(mode, 4e6) is ForcedAction.PARTIAL_CLOSE


def test_debts_are_repaid_before_a_position_is_cut():
    assert long_bitcoin("cross", holding_cash=owing_dollars) is ForcedAction.DEBTS_REPAID
    assert long_bitcoin("cross", 4e6, holding_borrowed=in_usdt(10.0)) is ForcedAction.DEBTS_REPAID


def test_an_isolated_account_has_no_debts_to_repay():
    assert long_bitcoin("isolated", holding_cash=owing_dollars) is ForcedAction.LIQUIDATION


@pytest.mark.parametrize("mode", ["cross", "isolated"])
@pytest.mark.parametrize("column", ["holding_order_initial_margin", "holding_locked"])
def test_orders_are_canceled_before_anything_else(mode, column):
    more = {column: in_usdt(5.0), "holding_borrowed": in_usdt(10.0)}
    assert long_bitcoin(mode, 4e6, **more) is ForcedAction.ORDERS_CANCELED

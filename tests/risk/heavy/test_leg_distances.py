"""Isolated positions have distances of their own; no other has."""

from dataclasses import replace

import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.moves import moves_of
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.risk.tables import account_rows, position_rows

CASH = Balance(asset="USDT", wallet_balance="100000", order_initial_margin="0", is_collateral=True)


@pytest.fixture
def desk(world, parts):
    """Bitcoin at 50,050: an isolated account with a long and a short, and the same long in a cross and an unknown account."""
    world.usual_marks()
    long = parts.position(parts.BTCUSDT, 1, "50000", initial_margin="5000", liquidation_price="45100")
    short = parts.position(parts.ETHUSDT, -10, "3000", initial_margin="1500")
    world.account("alone", long, short, coins=[CASH], state=AccountState(margin_mode="isolated"))
    world.account("cross", long, coins=[CASH], state=AccountState(margin_mode="cross"))
    world.account("odd", long, coins=[CASH], state=AccountState(margin_mode="unknown"))
    world.facts()
    return world


def measured(world, good_for_s=15.0, later_s=2.0):
    sheet = world.press.sheet(world.now)
    figures = measure_distance(sheet, moves_of(sheet, None))
    part = Part(at_ns=world.now - int(later_s * 1e9), value=figures, reason=None, good_for_s=good_for_s)
    return replace(world.frame(), heavy=Heavy(distance=part))


def by_name(frame):
    return {(row.account_id, row.underlying_asset): row for row in position_rows(frame)}


def test_an_isolated_position_has_its_own_distance(desk):
    frame = measured(desk)
    rows = by_name(frame)
    long, short = rows["alone", "BTC"], rows["alone", "ETH"]
    # 5,000 put up on 50,000: a fall of a tenth, less what the venue wants to see left.
    assert -0.1 < long.liquidation_shock < -0.08
    assert long.liquidation_distance == -long.liquidation_shock
    assert short.liquidation_shock == short.liquidation_distance > 0.0
    assert (long.liquidation_distance_age_s, long.liquidation_distance_source) == (2.0, "estimated")
    assert long.venue_liquidation_distance == pytest.approx(4_950 / 50_050)
    [account] = [row for row in account_rows(frame) if row.account_id == "alone"]
    assert account.liquidation_distance_down == pytest.approx(long.liquidation_distance)


def test_where_accounts_die_as_one_positions_have_none(desk):
    row = by_name(measured(desk))["cross", "BTC"]
    assert (row.liquidation_distance, row.liquidation_distance_age_s) == (None, None)
    assert row.reasons["liquidation_distance"] == row.reasons["liquidation_shock"] == "not_applicable"
    assert row.venue_liquidation_distance == pytest.approx(4_950 / 50_050)


def test_what_is_not_known_is_missing_with_its_reason(desk, parts):
    unknown = by_name(measured(desk))["odd", "BTC"]
    assert unknown.reasons["liquidation_distance"] == "missing: the account's margin mode is not known"
    late = by_name(measured(desk, good_for_s=1.0))["alone", "BTC"]
    assert late.reasons["liquidation_distance"] == "missing: last reckoned 2 s ago, good for 1 s"
    never = by_name(desk.frame())["alone", "BTC"]
    assert never.reasons["liquidation_distance"].startswith("missing: ")
    # A position that turned round since is another one: the old one's distance is not its own.
    heavy = measured(desk).heavy
    desk.sweep("alone", parts.position(parts.BTCUSDT, -1, "50000", initial_margin="5000", sequence=2))
    turned = by_name(replace(desk.frame(), heavy=heavy))["alone", "BTC"]
    assert turned.reasons["liquidation_distance"] == "missing: not reckoned yet"

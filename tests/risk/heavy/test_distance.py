"""Distances in rows: a number, none, not applicable or missing, and what they rest on."""

from dataclasses import replace

import numpy as np
import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.risk.betas import PRIOR_MEAN, shrunk_betas
from marginwatch.risk.heavy.chances import ChanceFigures
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.moves import PRIOR_DAILY_VOLATILITY, moves_of
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.risk.liquidation.probability import HOURS_MIN, first_passage
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.tables import account_rows
from marginwatch.risk.tables.ladders import distance_basis, ladder_rows

CROSS, ISOLATED = AccountState(margin_mode="cross"), AccountState(margin_mode="isolated")
FIELDS = (
    "liquidation_distance",
    "liquidation_distance_down",
    "liquidation_distance_up",
    "nearest_coin_distance",
)


def cash(amount, asset="USDT"):
    return Balance(asset=asset, wallet_balance=str(amount), order_initial_margin="0", is_collateral=True)


@pytest.fixture
def desk(world, parts):
    """Accounts of every kind of answer."""
    world.usual_marks()
    on = parts.position
    new = parts.contract("NEWUSDT", "NEW", "USDT")
    world.account("long", on(parts.BTCUSDT, 1, "50000"), coins=[cash(9_000)], state=CROSS)
    world.account("short", on(parts.ETHUSDT, -10, "3000"), coins=[cash(9_000)], state=CROSS)
    world.account("safe", on(parts.BTCUSDT, 1, "50000"), coins=[cash(1e6)], state=CROSS)
    world.account("idle", coins=[cash(2, "BTC")], state=CROSS)
    world.account(
        "alone", on(parts.BTCUSDT, 1, "50000", initial_margin="5000"), coins=[cash(1e5)], state=ISOLATED
    )
    world.account("unpriced", on(new, 1, "5"), coins=[cash(9_000)], state=CROSS)
    world.account("broke", on(parts.BTCUSDT, 1, "50000"), coins=[cash(1)], state=CROSS)
    world.facts()
    return world


def shown(world, later_s=0.0, daily=None):
    """Return figures, frame and rows, all of one moment but for the frame's clock."""
    sheet = world.press.sheet(world.now)
    figures = measure_distance(sheet, moves_of(sheet, daily))
    frame = world.frame()
    part = Part(at_ns=world.now - int(later_s * 1e9), value=figures, reason=None, good_for_s=15.0)
    frame = replace(frame, heavy=Heavy(distance=part))
    return figures, frame, {row.account_id: row for row in account_rows(frame)}


def test_rows_tell_four_kinds_of_answer_apart(desk):
    _, _, rows = shown(desk)
    assert 0.0 < rows["long"].liquidation_distance == rows["long"].liquidation_distance_down < 0.3
    assert rows["long"].reasons["liquidation_distance_up"] == "none_in_range"
    assert rows["long"].liquidation_shock == -rows["long"].liquidation_distance
    assert rows["long"].liquidation_btc_price < 50_000.0 < rows["short"].liquidation_btc_price
    assert rows["short"].reasons["liquidation_distance_down"] == "none_in_range"
    kinds = {
        "safe": "none_in_range",
        "idle": "not_applicable",
        "unpriced": "missing: mark price of bybit:linear:NEWUSDT",
    }
    for name, kind in kinds.items():
        for field in FIELDS:
            assert getattr(rows[name], field) is None
            assert rows[name].reasons[field] == kind, (name, field)
        assert rows[name].worst_position is None
        assert rows[name].first_forced_action is None
    assert rows["alone"].liquidation_distance > 0.0
    assert rows["alone"].reasons["nearest_coin_distance"] == "not_applicable"
    assert rows["alone"].reasons["no_new_risk_distance"] == "not_applicable"
    assert rows["broke"].liquidation_distance == rows["broke"].liquidation_distance_up == 0.0


def test_chances_of_who_cannot_be_liquidated_as_a_whole_are_not_applicable(desk):
    sheet = desk.press.sheet(desk.now)
    returns = np.random.default_rng(1).normal(0.0, 0.01, (HOURS_MIN, len(sheet.coin_names)))
    room = margins(sheet, prices_now(sheet)).headroom
    due = {hours: np.zeros(sheet.n_accounts) for hours in (1, 24)}
    figures = ChanceFigures(
        first_passage(sheet, room, returns, due), {name: row for row, name in enumerate(sheet.account_ids)}
    )
    part = Part(at_ns=desk.now, value=figures, reason=None)
    rows = {row.account_id: row for row in account_rows(replace(desk.frame(), heavy=Heavy(chances=part)))}
    reasons = {name: row.reasons.get("liquidation_probability_24h") for name, row in rows.items()}
    assert reasons["idle"] == reasons["alone"] == "not_applicable"
    assert reasons["unpriced"].startswith("missing: ")
    assert reasons["long"] is None
    assert rows["broke"].liquidation_probability_1h == 1.0


def test_the_nearest_coin_is_one_that_alone_would_do_it(desk):
    _, _, rows = shown(desk)
    short = rows["short"]
    assert short.nearest_coin == "ETH"
    assert short.nearest_coin_price == pytest.approx(3_000.0 * (1.0 + short.nearest_coin_distance), rel=2e-3)
    # Bitcoin has to move less than ETH, which moves with more than its beta of 1.
    assert (1.0 + short.liquidation_distance) ** PRIOR_MEAN == pytest.approx(
        1.0 + short.nearest_coin_distance
    )
    assert short.worst_position == "bybit:linear:ETHUSDT"
    assert short.first_forced_action == "liquidation"


def test_what_is_too_old_is_missing_with_its_age(desk):
    _, _, rows = shown(desk, later_s=16.0)
    for name in rows:
        assert rows[name].liquidation_distance is None
        assert rows[name].reasons["liquidation_distance"] == "missing: last reckoned 16 s ago, good for 15 s"
        assert rows[name].liquidation_distance_age_s == pytest.approx(16.0)


def test_ladders_and_their_basis_count_everybody(desk):
    figures, frame, _ = shown(desk)
    rungs = [(row.direction, row.account_id) for row in ladder_rows(frame)]
    assert rungs[0] == ("down", "broke")
    assert ("up", "short") in rungs
    assert ("down", "long") in rungs
    basis = distance_basis(frame)
    assert (basis.n_down, basis.n_up, basis.n_missing) == (
        figures.down.account.size,
        figures.up.account.size,
        1,
    )
    assert basis.betas_source.startswith("prior")
    assert basis.btc_daily_volatility == PRIOR_DAILY_VOLATILITY


def test_the_nearest_of_all_is_the_most_careful_of_every_account(world, parts):
    world.usual_marks()
    for name, amount in (("near", 9_000), ("far", 20_000)):
        world.account(name, parts.position(parts.ETHUSDT, -10, "3000"), coins=[cash(amount)], state=CROSS)
    world.facts()
    figures, _, rows = shown(world)
    assert figures.nearest == rows["near"].cautious_liquidation_distance
    assert 0.0 < figures.nearest < rows["near"].liquidation_distance < rows["far"].liquidation_distance


def test_the_nearest_of_all_is_zero_if_somebody_is_at_the_limit(desk):
    assert shown(desk)[0].nearest == 0.0


def test_betas_are_of_the_returns_of_each_coin_and_the_last_window(desk):
    rng = np.random.default_rng(4)
    benchmark = rng.normal(0.0, 0.03, 200)
    eth = 1.4 * benchmark + rng.normal(0.0, 0.01, 200)
    eth[:100] = -eth[:100]  # long ago it was otherwise
    table = ReturnTable(("ETH", "BTC"), 86_400, np.arange(200) * 86_400, np.column_stack((eth, benchmark)))
    sheet = desk.press.sheet(desk.now)
    moves = moves_of(sheet, table)
    at = {name: row for row, name in enumerate(sheet.coin_names)}
    expected = shrunk_betas(eth[-90:, None], benchmark[-90:])
    assert moves.betas.value[at["ETH"]] == pytest.approx(expected.value[0])
    assert moves.betas.low[at["ETH"]] == pytest.approx(expected.low[0])
    assert moves.betas.value[at["BTC"]] == 1.0
    assert moves.betas.value[at["USDT"]] == 0.0
    assert moves.betas.value[at["NEW"]] == PRIOR_MEAN
    assert 0.02 < moves.daily_volatility < 0.04
    assert moves.volatility_source == "EWMA of 200 daily returns"

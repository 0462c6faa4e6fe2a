"""Frozen books come back as they were."""

import numpy as np
import pytest

from marginwatch.risk.var.backtest import hypothetical_gains
from marginwatch.risk.var.exposures import exposures_of
from marginwatch.risk.var.frozen import forecasts_of, freeze, gains_by_subject, thaw
from marginwatch.risk.var.measure import measure_var
from marginwatch.risk.var.settings import VarSettings


@pytest.fixture
def exposures(desk_world, parts, call, sheet_of):
    desk_world.account(
        "options", parts.position(call, -3, "1200"), parts.position(parts.ETHUSDT, 2, "3000"), desk="vol"
    )
    return exposures_of(sheet_of(desk_world))


def moves(exposures, btc, eth):
    known = {"BTC": np.log(1 + btc), "ETH": np.log(1 + eth)}
    return np.array([known.get(name, np.nan) for name in exposures.coin_names])


@pytest.mark.parametrize(("btc", "eth"), [(0.1, -0.2), (-0.35, 0.0), (0.02, 0.02)])
def test_a_thawed_book_gains_what_the_frozen_one_does(exposures, btc, eth):
    thawed = thaw(freeze(exposures))
    before = dict(
        zip(exposures.account_ids, hypothetical_gains(exposures, moves(exposures, btc, eth)), strict=True)
    )
    after = dict(zip(thawed.account_ids, hypothetical_gains(thawed, moves(thawed, btc, eth)), strict=True))
    assert set(after) == {"long", "inverse", "pair", "options"}
    for name, gain in after.items():
        assert gain == pytest.approx(before[name])


def test_desks_coins_and_exemptions_are_kept(exposures):
    thawed = thaw(freeze(exposures))
    desk = {name: thawed.desk_names[code] for name, code in zip(thawed.account_ids, thawed.desk, strict=True)}
    assert desk == {"long": "mm", "inverse": "mm", "pair": "arb", "options": "vol"}
    assert "USDT" in thawed.exempt
    assert set(thawed.coin_names) <= set(exposures.coin_names)
    np.testing.assert_allclose(
        thawed.delta_usd[thawed.account_ids.index("options")][thawed.coin_names.index("BTC")],
        exposures.delta_usd[exposures.account_ids.index("options")][exposures.coin_names.index("BTC")],
    )


def test_nothing_thaws_to_nothing():
    empty = thaw([])
    assert empty.account_ids == ()
    assert hypothetical_gains(empty, np.zeros(0)).shape == (0,)
    assert gains_by_subject(empty, np.zeros(0)) == {("portfolio", ""): 0.0}


def test_forecasts_are_of_everything_desks_with_a_name_and_accounts_with_a_number(
    exposures, recorded_returns
):
    measures = measure_var(exposures, recorded_returns, VarSettings())
    found = forecasts_of(exposures, measures, 86_400, with_accounts=True)
    by_subject = {(subject.scope, subject.name): forecast for subject, forecast in found}
    assert set(by_subject) == {
        ("portfolio", ""),
        *(("desk", name) for name in ("mm", "arb", "vol")),
        *(("account", name) for name in ("long", "inverse", "pair", "options")),
    }
    assert by_subject["portfolio", ""].var_usd == pytest.approx(measures.portfolio.var_usd[0])
    assert {subject.method for subject, _ in found} == {"filtered"}
    assert len(forecasts_of(exposures, measures, 86_400, with_accounts=False)) == 4


def test_a_sum_with_an_unknown_part_is_left_out(exposures):
    thawed = thaw(freeze(exposures))
    gains = np.where(np.array(thawed.account_ids) == "pair", np.nan, 5.0)
    found = gains_by_subject(thawed, gains)
    assert ("portfolio", "") not in found
    assert ("desk", "arb") not in found
    assert ("account", "pair") not in found
    assert found["desk", "mm"] == 10.0
    assert found["account", "long"] == 5.0

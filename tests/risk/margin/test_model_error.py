"""How far ours is from the venue's figure: measured once for each figure, in the frame that first shows it."""

import math

import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.risk.tables import account_rows


def told(world, maintenance, adjusted="100000", mode="cross"):
    return AccountState(
        equity="100000",
        adjusted_equity=adjusted,
        initial_margin="6000",
        maintenance_margin=maintenance,
        margin_mode=mode,
        as_of_ns=world.now,
    )


def row_of(world, name="a"):
    return {row.account_id: row for row in account_rows(world.frame())}[name]


def open_account(world, parts, mode="cross", maintenance="500"):
    world.usual_marks()
    coin = Balance(asset="USDT", wallet_balance="100000", order_initial_margin="0", is_collateral=True)
    held = parts.position(parts.BTCUSDT, 1, "50050")
    world.account("a", held, coins=[coin], state=told(world, maintenance, mode=mode))
    world.facts(taker_fee="0")
    return held, coin


def test_an_error_is_measured_when_the_venue_speaks_and_kept_until_it_speaks_again(world, parts):
    held, coin = open_account(world, parts)
    usd = 50000 / 50050
    first = row_of(world)
    # Ours: 1 % of 50,050 USDT.
    assert first.model_error == pytest.approx(500.5 * usd / 500 - 1)
    assert first.model_error_equity == pytest.approx(usd - 1)
    assert first.model_error_age_s == 0.0
    world.clock._elapsed_ns += 5_000_000_000
    world.usual_marks()
    world.mark(parts.BTCUSDT, "60000")
    later = row_of(world)
    assert (later.model_error, later.model_error_age_s) == (first.model_error, 5.0)
    world.sweep("a", held, coins=[coin], state=told(world, "600"))
    assert row_of(world).model_error == pytest.approx(600 * 50000 / 60000 / 600 - 1)


def test_a_figure_that_is_old_when_it_comes_measures_nothing(world, parts):
    held, coin = open_account(world, parts)
    world.sweep("a", held, coins=[coin], state=told(world, "500"))
    world.clock._elapsed_ns += 3_000_000_000
    world.usual_marks()
    late = row_of(world)
    assert late.model_error is None
    assert late.reasons["model_error"].startswith("missing: not measured")


def test_portfolio_margin_follows_the_venues_last_figure(world, parts):
    held, coin = open_account(world, parts, mode="portfolio", maintenance="7000")
    first = row_of(world)
    assert first.maintenance_margin_usd == pytest.approx(7000)
    assert first.initial_margin_usd == pytest.approx(6000)
    assert (first.is_estimated, first.model_error) == (True, None)
    world.clock._elapsed_ns += 1_000_000_000
    world.usual_marks()
    world.mark(parts.BTCUSDT, "55055")
    world.mark(parts.BTCUSD, "55000")
    # 10 % dearer: so is what a shock of 10 % can lose, and the venue has not spoken since.
    assert row_of(world).maintenance_margin_usd == pytest.approx(7000 * 1.1, rel=1e-3)
    world.sweep("a", held, coins=[coin], state=told(world, "7500", mode="portfolio"))
    again = row_of(world)
    assert again.model_error == pytest.approx(7700 / 7500 - 1, rel=1e-2)
    assert again.maintenance_margin_usd == pytest.approx(7500)
    entry = world.book.entry("a")
    lane = world.press.lane((entry,), world.now)
    assert lane.accounts.maintenance_margin_usd[0] == pytest.approx(7500)
    assert math.isnan(world.frame().model_errors.maintenance_margin[0])

"""Margin changes are announced with their time, hold positions until then, and then change what they need."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import Change


def test_a_change_is_announced_then_made(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("100000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", "100")
    before = quiet.positions(uid, "linear")[0]
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    when_ms = quiet.announce_margin_change("SOLUSDT", "2", 5.0)
    (announced,) = quiet.positions(uid, "linear")
    assert (announced.is_reduce_only, announced.margin_change_ms) == (True, when_ms)
    assert announced.maintenance_margin == before.maintenance_margin
    with pytest.raises(ValueError, match="reduce-only"):
        quiet.open_position(uid, "SOLUSDT", "1")
    quiet.open_position(uid, "SOLUSDT", "-20")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.advance(6.0)
    (after,) = quiet.positions(uid, "linear")
    assert (after.is_reduce_only, after.margin_change_ms) == (False, when_ms)
    tiers = quiet.risk_limits("linear", "SOLUSDT")
    assert tiers[0].maintenance_margin_rate == Decimal("0.01")
    assert next(row.positions[0].is_reduce_only for row in heard if row.positions) is True
    quiet.open_position(uid, "SOLUSDT", "1")


def test_who_opens_later_can_only_reduce_too(quiet: Exchange, funded: Callable[..., str]) -> None:
    early, late = funded("100000"), funded("100000")
    quiet.open_position(early, "SOLUSDT", "100")
    when_ms = quiet.announce_margin_change("SOLUSDT", "2", 5.0)
    assert quiet.positions(late, "linear", symbol="SOLUSDT")[0].is_reduce_only is False
    quiet.open_position(late, "SOLUSDT", "-10")
    (row,) = quiet.positions(late, "linear")
    assert (row.is_reduce_only, row.margin_change_ms) == (True, when_ms)
    for wanted in ("-1", "11"):
        with pytest.raises(ValueError, match="reduce-only"):
            quiet.open_position(late, "SOLUSDT", wanted)
    with pytest.raises(ValueError, match="reduce-only"):
        quiet.place_order(late, "SOLUSDT", "-1", "500")
    quiet.open_position(late, "SOLUSDT", "10")
    assert quiet.positions(late, "linear", symbol="SOLUSDT")[0].is_reduce_only is False
    quiet.open_position(late, "BTCUSDT", "0.1")
    assert [row.is_reduce_only for row in quiet.positions(late, "linear")] == [False]
    quiet.open_position(late, "SOLUSDT", "3")
    quiet.advance(6.0)
    quiet.open_position(late, "SOLUSDT", "3")
    assert [row.is_reduce_only for row in quiet.positions(late, "linear")] == [False, False]


def test_a_change_can_liquidate(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("300")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", "100")
    quiet.announce_margin_change("SOLUSDT", "5", 1.0)
    assert quiet.stats().liquidations == 0
    quiet.advance(2.0)
    assert quiet.stats().liquidated_uids == (uid,)


def test_impossible_changes_are_refused(quiet: Exchange) -> None:
    for factor in ("0", "-1", "1000"):
        with pytest.raises(ValueError, match="factor of SOLUSDT"):
            quiet.announce_margin_change("SOLUSDT", factor, 5.0)
    quiet.announce_margin_change("SOLUSDT", "1.5", 5.0)
    with pytest.raises(ValueError, match="under way"):
        quiet.announce_margin_change("SOLUSDT", "1.5", 5.0)


def test_tables_of_other_contracts_stay(quiet: Exchange) -> None:
    before = quiet.risk_limits("linear", "BTCPERP"), quiet.risk_limits("inverse")
    quiet.announce_margin_change("BTCUSDT", "3", 0.0)
    quiet.advance(1.0)
    assert (quiet.risk_limits("linear", "BTCPERP"), quiet.risk_limits("inverse")) == before

"""Whole frames: against a slow loop, against the fast lane, against each other."""

import math
from dataclasses import fields

import numpy as np
import pytest

from marginwatch.model.balance import Balance
from marginwatch.model.connectivity import LinkState
from marginwatch.risk.measures.freshness import Inclusion

SEEDS = range(12)


def slow_row(position, marks, usd):
    """What one position is worth, spelled out contract by contract: (delta, notional, PnL in coin)."""
    instrument = position.instrument
    quantity = float(position.quantity)
    mark = marks.get(instrument.venue_symbol)
    entry = None if position.entry_price is None else float(position.entry_price)
    if instrument.instrument_kind == "option":
        notional = abs(quantity) * 50100.0 * usd["USDT"]
        delta = quantity * 0.4 * 50100.0 * usd["USDT"]
    elif instrument.is_inverse:
        notional, delta = abs(quantity), quantity
    elif mark is None:
        notional = delta = None
    else:
        notional = abs(quantity) * mark * usd[instrument.quote_asset]
        delta = quantity * mark * usd[instrument.quote_asset]
    pnl = None
    if mark is not None and entry is not None:
        if instrument.is_inverse:
            pnl = quantity / entry - quantity / mark
        else:
            pnl = quantity * mark - quantity * entry
    return delta, notional, pnl


MARKS = {
    "BTCUSD": 50000.0,
    "BTCUSDT": 50050.0,
    "BTCPERP": 49950.0,
    "ETHUSDT": 3003.0,
    "ETHUSD": 3000.0,
    "1000PEPEUSDT": 0.01,
    "BTC-27MAR26-70000-C-USDT": 1200.0,
}
USD = {"USDT": 50000 / 50050, "USDC": 50000 / 49950, "BTC": 50000.0}
USD["ETH"] = 3003 * USD["USDT"]
USD["PEPE"] = 0.01 * USD["USDT"] / 1000


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts_agree_with_a_slow_loop(parts, seed):
    world = parts.random_world(seed)
    frame = world.frame()
    for number in range(30):
        entry = world.book.entry(f"a{number}")
        held = [world.book.columns.positions.positions[row] for row in entry.rows.values()]
        each = [slow_row(position, MARKS, USD) for position in held]
        deltas = [delta for delta, _, _ in each if delta is not None]
        settled = [USD.get(p.instrument.settle_asset) for p in held]
        pnl = sum(coin * usd for (_, _, coin), usd in zip(each, settled, strict=True) if coin is not None)
        wallet_long = wallet_short = unknown = 0.0
        for asset, row in entry.coins.items():
            balance = world.book.columns.holdings.balances[row]
            if balance is None or asset in ("USDT", "USDC"):
                continue
            mine = [c for (_, _, c), p in zip(each, held, strict=True) if p.instrument.settle_asset == asset]
            if asset == "NEW" or None in mine:
                unknown += 1
                continue
            amount = float(balance.wallet_balance)
            if balance.equity is not None and balance.unrealized_pnl is not None:
                amount = float(balance.equity) - float(balance.unrealized_pnl)
            amount += sum(mine)
            wallet_long += max(amount, 0) * USD[asset]
            wallet_short += max(-amount, 0) * USD[asset]
        of, code = frame.accounts, entry.row
        want = {
            "long_usd": sum(d for d in deltas if d > 0),
            "short_usd": -sum(d for d in deltas if d < 0),
            "net_usd": sum(deltas),
            "gross_usd": sum(map(abs, deltas)),
            "notional_usd": sum(n for _, n, _ in each if n is not None),
            "pnl_usd": pnl,
            "n_positions": len(held),
            "n_unvalued": sum(delta is None for delta, _, _ in each),
            "n_without_pnl": sum(coin is None for _, _, coin in each),
            "n_unknown_coins": unknown,
            "long_with_wallet_usd": sum(d for d in deltas if d > 0) + wallet_long,
            "short_with_wallet_usd": wallet_short - sum(d for d in deltas if d < 0),
        }
        got = {name: float(getattr(of, name)[code]) for name in want}
        assert got == pytest.approx(want, rel=1e-9, abs=1e-6), f"a{number}"


@pytest.mark.parametrize("seed", SEEDS)
def test_groups_are_sums_of_the_accounts_that_count(parts, seed):
    world = parts.random_world(seed)
    frame = world.frame()
    entries = [world.book.entry(f"a{n}") for n in range(30)]
    counted = [e for e in entries if e.connectivity.link_state in (LinkState.STREAMING, LinkState.POLLING)]
    assert 0 < len(counted) < 30
    for names, groups, of_entry in (
        (frame.desk_names, frame.desks, lambda e: [e.spec.desk]),
        (frame.tag_names, frame.tags, lambda e: e.spec.tags),
        (frame.venue_names, frame.venues, lambda e: [e.spec.venue]),
        ([None, "all"], frame.portfolio, lambda e: ["all"]),
    ):
        for group, name in enumerate(names):
            mine = [e for e in counted if name in of_entry(e)]
            assert groups.n_accounts[group] == len(mine)
            for field in ("long_usd", "short_usd", "pnl_usd", "equity_usd", "n_unvalued"):
                each = [float(getattr(frame.accounts, field)[e.row]) for e in mine]
                want = sum(value for value in each if not math.isnan(value))
                assert float(getattr(groups, field)[group]) == pytest.approx(want, rel=1e-9, abs=1e-6)
    by_coin = frame.assets.long_usd.sum() - frame.assets.short_usd.sum()
    assert by_coin == pytest.approx(float(frame.portfolio.long_usd[1] - frame.portfolio.short_usd[1]))
    with_wallet = by_coin + frame.assets.bet_usd.sum()
    portfolio = frame.portfolio
    assert with_wallet == pytest.approx(
        float(portfolio.long_with_wallet_usd[1] - portfolio.short_with_wallet_usd[1]), abs=1e-4
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("picked", [[3], [7, 0, 21], list(range(30))])
def test_fast_lane_equals_the_full_frame(parts, seed, picked):
    world = parts.random_world(seed)
    frame = world.frame()
    entries = tuple(world.book.entry(f"a{number}") for number in picked)
    lane = world.press.lane(entries, world.now)
    rows = [entry.row for entry in entries]
    for field in fields(lane.accounts):
        np.testing.assert_allclose(
            getattr(lane.accounts, field.name),
            getattr(frame.accounts, field.name)[rows],
            rtol=1e-12,
            atol=1e-6,
        )


def test_fast_lane_knows_coins_that_come_and_go(world, parts):
    world.usual_marks()
    held = parts.position(parts.BTCUSD, 100, "40000")
    bitcoin = Balance(asset="BTC", wallet_balance="2", equity="2")
    world.account("a", held)
    world.account("b", held, coins=(bitcoin,))
    entries = tuple(map(world.book.entry, ("a", "b")))
    seen = []
    for coins in ((), (bitcoin,), ()):
        world.clock._elapsed_ns += 10_000_000_000
        world.usual_marks()
        world.sweep("a", held, coins=coins)
        world.sweep("b", held, coins=(bitcoin,))
        lane = world.press.lane(entries, world.now)
        of, rows = world.frame().accounts, [entry.row for entry in entries]
        np.testing.assert_allclose(
            lane.accounts.long_with_wallet_usd, of.long_with_wallet_usd[rows], rtol=1e-12
        )
        seen.append(float(lane.accounts.long_with_wallet_usd[0]))
    assert seen[1] > seen[0] == seen[2]


def test_double_quantity_doubles_notional_exposure_and_pnl(world, parts):
    world.usual_marks()
    every = [parts.BTCUSD, parts.BTCUSDT, parts.ETHUSDT, parts.CALL, parts.PEPE]
    world.account("one", *[parts.position(i, 3, "40000") for i in every])
    world.account("two", *[parts.position(i, 6, "40000") for i in every])
    of, one, two = world.frame().accounts, world.code("one"), world.code("two")
    for field in ("notional_usd", "net_usd", "gross_usd", "pnl_usd"):
        single = getattr(of, field)[one]
        assert single != 0.0
        assert getattr(of, field)[two] == pytest.approx(2 * single)


def test_a_frame_survives_the_next_one(world, parts):
    world.usual_marks()
    world.account("a", parts.position(parts.BTCUSDT, 1, "50000"))
    first = world.frame()
    kept = first.rows.exposure_usd.copy(), first.accounts.net_usd.copy(), first.book.quantity.copy()
    world.sweep("a", parts.position(parts.BTCUSDT, 2, "50000", sequence=2))
    second = world.frame()
    assert first.is_intact()
    assert second.sequence == first.sequence + 1
    np.testing.assert_array_equal(first.rows.exposure_usd, kept[0])
    np.testing.assert_array_equal(first.accounts.net_usd, kept[1])
    np.testing.assert_array_equal(first.book.quantity, kept[2])
    assert second.accounts.net_usd[world.code("a")] == pytest.approx(2 * kept[1][world.code("a")])
    world.clock._elapsed_ns += 1
    world.frame()
    assert not first.is_intact()


def test_empty_book_has_a_frame(world):
    frame = world.frame()
    assert frame.portfolio.n_accounts[1] == 0
    assert math.isnan(frame.direction_bias_by_count)


@pytest.mark.parametrize("link", list(LinkState))
@pytest.mark.parametrize("silent_s", [0, 20, 40, 200])
@pytest.mark.parametrize("has_reconciled", [True, False])
def test_inclusion_agrees_with_the_connectivity_itself(world, parts, link, silent_s, has_reconciled):
    world.account("a")
    entry = world.book.entry("a")
    if not has_reconciled:
        world.book.columns.accounts.reconciled_at_ns[entry.row] = 0
    world.link("a", link, reconciled_at_ns=world.now if has_reconciled else None)
    world.clock._elapsed_ns += silent_s * parts.NS
    included = world.frame().inclusion[entry.row] == Inclusion.INCLUDED
    assert included == entry.connectivity.is_fresh(world.now)

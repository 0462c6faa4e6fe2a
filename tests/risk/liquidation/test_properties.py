"""What must hold of every book: doubled, split, hedged from elsewhere, moved against."""

import random

import numpy as np
import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.events import TiersUpdate
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.distance import distances
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_at, prices_now

CROSS, ISOLATED = AccountState(margin_mode="cross"), AccountState(margin_mode="isolated")
BETAS = {"BTC": 1.0, "ETH": 1.3, "PEPE": 1.7}
PRICES = {"BTC": 50_000.0, "ETH": 3_000.0, "PEPE": 0.01}


def cash(amount, asset="USDT", **more):
    fields = {"order_initial_margin": "0", "is_collateral": True} | more
    return Balance(asset=asset, wallet_balance=str(amount), **fields)


def contracts(parts):
    return (parts.BTCUSDT, parts.BTCPERP, parts.BTCUSD, parts.ETHUSDT, parts.ETHUSD, parts.PEPE)


def steps(parts):
    """Return risk limits of three tiers for every contract, so that sizes matter."""
    tiers = []
    for instrument in contracts(parts):
        scale = PRICES[instrument.underlying_asset] if instrument.is_inverse else 1.0
        for tier, (limit, rate, leverage) in enumerate(
            ((1e5, "0.01", "50"), (1e6, "0.02", "25"), (1e9, "0.05", "10")), start=1
        ):
            one = parts.one_tier(instrument, rate, leverage)
            fields = {name: getattr(one, name) for name in one.__struct_fields__}
            deduction = (0.0, 1e3, 31e3)[tier - 1] / scale
            tiers.append(
                type(one)(
                    **fields
                    | {"tier": tier, "limit": str(limit / scale), "maintenance_deduction": str(deduction)}
                )
            )
    return TiersUpdate(tuple(tiers))


def size_of(instrument, worth):
    """Return the quantity that is worth so many USD at the usual marks."""
    return round(worth if instrument.is_inverse else worth / PRICES[instrument.underlying_asset], 6)


def rows_of(parts, pick, sides):
    """Return random legs, those of one coin all on the side that ``sides`` says, and what coins to hold."""
    rows = []
    for instrument in pick.sample(contracts(parts), pick.randint(1, 6)):
        coin = instrument.underlying_asset
        entry = PRICES[coin] * pick.uniform(0.97, 1.03)
        size = size_of(instrument, 10 ** pick.uniform(3.0, 6.5))
        rows.append(parts.position(instrument, sides[coin] * size, f"{entry:.8f}"))
    return rows


def wallet(pick, rows, coins=("USDT", "USDC")):
    """Return cash of some tenths of what the positions are worth."""
    worth = sum(
        abs(float(row.quantity))
        * (1.0 if row.instrument.is_inverse else PRICES[row.instrument.underlying_asset])
        for row in rows
    )
    return [cash(round(worth * pick.uniform(0.05, 0.4), 2), coin) for coin in coins]


def sheet_of(world, parts):
    world.facts()
    world.book.apply(steps(parts))
    return world.press.sheet(world.now)


def solved(sheet):
    """Return the distances with betas by coin."""
    value = np.array([BETAS.get(name, 0.0) for name in sheet.coin_names])
    found = distances(sheet, Betas(value, 0.8 * value, 1.2 * value, np.zeros(len(value))))
    return dict(zip(sheet.account_ids, range(sheet.n_accounts), strict=True)), found


def ways(found, row):
    """Return everything that is said of one account's distances."""
    each = (found.common, found.cautious, found.no_new_risk)
    return [
        value
        for way in each
        for value in (way.down[row], way.up[row], way.down_answer[row], way.up_answer[row])
    ]


def random_sides(pick):
    return {coin: pick.choice((1, -1)) for coin in PRICES}


@pytest.mark.parametrize("seed", range(20))
def test_headroom_never_rises_when_a_price_moves_against_what_the_account_holds(world, parts, seed):
    """Linear and inverse, no options, whatever the tier; with coins as collateral where the account is long of them."""
    pick = random.Random(seed)
    world.usual_marks()
    held = {}
    for number in range(6):
        sides = random_sides(pick)
        rows = rows_of(parts, pick, sides)
        coins = wallet(pick, rows)
        coins += [cash(pick.uniform(0.0, 3.0), coin) for coin in ("BTC", "ETH") if sides[coin] > 0]
        world.account(f"a{number}", *rows, coins=coins, state=CROSS)
        held[f"a{number}"] = sides, {row.instrument.underlying_asset for row in rows}
    sheet = sheet_of(world, parts)
    assert not sheet.is_missing.any()
    names = sheet.coin_names
    for coin in PRICES:
        against = {side: shocks(side) for side in (1, -1)}
        for side, factors in against.items():
            moved = np.array([name == coin for name in names])
            rooms = np.array(
                [
                    margins(sheet, prices_at(sheet, np.where(moved, factor, 1.0))).headroom
                    for factor in factors
                ]
            )
            for row, name in enumerate(sheet.account_ids):
                sides, coins = held[name]
                if sides[coin] == side:
                    steps_down = np.diff(rooms[:, row])
                    assert (steps_down <= 1e-9 * np.abs(rooms[:-1, row])).all(), (name, coin, side)
                    if coin in coins:
                        assert (steps_down < 0.0).all(), (name, coin, side)


def shocks(side):
    """Return factors on a price that go against a side, from none to nearly all."""
    return np.linspace(1.0, 0.02, 40) if side > 0 else np.linspace(1.0, 6.0, 40)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("state", [CROSS, ISOLATED], ids=["cross", "isolated"])
def test_splitting_rows_of_one_contract_and_side_changes_no_distance(world, parts, seed, state):
    pick = random.Random(seed)
    world.usual_marks()
    rows = rows_of(parts, pick, random_sides(pick))
    coins = wallet(pick, rows, ("USDT", "USDC", "BTC", "ETH"))
    whole, split = [], []
    for number, row in enumerate(rows):
        quantity, entry = float(row.quantity), row.entry_price
        put_up = abs(quantity) * (1.0 / float(entry) if row.instrument.is_inverse else float(entry)) / 8.0
        whole.append(parts.position(row.instrument, quantity, entry, initial_margin=f"{put_up:.10f}"))
        part = pick.uniform(0.1, 0.9)
        split += [
            parts.position(
                row.instrument,
                quantity * share,
                entry,
                side=side,
                initial_margin=f"{put_up * share:.10f}",
                sequence=number + 1,
            )
            for share, side in ((part, "net"), (1.0 - part, "long" if quantity > 0 else "short"))
        ]
    world.account("whole", *whole, coins=coins, state=state)
    world.account("split", *split, coins=coins, state=state)
    sheet = sheet_of(world, parts)
    assert not sheet.is_missing.any(), sheet.missing_reasons
    at, found = solved(sheet)
    np.testing.assert_allclose(ways(found, at["split"]), ways(found, at["whole"]), rtol=1e-6, atol=1e-9)
    of = [found.coins.ways.down[found.coins.account == at[name]] for name in ("whole", "split")]
    np.testing.assert_allclose(*of, rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_an_offset_on_another_account_flattens_the_desk_and_leaves_the_first_account_where_it_was(
    world, parts, seed
):
    pick = random.Random(seed)
    world.usual_marks()
    rows = rows_of(parts, pick, random_sides(pick))
    coins = wallet(pick, rows)
    world.account("first", *rows, coins=coins, state=CROSS)
    at, before = solved(sheet_of(world, parts))
    alone = ways(before, at["first"])
    assert np.isfinite(before.common.shock[at["first"]])

    against = [parts.position(row.instrument, -float(row.quantity), row.entry_price) for row in rows]
    world.account("second", *against, coins=coins, state=CROSS)
    at, after = solved(sheet_of(world, parts))

    frame = world.frame()
    gross = frame.portfolio.long_usd[1] + frame.portfolio.short_usd[1]
    assert gross > 0.0
    assert frame.portfolio.long_usd[1] - frame.portfolio.short_usd[1] == pytest.approx(0.0, abs=1e-9 * gross)
    np.testing.assert_array_equal(ways(after, at["first"]), alone)
    first, second = (after.common.shock[at[name]] for name in ("first", "second"))
    assert first != second


@pytest.mark.parametrize("seed", range(4))
def test_doubling_a_book_doubles_notional_and_profit_and_needs_no_less_room(world, parts, seed):
    """Headroom doubles as long as no tier is crossed; where one is, margin more than doubles and the end is nearer."""
    pick = random.Random(seed)
    world.usual_marks()
    rows = rows_of(parts, pick, random_sides(pick))
    coins = wallet(pick, rows)
    doubled = [parts.position(row.instrument, 2 * float(row.quantity), row.entry_price) for row in rows]
    world.account("one", *rows, coins=coins, state=CROSS)
    twice = [cash(2 * float(coin.wallet_balance), coin.asset) for coin in coins]
    world.account("two", *doubled, coins=twice, state=CROSS)
    sheet = sheet_of(world, parts)
    frame = world.frame()
    one, two = world.code("one"), world.code("two")
    for column in ("long_usd", "short_usd", "pnl_usd", "equity_usd"):
        values = getattr(frame.accounts, column)
        assert values[two] == pytest.approx(2 * values[one], rel=1e-12)
    at, found = solved(sheet)
    figures = margins(sheet, prices_now(sheet))
    assert figures.maintenance_margin[at["two"]] >= 2 * figures.maintenance_margin[at["one"]] * (1 - 1e-12)
    for way in (found.common, found.cautious):
        single, double = (np.nan_to_num(abs(way.shock[at[name]]), nan=np.inf) for name in ("one", "two"))
        assert double <= single + 1e-9

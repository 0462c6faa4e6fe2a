"""The order of legs is kept while nothing opens, closes or turns: a sheet is the same whether it was kept or made anew."""

import copy
import random
from dataclasses import fields

import msgspec
import numpy as np

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.events import CollateralTiersUpdate, TiersUpdate
from marginwatch.model.venue_facts import CollateralTier
from marginwatch.risk.margin.build import build_sheet
from marginwatch.risk.measures.prices import price_ages, usd_prices
from marginwatch.risk.settings import RiskSettings

CROSS = AccountState(margin_mode="cross")
NET = ((1, "net"), (-1, "net"))
TWINS = [(1, "long"), (-1, "short")]


def fresh_sheet(world):
    """Return the sheet that a builder makes which has seen nothing before."""
    columns, settings = world.book.columns, RiskSettings()
    ages = price_ages(columns.instruments, world.now, settings)
    prices = usd_prices(columns.assets, columns.instruments, ages, world.now, settings)
    return build_sheet(columns, ages, prices, world.now)


def assert_same(kept, fresh):
    for field in fields(kept):
        if field.name == "cache":
            continue
        ours, theirs = getattr(kept, field.name), getattr(fresh, field.name)
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
        else:
            assert ours == theirs, field.name


def rows_of(parts, pick, shape):
    """Return rows with numbers that change, in a shape that changes only when asked to: contract, side and number of rows."""
    return [
        parts.position(
            instrument, sign * pick.uniform(1, 9), "3000", side=side, sequence=pick.randint(1, 10**9)
        )
        for instrument, sign, side in shape
    ]


def shape_of(parts, pick):
    """Return legs that may have a second row, on either side whatever the sign of the first."""
    contracts = pick.sample([parts.BTCUSDT, parts.ETHUSDT, parts.BTCUSD, parts.PEPE], pick.randint(0, 4))
    return [
        (one, *row)
        for one in contracts
        for row in (NET[pick.random() < 0.5], *pick.sample(TWINS, pick.randint(0, 1)))
    ]


def changed(pick, shape):
    """Return the shape with one net row turned, if there is any: the rows stay where they are."""
    rows = [place for place, (_, _, side) in enumerate(shape) if side == "net"]
    if not rows:
        return shape
    place = pick.choice(rows)
    one, sign, side = shape[place]
    return [*shape[:place], (one, -sign, side), *shape[place + 1 :]]


def test_a_kept_order_gives_the_same_sheet_as_a_new_one(parts):
    world, pick = parts.World(), random.Random(3)
    world.usual_marks()
    shapes, seen = {}, set()
    for step in range(60):
        if step % 12 == 0:
            name = f"a{step}"
            shapes[name] = shape_of(parts, pick)
            world.account(name, state=CROSS)
            world.facts()
        name = pick.choice(list(shapes))
        if pick.random() < 0.6:
            shape = shape_of(parts, pick) if pick.random() < 0.5 else changed(pick, shapes[name])
            shapes[name] = shape
        coins = [
            Balance(asset=pick.choice(("USDT", "USDC", "BTC")), wallet_balance=str(pick.randint(1, 10**6)))
        ]
        world.sweep(name, *rows_of(parts, pick, shapes[name]), coins=coins, state=CROSS)
        kept = world.press.sheet(world.now)
        assert_same(kept, fresh_sheet(world))
        seen.add((kept.n_legs, kept.n_holdings))
    assert len(seen) > 10


def test_numbers_are_read_anew_though_the_order_is_kept(world, parts):
    world.usual_marks()
    for quantity in (2, 5):
        world.account("a", parts.position(parts.BTCUSDT, quantity, "40000", sequence=quantity), state=CROSS)
        sheet = world.press.sheet(world.now)
        assert sheet.leg_quantity.tolist() == [quantity]


def arrays_of(sheet):
    return {field.name: getattr(sheet, field.name) for field in fields(sheet) if field.name != "cache"}


def test_a_sheet_stays_as_it_is_whatever_the_book_hears(world, parts):
    world.usual_marks()
    coins = [Balance(asset="USDT", wallet_balance="1000")]
    world.account("a", parts.position(parts.BTCUSDT, 2, "40000"), coins=coins, state=CROSS)
    world.facts()
    sheet = world.press.sheet(world.now)
    before = copy.deepcopy(arrays_of(sheet))

    world.mark(parts.BTCUSDT, "60000")
    world.mark(parts.BTCUSD, "61000")
    world.sweep("a", parts.position(parts.BTCUSDT, 3, "41000", sequence=2), coins=coins, state=CROSS)
    world.fee("a", "0.001")
    fields_of = {
        "maintenance_deduction": "17",
        "maintenance_margin_rate": "0.5",
        "max_leverage": "3",
        "limit": "9",
    }
    world.book.apply(TiersUpdate((msgspec.structs.replace(parts.one_tier(parts.BTCUSDT), **fields_of),)))
    band = CollateralTier(asset="USDT", quantity_from="0", quantity_to=None, collateral_rate="0.3")
    world.book.apply(CollateralTiersUpdate("bybit", (band,), world.now))
    after = world.press.sheet(world.now)

    for name, values in arrays_of(sheet).items():
        if isinstance(values, np.ndarray):
            np.testing.assert_array_equal(values, before[name], err_msg=name)
    for name in (
        "mark_price",
        "leg_quantity",
        "leg_taker_fee",
        "tier_deduction",
        "tier_leverage",
        "collateral_rate",
    ):
        assert not np.array_equal(getattr(after, name), before[name], equal_nan=True), name

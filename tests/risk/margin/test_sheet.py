"""What is true of every sheet: scaling, splitting, shifting, and nothing missing shown as a number."""

import numpy as np
import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.events import BorrowTiersUpdate, CollateralTiersUpdate, TiersUpdate
from marginwatch.model.venue_facts import BorrowTier, CollateralTier
from marginwatch.risk.answers import Answer
from marginwatch.risk.margin.models import isolated_room, margins
from marginwatch.risk.margin.prices import prices_at, prices_for, prices_now
from marginwatch.risk.tables import account_rows

ISOLATED, PORTFOLIO = 2, 3
CROSS = AccountState(margin_mode="cross")


def of(world, name):
    """Our figures of one account: sheet, figures, place."""
    sheet = world.press.sheet(world.now)
    return sheet, margins(sheet, prices_now(sheet)), sheet.account_ids.index(name)


def cash(amount, asset="USDT", **more):
    fields = {"order_initial_margin": "0", "is_collateral": True} | more
    return Balance(asset=asset, wallet_balance=str(amount), **fields)


def reason(world, name):
    sheet, found, place = of(world, name)
    if sheet.mode[place] != ISOLATED:
        assert bool(np.isnan(found.maintenance_margin[place])) is bool(sheet.is_missing[place])
    frame, code = world.frame(), world.code(name)
    shown = {row.account_id: row for row in account_rows(frame)}[name]
    if sheet.missing_reasons[place] is not None:
        # The frame says the same, and shows no number.
        assert shown.reasons["maintenance_margin_usage"] == f"missing: {sheet.missing_reasons[place]}"
        assert shown.maintenance_margin_usd is None
        assert frame.accounts.maintenance_margin_usage_answer[code] == Answer.MISSING
    return sheet.missing_reasons[place]


def test_double_everything_is_double(world, parts):
    world.usual_marks()
    for name, by in (("one", 1), ("two", 2)):
        rows = [parts.position(i, 3 * by, "40000") for i in (parts.BTCUSDT, parts.ETHUSDT, parts.BTCUSD)]
        world.account(name, *rows, coins=[cash(1e6 * by), cash(2 * by, "BTC")], state=CROSS)
    world.facts()
    sheet, found, one = of(world, "one")
    two = sheet.account_ids.index("two")
    for column in (
        found.equity,
        found.adjusted_equity,
        found.initial_margin,
        found.maintenance_margin,
        found.available,
    ):
        assert column[one] != 0.0
        assert column[two] == pytest.approx(2 * column[one])


@pytest.mark.parametrize("sides", [("net", "long"), ("net", "short"), ("long", "net")])
def test_splitting_a_row_changes_nothing(world, parts, sides):
    """Rows of one contract and side are summed before tiers: here the whole is above the first one, the parts are not."""
    world.usual_marks()
    sign = -1 if "short" in sides else 1
    coins = [cash(5e6)]
    world.account("whole", parts.position(parts.BTCUSDT, 20 * sign, "50000"), coins=coins, state=CROSS)
    halves = (
        parts.position(parts.BTCUSDT, 8 * sign, "48500", side=sides[0]),
        parts.position(parts.BTCUSDT, 12 * sign, "51000", side=sides[1]),
    )
    world.account("split", *halves, coins=coins, state=CROSS)
    world.facts()
    tiers = [parts.one_tier(parts.BTCUSDT)]
    tiers = [
        type(tiers[0])(**{f: getattr(tiers[0], f) for f in tiers[0].__struct_fields__} | change)
        for change in (
            {"limit": "700000"},
            {
                "tier": 2,
                "limit": "9000000",
                "maintenance_margin_rate": "0.02",
                "maintenance_deduction": "7000",
            },
        )
    ]
    world.book.apply(TiersUpdate(tuple(tiers)))
    sheet, found, whole = of(world, "whole")
    split = sheet.account_ids.index("split")
    for column in (found.equity, found.adjusted_equity, found.initial_margin, found.maintenance_margin):
        assert column[split] == pytest.approx(column[whole])
    frame = world.frame().accounts
    for name in ("maintenance_margin_usd", "initial_margin_usd", "equity_usd", "maintenance_margin_usage"):
        values = getattr(frame, name)
        assert values[world.code("split")] == pytest.approx(values[world.code("whole")]), name
    assert frame.maintenance_margin_usd[world.code("whole")] == pytest.approx(found.maintenance_margin[whole])


def test_frames_and_sheets_agree(parts):
    for seed in range(8):
        world = parts.random_world(seed)
        sheet = world.press.sheet(world.now)
        found, frame = margins(sheet, prices_now(sheet)), world.frame().accounts
        is_isolated = sheet.mode == ISOLATED
        has_options = np.zeros(sheet.n_accounts, np.bool_)
        has_options[sheet.leg_account[sheet.is_option[sheet.leg_contract]]] = True
        for place, row in enumerate(sheet.account_row):
            if is_isolated[place] and has_options[place]:
                continue  # no venue lets an isolated account hold options
            assert bool(frame.lack[row]) == bool(sheet.is_missing[place])
            if sheet.is_missing[place]:
                continue
            assert frame.equity_usd[row] == pytest.approx(found.equity[place], rel=1e-9)
            if not is_isolated[place] and sheet.mode[place] != PORTFOLIO:
                for ours, other in (
                    (frame.adjusted_equity_usd, found.adjusted_equity),
                    (frame.maintenance_margin_usd, found.maintenance_margin),
                    (frame.initial_margin_usd, found.initial_margin),
                ):
                    assert ours[row] == pytest.approx(other[place], rel=1e-9, abs=1e-9)


def test_nothing_is_missing_from_empty_and_isolated_accounts(world, parts):
    world.usual_marks()
    world.account("empty", state=CROSS)
    world.account("cash", coins=[cash(100)], state=CROSS)
    row = parts.position(parts.BTCUSDT, 1, "50000", initial_margin="5100")
    world.account("isolated", row, coins=[cash(9000)], state=AccountState(margin_mode="isolated"))
    world.facts()
    assert [reason(world, name) for name in ("empty", "cash", "isolated")] == [None] * 3
    frame = world.frame().accounts
    answers = [
        frame.maintenance_margin_usage_answer[world.code(name)] for name in ("empty", "cash", "isolated")
    ]
    assert answers == [Answer.NOT_APPLICABLE, Answer.NUMBER, Answer.NUMBER]
    assert frame.initial_margin_usage_answer[world.code("isolated")] == Answer.NOT_APPLICABLE
    shown = {one.account_id: one for one in account_rows(world.frame())}
    assert shown["isolated"].reasons["adjusted_equity_usd"] == "not_applicable"
    assert shown["empty"].reasons["effective_leverage"] == "not_applicable"
    sheet, found, place = of(world, "isolated")
    assert np.isnan(found.maintenance_margin[place])
    rooms = isolated_room(sheet, prices_now(sheet))
    # 5,100 put up, 50 won, 1 % of 50,050 needed; the fee to close is on either side.
    assert np.nansum(rooms) == pytest.approx(5100 - 50000 * 0.9 * 0.00055 + 50 - 500.5)


def test_each_lack_is_named_and_no_number_is_shown(world, parts):
    world.usual_marks()
    coins = [cash(1e5)]
    new = parts.contract("NEWUSDT", "NEW", "USDT")
    world.account("mark", parts.position(new, 1, "5"), coins=coins, state=CROSS)
    world.account("entry", parts.position(parts.BTCUSDT, 1, None), coins=coins, state=CROSS)
    world.account("lever", parts.position(parts.BTCUSDT, 1, "50000", leverage=None), coins=coins, state=CROSS)
    world.account(
        "fee", parts.position(parts.BTCUSDT, 1, "50000"), coins=coins, state=CROSS, owner="nobody else"
    )
    world.account("mode", parts.position(parts.BTCUSDT, 1, "50000"), coins=coins)
    world.account(
        "put", parts.position(parts.BTCUSDT, 1, "50000"), state=AccountState(margin_mode="isolated")
    )
    world.account("coin", coins=[cash(5, "ODD")], state=CROSS)
    world.register("silent")
    world.facts(taker_fee=None)
    for name in ("mark", "entry", "lever", "mode", "put"):
        world.fee(name, "0.001")
    assert reason(world, "mark") == "mark price of bybit:linear:NEWUSDT"
    assert reason(world, "entry") == "entry price in bybit:linear:BTCUSDT"
    assert reason(world, "lever") == "leverage setting in bybit:linear:BTCUSDT"
    assert reason(world, "fee") == "taker fee in bybit:linear:BTCUSDT"
    assert reason(world, "mode") == "the venue has not said a margin mode that is known here"
    assert reason(world, "put") == "margin put up in bybit:linear:BTCUSDT"
    assert reason(world, "coin") == "USD price of ODD"
    assert reason(world, "silent") == "not heard yet"


def test_missing_tables_of_the_venue_are_named(world, parts):
    world.usual_marks()
    row = parts.position(parts.BTCUSDT, 1, "50000")
    world.account("tiers", row, coins=[cash(1e5)], state=CROSS)
    world.account("owing", row, coins=[cash(1e5), cash(-1, "BTC")], state=CROSS)
    for name in ("tiers", "owing"):
        world.fee(name, "0.001")
    assert reason(world, "tiers") == "risk limits of bybit:linear:BTCUSDT"
    world.book.apply(TiersUpdate((parts.one_tier(parts.BTCUSDT),)))
    assert reason(world, "tiers") == "collateral bands of USDT"
    band = CollateralTier(asset="USDT", quantity_from="0", quantity_to=None, collateral_rate="1")
    world.book.apply(CollateralTiersUpdate("bybit", (band,), world.now))
    assert (reason(world, "tiers"), reason(world, "owing")) == (None, "borrow tiers of BTC")
    debt = BorrowTier(
        asset="BTC", tier=1, limit="9", initial_margin_rate="0.1", maintenance_margin_rate="0.05"
    )
    world.book.apply(BorrowTiersUpdate("bybit", (debt,), world.now))
    assert reason(world, "owing") is None


def test_what_is_assumed_is_said(world, parts):
    world.usual_marks()
    legs = (
        parts.position(parts.BTCUSDT, 1, "50000", side="long"),
        parts.position(parts.BTCUSDT, -1, "50000", side="short"),
    )
    world.account("hedged", *legs, coins=[cash(1e5)], state=CROSS)
    world.account("short", parts.position(parts.CALL, -1, "1000"), coins=[cash(1e5)], state=CROSS)
    world.account("portfolio", legs[0], coins=[cash(1e5)], state=AccountState(margin_mode="portfolio"))
    world.account("switch", coins=[cash(1e5, is_collateral=None)], state=CROSS)
    world.account("plain", legs[0], coins=[cash(1e5)], state=CROSS)
    world.facts()
    sheet = world.press.sheet(world.now)
    said = dict(zip(sheet.account_ids, sheet.estimated_reasons, strict=True))
    starts = {
        "hedged": "both legs",
        "short": "short options",
        "portfolio": "portfolio margin",
        "switch": "the venue does not",
    }
    for name, start in starts.items():
        assert said[name].startswith(start)
    assert said["plain"] is None
    shown = {row.account_id: row for row in account_rows(world.frame())}
    assert {name: row.estimate for name, row in shown.items()} == said
    assert not shown["plain"].is_estimated


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("name", ["BTCUSDT", "BTCUSD", "ETHUSDT"])
def test_headroom_never_rises_when_the_price_moves_against_the_account(world, parts, side, name):
    world.usual_marks()
    instrument = getattr(parts, name)
    size = 50_000 if instrument.is_inverse else 2
    world.account("a", parts.position(instrument, size * side, "3000"), coins=[cash(1e6)], state=CROSS)
    world.facts()
    sheet = world.press.sheet(world.now)
    moved = [coin == instrument.underlying_asset for coin in sheet.coin_names]
    shocks = np.linspace(1.0, 0.05, 60) if side > 0 else np.linspace(1.0, 6.0, 60)
    rooms = [
        float(margins(sheet, prices_at(sheet, np.where(moved, shock, 1.0))).headroom[0]) for shock in shocks
    ]
    assert (np.diff(rooms) < 0.0).all()


def test_a_market_for_each_account_is_as_good_as_one_for_all(parts):
    world = parts.random_world(5)
    sheet = world.press.sheet(world.now)
    factor = np.array([{"BTC": 0.8, "ETH": 1.2}.get(name, 1.0) for name in sheet.coin_names])
    moved = factor[sheet.underlying_coin] / factor[sheet.quote_coin]
    one = margins(sheet, prices_at(sheet, factor))
    each = margins(sheet, prices_for(sheet, moved[sheet.leg_contract], factor[sheet.holding_coin]))
    np.testing.assert_allclose(each.headroom, one.headroom, rtol=1e-12)
    assert np.isfinite(one.headroom).sum() > 3


def test_a_shock_for_coins_that_are_not_in_the_sheet_is_refused(world):
    sheet = world.press.sheet(world.now)
    with pytest.raises(ValueError, match="coin_factor must have shape"):
        prices_at(sheet, np.ones(len(sheet.coin_names) + 1))
